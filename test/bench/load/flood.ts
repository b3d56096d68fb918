import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';

export interface Flood {
  url: string;
  token: string;
  durationMs: number;
  /** Calls a second, whatever becomes of them. */
  perSecond: number;
}

export interface FloodReport {
  sent: number;
  obeyed: number;
  refused: number;
  /** How often the server cut the connection off, and how often it did not let the client back in. */
  cuts: number;
  keptOut: number;
}

const TICK_MS = 20;

/** Calls as fast as it is told to, and comes back at once whenever it is cut off. */
export async function flood({ url, token, durationMs, perSecond }: Flood): Promise<FloodReport> {
  const report: FloodReport = { sent: 0, obeyed: 0, refused: 0, cuts: 0, keptOut: 0 };
  const socket: Socket = io(url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: { token, v: 1 },
  });
  let isOver = false;
  socket.on('disconnect', () => {
    if (isOver) return;
    report.cuts += 1;
    socket.connect();
  });
  socket.on('connect_error', () => {
    report.keptOut += 1;
    setTimeout(() => isOver || socket.connect(), TICK_MS * 10);
  });
  const onAnswer = ({ ok }: { ok: boolean }): void => {
    if (ok) report.obeyed += 1;
    else report.refused += 1;
  };
  const start = performance.now();
  for (let now = 0; now < durationMs; now = performance.now() - start) {
    const due = Math.floor((now * perSecond) / 1000);
    for (; report.sent < due; report.sent++) if (socket.connected) socket.emit('room.list', {}, onAnswer);
    await sleep(TICK_MS);
  }
  isOver = true;
  socket.disconnect();
  return report;
}
