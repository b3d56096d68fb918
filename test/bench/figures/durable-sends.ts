import { type Goal, figureOf } from '../figure.ts';
import { measurePairs } from '../pairs.ts';
import { type Measure, TEXT } from '../plan.ts';
import { Portal } from '../portal.ts';
import { median } from '../statistics.ts';
import { checkWhole, furnish, withServers } from './both.ts';

const goal: Goal = {
  what: 'durable sends per second',
  unit: 'x raw insertOne',
  better: 'higher',
  reach: 0.8,
  stretch: 1.5,
};

const CONCURRENCY = 64;
/** Everybody writes into a room of their own: what is measured is keeping, not handing on. */
const ROOM_SIZE = 1;

/** P4: messages a second that are on disk, against raw inserts of the same documents into the same collection by as many at a time. */
export const durableSends: Measure = (bench) => {
  const { scale, load } = bench;
  const concurrency = Math.min(CONCURRENCY, scale.people);
  const rooms = Math.max(1, Math.floor(concurrency / ROOM_SIZE));
  return withServers(bench, async ({ ours, database }) => {
    const portal = new Portal(ours.url);
    const { seats } = await furnish(portal, rooms, ROOM_SIZE);
    await load.call('open', { group: 'ours', url: ours.url, seats });
    const raw = (indexed: boolean, durationMs: number) =>
      load.call('insertClosedLoop', { uri: database.uri, concurrency, durationMs, text: TEXT, indexed });
    const sends = async (durationMs: number) => {
      const report = await ours.profiled(() =>
        load.call('sendClosedLoop', { group: 'ours', concurrency, durationMs, text: TEXT }),
      );
      checkWhole({ ...report, refused: 0 });
      bench.say(`  ours ${report.perSecond.toFixed(0)} sends/s, p99 ${report.p99.toFixed(1)} ms`);
      return report;
    };
    try {
      // Code that has run a few hundred times only is not yet what it will be.
      await sends(scale.runMs * 1.5);
      await raw(true, scale.runMs / 4);
      const { pairs } = await measurePairs(
        scale.pairs,
        () => sends(scale.runMs),
        async () => {
          const indexed = await raw(true, scale.runMs);
          const plain = await raw(false, scale.runMs / 2);
          bench.say(
            `  raw  ${indexed.perSecond.toFixed(0)} inserts/s, p99 ${indexed.p99.toFixed(1)} ms; without indexes ${plain.perSecond.toFixed(0)}`,
          );
          return { indexed, plain };
        },
      );
      return figureOf(
        goal,
        pairs.map((pair) => pair.ours.perSecond / pair.theirs.indexed.perSecond),
        {
          concurrency,
          streams: rooms,
          oursPerSecond: median(pairs.map((pair) => pair.ours.perSecond)),
          oursP99Ms: median(pairs.map((pair) => pair.ours.p99)),
          rawPerSecond: median(pairs.map((pair) => pair.theirs.indexed.perSecond)),
          rawP99Ms: median(pairs.map((pair) => pair.theirs.indexed.p99)),
          ratioToCollectionWithoutIndexes: median(
            pairs.map((pair) => pair.ours.perSecond / pair.theirs.plain.perSecond),
          ),
        },
      );
    } finally {
      await load.call('close', { group: 'ours' });
    }
  });
};
