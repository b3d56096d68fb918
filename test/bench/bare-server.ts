import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import type { Entry } from '../../shared/contract/entries.ts';
import {
  HANDSHAKE_DEADLINE_MS,
  PAYLOAD_MAX_BYTES,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
} from '../../shared/contract/limits.ts';
import { bareEntry } from './bare-entry.ts';

/**
 * What everything is compared with: the same Socket.IO with the same options, the same packets in and out, and nothing else. It takes any
 * message, acks it and gives it to the room; it asks nobody who they are and keeps nothing.
 */

type Ack = (answer: { ok: true; data: unknown }) => void;

const http = createServer();
const redisUrl = process.env['REDIS_URL'] ?? '';
const io = new Server(http, {
  transports: ['websocket', 'polling'],
  serveClient: false,
  maxHttpBufferSize: PAYLOAD_MAX_BYTES,
  pingInterval: PING_INTERVAL_MS,
  pingTimeout: PING_TIMEOUT_MS,
  connectTimeout: HANDSHAKE_DEADLINE_MS,
  perMessageDeflate: false,
  httpCompression: false,
  cors: { origin: [] },
  ...(redisUrl === '' ? {} : { adapter: createShardedAdapter(new Redis(redisUrl), new Redis(redisUrl)) }),
});

const heads = new Map<string, number>();
let missed: Entry[] = [];

io.on('connection', (socket) => {
  socket.on('room.join', async ({ roomId }: { roomId: string }, ack: Ack) => {
    await socket.join(roomId);
    ack({ ok: true, data: {} });
  });
  socket.on('message.send', (input: { roomId: string; clientId: string; text: string }, ack: Ack) => {
    const seq = (heads.get(input.roomId) ?? 0) + 1;
    heads.set(input.roomId, seq);
    const entry = bareEntry(seq, input);
    io.to(input.roomId).emit('entry', entry);
    ack({ ok: true, data: { entry, duplicate: false } });
  });
  // The bare half of catching up: as many events as there are entries, to one client.
  socket.on('missed.prepare', ({ roomId, count, text }: { roomId: string; count: number; text: string }, ack: Ack) => {
    missed = Array.from({ length: count }, (_, i) =>
      bareEntry(i + 1, { roomId, clientId: '00000000-0000-4000-8000-000000000000', text }),
    );
    ack({ ok: true, data: {} });
  });
  socket.on('missed.emit', (_input: unknown, ack: Ack) => {
    for (const entry of missed) socket.emit('entry', entry);
    ack({ ok: true, data: {} });
  });
});

http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.once('SIGTERM', () => process.exit(0));
