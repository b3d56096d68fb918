import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'socket.io-client';
import { z } from 'zod';
import { commands } from '../../../shared/contract/registry.ts';
import { PAGE_MAX } from '../../../shared/contract/limits.ts';
import { callOn, type Group } from './group.ts';
import { until } from './open-loop.ts';

export interface CatchUpReport {
  ms: number;
  count: number;
  /** True when the numbers ran 1, 2, 3, ... to the head. */
  complete: boolean;
}

/** What of an answer the bench looks at; the client pays for no more than that. */
const pageShape = z.object({ head: z.number(), entries: z.array(z.object({ seq: z.number() })) });
const joinShape = z.object({ streams: z.array(pageShape.extend({ stream: z.string() })) });

/** Catches up with a room as the SDK does, from the beginning, and leaves it. */
export async function catchUp(group: Group, roomId: string): Promise<CatchUpReport> {
  const [member] = group.members;
  if (member === undefined) throw new Error('nobody is connected');
  const begun = performance.now();
  const { seqs, head } = await catchUpFrom(member.socket, roomId, 0);
  const ms = performance.now() - begun;
  await callOn(member.socket, 'room.leave', { roomId });
  return { ms, count: seqs.length, complete: seqs.length === head && seqs.every((seq, i) => seq === i + 1) };
}

/** Joins with what it holds, then fetches page after page until it has the head. */
export async function catchUpFrom(
  socket: Socket,
  roomId: string,
  since: number,
): Promise<{ seqs: number[]; head: number }> {
  const seqs: number[] = [];
  const joined = joinShape.parse(await callOn(socket, 'room.join', { roomId, since: { public: since } }));
  const open = joined.streams.find(({ stream }) => stream === 'public');
  let head = open?.head ?? 0;
  for (const { seq } of open?.entries ?? []) seqs.push(seq);
  for (let after = seqs.at(-1) ?? since; after < head; after = seqs.at(-1) ?? head) {
    const page = pageShape.parse(
      await callOn(socket, 'entry.fetch', { roomId, stream: 'public', after, limit: PAGE_MAX }),
    );
    head = page.head;
    if (page.entries.length === 0) break;
    for (const { seq } of page.entries) seqs.push(seq);
  }
  return { seqs, head };
}

/** The bare half: the same entries as so many events. */
export async function bareCatchUp(
  group: Group,
  input: { roomId: string; count: number; text: string },
): Promise<CatchUpReport> {
  const [member] = group.members;
  if (member === undefined) throw new Error('nobody is connected');
  await callOn(member.socket, 'missed.prepare', input);
  await sleep(50);
  const before = member.received;
  const disorderBefore = group.disorder;
  member.last.clear();
  const begun = performance.now();
  let finished = 0;
  group.onEntry = () => {
    if (member.received - before === input.count) finished = performance.now();
  };
  await callOn(member.socket, 'missed.emit', {});
  await until(() => finished > 0, 10_000);
  group.onEntry = undefined;
  const count = member.received - before;
  return { ms: finished - begun, count, complete: count === input.count && group.disorder === disorderBefore };
}

/** Joins a room and leaves it, so many times in a row; how long each join took, in milliseconds. */
export async function timeJoins(group: Group, roomId: string, times: number): Promise<number[]> {
  const [member] = group.members;
  if (member === undefined) throw new Error('nobody is connected');
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const begun = performance.now();
    const answer = await callOn(member.socket, 'room.join', { roomId });
    took.push(performance.now() - begun);
    if (i === 0) commands['room.join'].output.parse(answer);
    await callOn(member.socket, 'room.leave', { roomId });
  }
  return took;
}
