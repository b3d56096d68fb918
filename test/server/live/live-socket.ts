import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { WebSocket } from 'ws';
import type { RoomsServer, RoomsSocket } from '../../../server/live/rooms-socket.ts';
import type { Caller } from '../../../server/registry/call.ts';

/** One real connection, held at both of its ends. */
export interface LiveSocket {
  io: RoomsServer;
  socket: RoomsSocket;
  /** The client's end: frames as they travel. */
  client: WebSocket;
  close(): Promise<void>;
}

export const OPERATOR: Caller = {
  userId: 'o',
  name: 'O',
  side: 'operator',
  roles: [],
  expiresAt: Number.MAX_SAFE_INTEGER,
};

/** Connects to a Socket.IO server that does nothing by itself. */
export async function openLiveSocket(caller: Caller = OPERATOR): Promise<LiveSocket> {
  const http = createServer();
  const io: RoomsServer = new Server(http, { perMessageDeflate: false });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const connected = new Promise<RoomsSocket>((resolve) => io.once('connection', resolve));
  const client = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  client.once('open', () => client.send('40'));
  const socket = await connected;
  socket.data.caller = caller;
  return {
    io,
    socket,
    client,
    async close() {
      client.terminate();
      await io.close();
    },
  };
}
