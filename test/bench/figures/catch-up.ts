import { type Goal, figureOf } from '../figure.ts';
import { fillRoom } from '../fill-room.ts';
import { measurePairs } from '../pairs.ts';
import { type Measure, TEXT } from '../plan.ts';
import { Portal, seatsOf } from '../portal.ts';
import { median } from '../statistics.ts';
import { withServers } from './both.ts';

const goal: Goal = {
  what: '10,000 missed entries in one room',
  unit: 'x (range query + bare emit)',
  better: 'lower',
  reach: 1.5,
  stretch: 1.2,
};

/** While one client catches up, the others' turn comes at least so often. */
const LOOP_DELAY_P99_MS = 50;

/** P8: a client that missed much gets all of it, in order, page by page, and the server stays awake for the others. */
export const catchUp: Measure = (bench) =>
  withServers(bench, async ({ ours, bare, database }) => {
    const { scale, load } = bench;
    const [roomId] = await new Portal(ours.url).createRooms('000', 1);
    if (roomId === undefined) throw new Error('no room was opened');
    await fillRoom(database.uri, roomId, scale.missed, TEXT);
    await load.call('open', { group: 'ours', url: ours.url, seats: await seatsOf('000', [], 1) });
    await load.call('open', { group: 'bare', url: bare.url, seats: [{ rooms: [], writes: false }] });
    const whole = ({ count, complete }: { count: number; complete: boolean }) => {
      if (!complete || count !== scale.missed)
        throw new Error(`${count} of ${scale.missed} entries came, or out of order`);
    };
    const catchingUp = async () => {
      await ours.watchDelay();
      const report = await ours.profiled(() => load.call('catchUp', { group: 'ours', roomId }));
      const delay = await ours.readDelay();
      whole(report);
      bench.say(
        `  ours ${report.ms.toFixed(0)} ms, event loop p99 ${delay.p99.toFixed(1)} ms, max ${delay.max.toFixed(1)} ms`,
      );
      return { ms: report.ms, delay };
    };
    const reference = async () => {
      const query = await load.call('rangeQuery', { uri: database.uri, roomId });
      const emit = await load.call('bareCatchUp', { group: 'bare', roomId, count: scale.missed, text: TEXT });
      whole(emit);
      bench.say(`  bare ${query.ms.toFixed(0)} ms for the query, ${emit.ms.toFixed(0)} ms for the events`);
      return { query: query.ms, emit: emit.ms };
    };
    try {
      await catchingUp();
      await reference();
      const { pairs } = await measurePairs(scale.pairs, catchingUp, reference);
      const delayP99 = median(pairs.map((pair) => pair.ours.delay.p99));
      return figureOf(
        goal,
        pairs.map((pair) => pair.ours.ms / (pair.theirs.query + pair.theirs.emit)),
        {
          entries: scale.missed,
          oursMs: median(pairs.map((pair) => pair.ours.ms)),
          rangeQueryMs: median(pairs.map((pair) => pair.theirs.query)),
          bareEmitMs: median(pairs.map((pair) => pair.theirs.emit)),
          loopDelayP99Ms: delayP99,
          loopDelayReachMs: LOOP_DELAY_P99_MS,
        },
        { sound: delayP99 < LOOP_DELAY_P99_MS },
      );
    } finally {
      await load.call('close', { group: 'ours' });
      await load.call('close', { group: 'bare' });
    }
  });
