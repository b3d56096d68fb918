import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { mongo } from 'mongoose';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { type EntryDoc, type EntryModel, entryModel } from '../../../server/timeline/entry-store.ts';
import { GroupCommit } from '../../../server/timeline/group-commit.ts';
import { until } from '../../support/client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const entryOf = (roomId: string, seq: number, clientId: string = randomUUID(), author = 'bao'): EntryDoc => ({
  _id: new mongo.ObjectId(),
  roomId,
  stream: 'public',
  seq,
  kind: 'message',
  at: new Date(0),
  actor: { id: author, name: 'Bao', side: 'buyer', org: 'buyers' },
  clientId,
  body: { text: 'hello' },
  tally: seq,
  ownTally: seq,
});

describe('GroupCommit', () => {
  let database: TestDatabase;
  let storage: Storage;
  let entries: EntryModel;

  before(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    entries = entryModel(storage.connection);
    await entries.createCollection();
    await entries.createIndexes();
  });
  after(async () => {
    await storage.stop();
    await database.drop();
  });

  const numbersOf = async (roomId: string): Promise<number[]> =>
    (await entries.find({ roomId }).sort({ seq: 1 }).lean<EntryDoc[]>()).map(({ seq }) => seq);

  it('tells each stream its own outcome: one that is refused holds up nobody', async () => {
    const commits = new GroupCommit(entries);
    const clientId = randomUUID();
    const taken = entryOf('taken', 1, clientId);
    await commits.write([taken]);
    const outcomes = await Promise.all([
      commits.write([entryOf('a', 1)]),
      commits.write([entryOf('taken', 1)]),
      commits.write([entryOf('taken', 2, clientId)]),
      commits.write([{ ...entryOf('elsewhere', 1), _id: taken._id }]),
      commits.write([entryOf('b', 1)]),
    ]);
    expect(outcomes).to.deep.equal([
      { stored: 1 },
      { stored: 0, clash: 'seq' },
      { stored: 0, clash: 'client_id' },
      { stored: 0, clash: 'entry' },
      { stored: 1 },
    ]);
    expect(await Promise.all(['a', 'taken', 'elsewhere', 'b'].map(numbersOf))).to.deep.equal([[1], [1], [], [1]]);
  });

  it('never writes behind a refused entry of the same stream: there is no hole', async () => {
    const commits = new GroupCommit(entries);
    const clientId = randomUUID();
    await commits.write([entryOf('ordered', 1, clientId)]);
    const written = await commits.write([
      entryOf('ordered', 2),
      entryOf('ordered', 3, clientId),
      entryOf('ordered', 4),
    ]);
    expect(written).to.deep.equal({ stored: 1, clash: 'client_id' });
    expect(await numbersOf('ordered')).to.deep.equal([1, 2]);
  });

  it('writes several entries of several streams, with no hole in the one that is refused and nothing missing in those behind it', async () => {
    const commits = new GroupCommit(entries);
    const clientId = randomUUID();
    await commits.write([entryOf('s-refused', 1, clientId)]);
    const outcomes = await Promise.all([
      commits.write([entryOf('s-before', 1), entryOf('s-before', 2)]),
      commits.write([entryOf('s-single', 1)]),
      commits.write([entryOf('s-refused', 2), entryOf('s-refused', 3, clientId), entryOf('s-refused', 4)]),
      commits.write([entryOf('s-behind', 1), entryOf('s-behind', 2), entryOf('s-behind', 3)]),
      commits.write([entryOf('s-refused-first', 1, clientId), { ...entryOf('s-refused', 1), clientId: randomUUID() }]),
      commits.write([entryOf('s-last', 1), entryOf('s-last', 2)]),
    ]);
    expect(outcomes).to.deep.equal([
      { stored: 2 },
      { stored: 1 },
      { stored: 1, clash: 'client_id' },
      { stored: 3 },
      { stored: 1, clash: 'seq' },
      { stored: 2 },
    ]);
    const rooms = ['s-before', 's-single', 's-refused', 's-behind', 's-refused-first', 's-last'];
    expect(await Promise.all(rooms.map(numbersOf))).to.deep.equal([[1, 2], [1], [1, 2], [1, 2, 3], [1], [1, 2]]);
  });

  it('tells in the order in which it was asked, whatever goes into which command', async () => {
    const commits = new GroupCommit(entries);
    const told: string[] = [];
    await Promise.all(
      ['o-a', 'o-b', 'o-c', 'o-d'].map(async (roomId, n) => {
        const docs = n % 2 === 0 ? [entryOf(roomId, 1), entryOf(roomId, 2)] : [entryOf(roomId, 1)];
        await commits.write(docs);
        told.push(roomId);
      }),
    );
    expect(told).to.deep.equal(['o-a', 'o-b', 'o-c', 'o-d']);
  });

  it('writes what gathers while a command is under way by the next one', async () => {
    const commits = new GroupCommit(entries);
    const rooms = Array.from({ length: 50 }, (_, i) => `gathered-${i}`);
    const first = commits.write([entryOf(rooms[0] ?? '', 1)]);
    await new Promise((resolve) => setImmediate(resolve));
    const outcomes = await Promise.all([first, ...rooms.slice(1).map((roomId) => commits.write([entryOf(roomId, 1)]))]);
    expect(outcomes).to.deep.equal(rooms.map(() => ({ stored: 1 })));
    expect(await entries.countDocuments({ roomId: { $in: rooms } })).to.equal(rooms.length);
  });

  describe('keeps commands apart', () => {
    /** Says whether a write is over once a later one, of somebody who need not wait, is. */
    async function isOver(written: Promise<unknown>): Promise<boolean> {
      let over = false;
      void written.then(() => (over = true));
      await new GroupCommit(entries).write([entryOf(randomUUID(), 1)]);
      return over;
    }

    /** Entries of so many others, written at once. */
    const crowd = (commits: GroupCommit, others: number) =>
      Promise.all(
        Array.from({ length: others }, (_, n) => commits.write([entryOf(randomUUID(), 1, randomUUID(), `other-${n}`)])),
      );

    it('a little for who writes alone, however often', async () => {
      const clock = new ManualClock();
      const commits = new GroupCommit(entries, clock);
      await commits.write([entryOf(randomUUID(), 1)]);
      for (let n = 0; n < 10; n++) {
        // In whatever streams.
        const next = commits.write([entryOf(randomUUID(), 1)]);
        expect(await isOver(next)).to.equal(false);
        clock.advance(3);
        expect(await next).to.deep.equal({ stored: 1 });
      }
    });

    it('longer where others write too, so that they share them', async () => {
      const clock = new ManualClock();
      const commits = new GroupCommit(entries, clock);
      await crowd(commits, 3);
      const next = commits.write([entryOf(randomUUID(), 1)]);
      clock.advance(3);
      expect(await isOver(next)).to.equal(false);
      clock.advance(17);
      expect(await next).to.deep.equal({ stored: 1 });
    });

    it('not once enough wait', async () => {
      const clock = new ManualClock();
      const commits = new GroupCommit(entries, clock);
      await crowd(commits, 8);
      const seven = crowd(commits, 7);
      clock.advance(3);
      expect(await isOver(seven)).to.equal(false);
      const eighth = commits.write([entryOf(randomUUID(), 1)]);
      expect(await Promise.all([seven, eighth])).to.have.length(2);
    });

    it('not for whose numbers another server was faster to take, nor for those who wait beside it', async () => {
      const clock = new ManualClock();
      const commits = new GroupCommit(entries, clock);
      await crowd(commits, 3);
      const waiting = commits.write([entryOf(randomUUID(), 1)]);
      clock.advance(3);
      expect(await isOver(waiting)).to.equal(false);
      const urgent = commits.write([entryOf(randomUUID(), 1)], true);
      expect(await Promise.all([waiting, urgent])).to.deep.equal([{ stored: 1 }, { stored: 1 }]);
      // Also where it comes within the time that commands are apart in any case.
      const others = new GroupCommit(entries, clock);
      await crowd(others, 3);
      const beside = others.write([entryOf(randomUUID(), 1)]);
      const early = others.write([entryOf(randomUUID(), 1)], true);
      clock.advance(3);
      expect(await Promise.all([beside, early])).to.deep.equal([{ stored: 1 }, { stored: 1 }]);
    });

    it('and takes in what comes until they begin, and nothing after that', async () => {
      const clock = new ManualClock();
      const commits = new GroupCommit(entries, clock);
      await commits.write([entryOf(randomUUID(), 1)]);
      const roomId = randomUUID();
      const docs = [entryOf(roomId, 1)];
      const written = commits.write(docs);
      expect(await isOver(written)).to.equal(false);
      expect(commits.join(docs, () => [entryOf(roomId, 2)])).to.equal(true);
      clock.advance(3);
      expect(await written).to.deep.equal({ stored: 2 });
      expect(await numbersOf(roomId)).to.deep.equal([1, 2]);
      const tooLate = () => {
        throw new Error('it was asked for');
      };
      expect(commits.join(docs, tooLate)).to.equal(false);
      expect(docs).to.have.length(2);
    });

    it('not once enough have joined', async () => {
      const clock = new ManualClock();
      const commits = new GroupCommit(entries, clock);
      await crowd(commits, 8);
      const roomId = randomUUID();
      const docs = [entryOf(roomId, 1)];
      const written = commits.write(docs);
      clock.advance(3);
      expect(await isOver(written)).to.equal(false);
      for (let seq = 2; seq <= 8; seq++) commits.join(docs, () => [entryOf(roomId, seq)]);
      expect(await written).to.deep.equal({ stored: 8 });
    });

    it('no longer than a little once the others are silent', async () => {
      const clock = new ManualClock();
      const commits = new GroupCommit(entries, clock);
      await crowd(commits, 3);
      clock.advance(60);
      const roomId = randomUUID();
      await commits.write([entryOf(roomId, 1)]);
      const next = commits.write([entryOf(roomId, 2)]);
      clock.advance(3);
      expect(await next).to.deep.equal({ stored: 1 });
    });
  });

  describe('while a command is under way', () => {
    /** Holds up the next command behind the database until it is let go; the numbers of entries of all commands as they begin and end. */
    async function withSlowCommand(
      run: (commits: GroupCommit, clock: ManualClock, letGo: () => void, seen: string[]) => Promise<void>,
    ): Promise<void> {
      const { collection } = entries;
      const insert = collection.insertMany.bind(collection);
      const seen: string[] = [];
      let letGo = (): void => undefined;
      let held: Promise<void> | undefined = new Promise((resolve) => {
        letGo = resolve;
      });
      collection.insertMany = async (...args: Parameters<typeof insert>) => {
        const n = args[0].length;
        const before = held;
        held = undefined;
        seen.push(`${n} begun`);
        const result = await insert(...args);
        await before;
        seen.push(`${n} over`);
        return result;
      };
      const clock = new ManualClock();
      try {
        await run(new GroupCommit(entries, clock), clock, letGo, seen);
      } finally {
        letGo();
        collection.insertMany = insert;
      }
    }

    const one = (author: string) => [entryOf(randomUUID(), 1, randomUUID(), author)];
    const seenSoon = async (seen: readonly string[], what: string): Promise<void> => {
      await until(what, () => seen.includes(what));
    };
    /** Time enough for a command to begin and end, were there one. */
    const aWhile = () => new GroupCommit(entries, new ManualClock()).write(one('elsewhere'));

    it('another one begins beside it for enough entries, and is told after it', async () => {
      await withSlowCommand(async (commits, clock, letGo, seen) => {
        const told: string[] = [];
        const docs = one('first');
        const first = commits.write(docs).then(() => told.push('first'));
        await seenSoon(seen, '1 begun');
        const few = Array.from({ length: 7 }, (_, n) => commits.write(one(`few-${n}`)));
        expect(
          commits.join(docs, () => {
            throw new Error('nothing joins what has begun');
          }),
        ).to.equal(false);
        clock.advance(3);
        await aWhile();
        expect(seen).to.deep.equal(['1 begun', '1 begun', '1 over']);
        const eighth = commits.write(one('eighth')).then(() => told.push('eighth'));
        await seenSoon(seen, '8 over');
        expect(seen).to.include('8 begun').and.include('8 over');
        await aWhile();
        expect(told, 'nothing is told before what was asked for earlier').to.deep.equal([]);
        letGo();
        await Promise.all([first, ...few, eighth]);
        expect(told).to.deep.equal(['first', 'eighth']);
      });
    });

    it('no third one does, and what came meanwhile goes when the first is over', async () => {
      await withSlowCommand(async (commits, clock, letGo, seen) => {
        const first = commits.write(one('first'));
        await seenSoon(seen, '1 begun');
        clock.advance(3);
        const second = crowdOf(commits, 8);
        await seenSoon(seen, '8 over');
        clock.advance(3);
        const third = crowdOf(commits, 9);
        await aWhile();
        expect(seen).not.to.include('9 begun');
        letGo();
        await Promise.all([first, second, third]);
        expect(seen.at(-1)).to.equal('9 over');
      });
    });

    const crowdOf = (commits: GroupCommit, size: number) =>
      Promise.all(Array.from({ length: size }, (_, n) => commits.write(one(`other-${n}`))));
  });

  it('tells everyone who waited when the database does not answer, and takes the next ones', async () => {
    const own = await connectStorage({ mongodbUri: storageUri(), dataDir: '' });
    const commits = new GroupCommit(entryModel(own.connection));
    await own.stop();
    for (let round = 0; round < 2; round++) {
      const outcomes = await Promise.allSettled(['x', 'y'].map((roomId) => commits.write([entryOf(roomId, 1)])));
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    }
  });

  function storageUri(): string {
    const { hosts } = storage.connection.getClient().options;
    const [host] = hosts;
    if (host === undefined) throw new Error('the database has no address');
    return `mongodb://${host.socketPath === undefined ? host.toString() : encodeURIComponent(host.socketPath)}/`;
  }
});
