import { type Clock, iso } from '../clock.ts';
import type { RoomsServer } from '../live/rooms-socket.ts';
import { announceDraining } from '../transport/socket/socket-server.ts';
import type { FrontDoor } from './front-door.ts';

/** How long clients have to go elsewhere, and then to close their connections in good order, in milliseconds. */
const DRAIN_MS = 1_000;
const CLOSE_MS = 500;
/** How long requests that have begun may take to end, in milliseconds. */
const REQUESTS_MS = 2_000;
const LOOK_MS = 20;

/** What sends requests here looks at `/readyz` now and then: for so long it finds there that this server stops, in milliseconds. */
export const NOTICE_MS = 1_000;

/** Tells the clients to go elsewhere and gives them a moment to; what they still send is served. Takes at least `noticeMs`. */
export async function drain(io: RoomsServer, clock: Clock, noticeMs: number): Promise<void> {
  const noticed = until(() => false, noticeMs, clock);
  if (io.of('/').sockets.size > 0) {
    announceDraining(io, iso(clock.now() + DRAIN_MS));
    await until(() => io.of('/').sockets.size === 0, DRAIN_MS, clock);
  }
  await noticed;
}

/**
 * Ends every connection, after what was written to it is sent and what it had begun to ask is answered; who does not take it in time is cut off. The transport is closed and not the Socket.IO
 * session: a client then knows that it may come back.
 */
export async function closeConnections({ http, running }: FrontDoor, io: RoomsServer, clock: Clock): Promise<void> {
  http.close();
  for (const socket of io.of('/').sockets.values()) socket.conn.close();
  await until(() => io.engine.clientsCount === 0, CLOSE_MS, clock);
  await until(() => running() === 0, REQUESTS_MS, clock);
  // Resolves when the last connection is gone, also one that does not answer a closing WebSocket: that is not waited for.
  void io.close();
  http.closeAllConnections();
}

async function until(isSo: () => boolean, ms: number, clock: Clock): Promise<void> {
  for (let waited = 0; waited < ms && !isSo(); waited += LOOK_MS) {
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}
