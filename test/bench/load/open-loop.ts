import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { quantile } from '../statistics.ts';
import type { Group, Member } from './group.ts';

export interface OpenLoop {
  /** Sends a second, over all rooms, by the clock and not by the answers. */
  rate: number;
  durationMs: number;
  text: string;
}

export interface OpenLoopReport {
  sent: number;
  acked: number;
  refused: number;
  delivered: number;
  expected: number;
  disorder: number;
  /** From the intended time of a send to its arrival at each reader, in milliseconds. */
  latency: { p50: number; p99: number; max: number };
  /** How late the generator itself was: with its sends, and with everything. Milliseconds. */
  lateness: { sendP99: number; loopP99: number };
}

/** How long the last answers and deliveries are waited for. */
const SETTLE_MS = 10_000;
const TICK_MS = 1;

interface Writer {
  member: Member;
  roomId: string;
  readers: number;
}

/** However many are in a room, so many of them talk: a first message of somebody new costs a look-up that later ones do not. */
const TALKERS = 5;

/** Writers in an order that goes round the rooms, so that consecutive sends fall into different rooms. */
export function writersOf(group: Group): Writer[] {
  const readers = new Map<string, number>();
  const byRoom = new Map<string, Member[]>();
  for (const { roomId } of group.listeners) readers.set(roomId, (readers.get(roomId) ?? 0) + 1);
  for (const member of group.members) {
    for (const roomId of member.seat.rooms) {
      readers.set(roomId, (readers.get(roomId) ?? 0) + 1);
      if (!member.seat.writes) continue;
      const writers = byRoom.get(roomId);
      if (writers === undefined) byRoom.set(roomId, [member]);
      else if (writers.length < TALKERS) writers.push(member);
    }
  }
  const ordered: Writer[] = [];
  const most = Math.max(0, ...[...byRoom.values()].map((writers) => writers.length));
  for (let i = 0; i < most; i++) {
    for (const [roomId, writers] of byRoom) {
      const member = writers[i % writers.length];
      if (member !== undefined) ordered.push({ member, roomId, readers: readers.get(roomId) ?? 0 });
    }
  }
  return ordered;
}

/** Sends messages at their intended times, whether or not the server keeps up, and waits for every delivery. */
export async function runOpenLoop(group: Group, { rate, durationMs, text }: OpenLoop): Promise<OpenLoopReport> {
  const writers = writersOf(group);
  const total = Math.max(1, Math.round((rate * durationMs) / 1000));
  const intended = new Map<string, number>();
  const latencies: number[] = [];
  const late: number[] = [];
  const disorderBefore = group.disorder;
  let sent = 0;
  let acked = 0;
  let refused = 0;
  let delivered = 0;
  let expected = 0;
  group.onEntry = ({ clientId }) => {
    const at = clientId === undefined ? undefined : intended.get(clientId);
    if (at === undefined) return;
    delivered += 1;
    latencies.push(performance.now() - at);
  };
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();

  const start = performance.now() + 20;
  const send = (at: number): void => {
    const writer = writers[sent % writers.length];
    if (writer === undefined) throw new Error('nobody in this group writes');
    sent += 1;
    expected += writer.readers;
    late.push(performance.now() - at);
    const clientId = randomUUID();
    intended.set(clientId, at);
    writer.member.socket.emit('message.send', { roomId: writer.roomId, clientId, text }, (answer: { ok: boolean }) => {
      if (answer.ok) acked += 1;
      else {
        refused += 1;
        expected -= writer.readers;
      }
    });
  };
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const due = Math.min(total, Math.floor(((performance.now() - start) * rate) / 1000) + 1);
      for (let i = sent; i < due; i++) send(start + (i * 1000) / rate);
      if (sent < total) setTimeout(tick, TICK_MS);
      else resolve();
    };
    tick();
  });
  loop.disable();
  const settled = await until(() => acked + refused === sent && delivered >= expected, SETTLE_MS);
  group.onEntry = undefined;
  return {
    sent,
    acked,
    refused: refused + (settled ? 0 : sent - acked - refused),
    delivered,
    expected,
    disorder: group.disorder - disorderBefore,
    latency: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), max: quantile(latencies, 1) },
    lateness: { sendP99: quantile(late, 0.99), loopP99: loop.percentile(99) / 1e6 },
  };
}

/** Looks every few milliseconds until something is so. Says whether it became so in time. */
export async function until(condition: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
