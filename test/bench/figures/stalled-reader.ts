import { setTimeout as sleep } from 'node:timers/promises';
import { type Goal, figureOf } from '../figure.ts';
import type { OpenLoopReport } from '../load/open-loop.ts';
import type { StallReport } from '../load/stalled.ts';
import { measurePairs, Saturated } from '../pairs.ts';
import type { Bench, Measure } from '../plan.ts';
import { Portal, seatsOf } from '../portal.ts';
import { type ServerUnderTest, startOurs } from '../processes/server-under-test.ts';
import { median } from '../statistics.ts';
import { checkWhole } from './both.ts';

const goal: Goal = {
  what: 'one stalled reader among 100 at 500 msg/s of 1 KB: the p99 of the others',
  unit: 'x the same without a stalled reader',
  better: 'lower',
  reach: 1.2,
};

const HELD_REACH_BYTES = 4e6;
const HELD_STRETCH_BYTES = 1e6;
const CUT_WITHIN_MS = 5_000;

const PEOPLE = 100;
const WRITERS = 5;
const RATE = 500;
const TEXT = 'x'.repeat(1_000);
/** What an entry is more than its text. What was sent while the reader was stalled is all that the server and both systems can hold for it. */
const ENVELOPE_BYTES = 400;
/** The reader has read for so long before it stalls. */
const READS_MS = 1_000;
/** Longer than it may take to cut the reader off. */
const RUN_MS = READS_MS + CUT_WITHIN_MS + 500;
/** The generator's own lateness is part of what it measures. */
const LATE_MS = 40;

interface Stalled extends OpenLoopReport {
  cutAfterMs: number;
  heldBytes: number;
  comeBackMs: number;
}

/** P7: a reader that stalls costs a bounded queue, is cut off by name, and comes back to everything; the others do not feel it. */
export const stalledReader: Measure = async (bench) => {
  const { scale, load } = bench;
  const people = Math.min(PEOPLE, scale.people);
  const database = await bench.newDatabase();
  const server = await startOurs(database, bench.server);
  try {
    const [roomId = ''] = await new Portal(server.url).createRooms('000', 1);
    const seats = await seatsOf('000', [roomId], people);
    const [reader, ...rest] = seats.reverse();
    if (reader === undefined) throw new Error('nobody is there to stall');
    const writers = rest.filter(({ writes }) => writes).slice(0, WRITERS);
    const others = rest.map((seat) => (writers.includes(seat) ? seat : { ...seat, writes: false, listens: true }));
    await load.call('open', { group: 'others', url: server.url, seats: others });
    const run = async (): Promise<OpenLoopReport> => {
      const report = await load.call('openLoop', { group: 'others', rate: RATE, durationMs: RUN_MS, text: TEXT });
      checkWhole(report);
      if (report.lateness.sendP99 > LATE_MS)
        throw new Saturated(`the generator was ${report.lateness.sendP99.toFixed(0)} ms late`);
      return report;
    };
    const withReader = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      await load.call('open', { group: 'reader', url: server.url, seats: [reader] });
      try {
        return await work();
      } finally {
        await load.call('close', { group: 'reader' });
      }
    };
    const undisturbed = () => withReader(run);
    const disturbed = () => withReader(() => stalledRun(bench, server, roomId, run));

    await undisturbed();
    const { pairs, thrownAway } = await measurePairs(scale.pairs, disturbed, undisturbed);
    const runs = pairs.map(({ ours }) => ours);
    const heldBytes = Math.max(...runs.map((one) => one.heldBytes));
    const cutAfterMs = Math.max(...runs.map((one) => one.cutAfterMs));
    return figureOf(
      goal,
      pairs.map(({ ours, theirs }) => ours.latency.p99 / theirs.latency.p99),
      {
        people,
        messagesPerSecond: RATE,
        heldBytesMax: heldBytes,
        heldReachBytes: HELD_REACH_BYTES,
        heldAnywhereBytesMax: (cutAfterMs / 1000) * RATE * (TEXT.length + ENVELOPE_BYTES),
        cutReason: REASON,
        cutAfterMsMedian: median(runs.map((one) => one.cutAfterMs)),
        cutAfterMsMax: cutAfterMs,
        cutReachMs: CUT_WITHIN_MS,
        comeBackMs: median(runs.map((one) => one.comeBackMs)),
        missed: 0,
        p99Ms: median(runs.map((one) => one.latency.p99)),
        p99WithoutMs: median(pairs.map(({ theirs }) => theirs.latency.p99)),
        stretchBytes: HELD_STRETCH_BYTES,
        stretchReached: heldBytes <= HELD_STRETCH_BYTES,
      },
      { thrownAway, sound: heldBytes <= HELD_REACH_BYTES && cutAfterMs <= CUT_WITHIN_MS },
    );
  } finally {
    await load.call('close', { group: 'others' }).catch(() => undefined);
    await server.stop();
    await database.drop();
  }
};

const REASON = 'slow_reader';

/** A run in which the reader stalls, is cut off by the server, and comes back when it is over. */
async function stalledRun(
  { load, say }: Bench,
  server: ServerUnderTest,
  roomId: string,
  run: () => Promise<OpenLoopReport>,
): Promise<Stalled> {
  const [report, stalled] = await Promise.all([
    run(),
    sleep(READS_MS).then(() => load.call('stall', { group: 'reader' })),
  ]);
  const back = await load.call('comeBack', { group: 'reader', roomId });
  if (back.reason !== REASON) throw new Error(`the reader was told ${String(back.reason)} when it came back`);
  if (!back.complete) throw new Error('the reader missed something');
  const { cutAfterMs, heldBytes } = cutOf(server, stalled);
  say(
    `  cut after ${cutAfterMs} ms with ${heldBytes} bytes held, back in ${back.ms.toFixed(0)} ms; p99 of the others ${report.latency.p99.toFixed(1)} ms`,
  );
  return { ...report, cutAfterMs, heldBytes, comeBackMs: back.ms };
}

/** What the server wrote down when it cut the reader off: when, and what it held for it, which only grows until then. */
function cutOf(
  { warnings }: ServerUnderTest,
  { at, connection }: StallReport,
): Pick<Stalled, 'cutAfterMs' | 'heldBytes'> {
  const cut = warnings.find((line) => line['connection'] === connection);
  const { unread } = cut ?? {};
  if (cut?.['reason'] !== REASON || typeof unread !== 'object' || unread === null)
    throw new Error('the server did not say that it cut the reader off');
  return { cutAfterMs: Date.parse(String(cut['time'])) - at, heldBytes: Number(Reflect.get(unread, 'bytes')) };
}
