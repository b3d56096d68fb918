import { type Goal, figureOf } from '../figure.ts';
import { fillRoom } from '../fill-room.ts';
import { measurePairs } from '../pairs.ts';
import { type Measure, TEXT } from '../plan.ts';
import { Portal, seatsOf } from '../portal.ts';
import { startOurs } from '../processes/server-under-test.ts';
import { median } from '../statistics.ts';

const goal: Goal = {
  what: 'joining a room of 1,000,000 entries',
  unit: 'x a room of 1,000',
  better: 'lower',
  reach: 1.3,
  stretch: 1.1,
};

const SHORT = 1_000;
const JOINS = 60;
/** Short texts: what counts here is the number of entries. */
const FILLER = TEXT.slice(0, 60);

/** P9: opening a room costs the same whatever its length. */
export const longRoom: Measure = async (bench) => {
  const { scale, load } = bench;
  const database = await bench.newDatabase();
  try {
    const ours = await startOurs(database, bench.server);
    try {
      const [short, long] = await new Portal(ours.url).createRooms('000', 2);
      if (short === undefined || long === undefined) throw new Error('no rooms were opened');
      const begun = performance.now();
      await fillRoom(database.uri, short, SHORT, FILLER);
      await fillRoom(database.uri, long, scale.longRoom, FILLER);
      const fillSeconds = (performance.now() - begun) / 1000;
      bench.say(`  ${scale.longRoom} entries written in ${fillSeconds.toFixed(0)} s`);
      await load.call('open', { group: 'ours', url: ours.url, seats: await seatsOf('000', [], 1) });
      const joins = async (roomId: string) => {
        const took = median(await load.call('timeJoins', { group: 'ours', roomId, times: JOINS }));
        bench.say(`  ${roomId === long ? 'long ' : 'short'} ${took.toFixed(2)} ms a join`);
        return took;
      };
      await joins(long);
      await joins(short);
      const { pairs } = await measurePairs(
        scale.pairs,
        () => joins(long),
        () => joins(short),
      );
      return figureOf(
        goal,
        pairs.map((pair) => pair.ours / pair.theirs),
        {
          longEntries: scale.longRoom,
          shortEntries: SHORT,
          longJoinMs: median(pairs.map((pair) => pair.ours)),
          shortJoinMs: median(pairs.map((pair) => pair.theirs)),
          fillSeconds,
        },
      );
    } finally {
      await load.call('close', { group: 'ours' }).catch(() => undefined);
      await ours.stop();
    }
  } finally {
    await database.drop();
  }
};
