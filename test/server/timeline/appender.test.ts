import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { mongo } from 'mongoose';
import type { EntryKind } from '../../../shared/contract/entries.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import { isUnreachable } from '../../../server/storage/unreachable.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { Appender, type Draft } from '../../../server/timeline/appender.ts';
import { type EntryDoc, type EntryModel, entryModel, toWire } from '../../../server/timeline/entry-store.ts';
import { until } from '../../support/client.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { ManualClock } from '../../support/manual-clock.ts';

type InsertMany = EntryModel['collection']['insertMany'];

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('Appender', () => {
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

  /** One server's appender, with the numbers that it handed on by stream. */
  function createServer(steady?: ManualClock) {
    const handedOn: number[] = [];
    const appender = new Appender({
      entries,
      ...(steady === undefined ? {} : { steady }),
      clock: new ManualClock(),
      log: createLog('silent'),
      onEntry: ({ seq }) => void handedOn.push(seq),
    });
    return { appender, handedOn };
  }

  const draft = (roomId: string, more: Partial<Draft> = {}): Draft => ({
    roomId,
    stream: 'public',
    kind: 'message',
    actor: { id: 'bao', name: 'Bao', side: 'buyer', org: 'buyers' },
    clientId: randomUUID(),
    body: { text: 'hello' },
    ...more,
  });
  const revision = (roomId: string, kind: EntryKind, entryId: string, target: number): Draft => {
    const { clientId: _none, ...rest } = draft(roomId, {
      kind,
      target,
      body: { entryId, ...(kind === 'edit' ? { text: 'new' } : {}) },
    });
    return rest;
  };
  const stored = (roomId: string) => entries.find({ roomId }).sort({ seq: 1 }).lean<EntryDoc[]>().exec();

  /** Puts `faulty` in the place of the next insert, and the true one back after it. */
  async function withNextInsert(
    faulty: (insert: InsertMany, docs: Parameters<InsertMany>) => ReturnType<InsertMany>,
    run: () => Promise<void>,
  ): Promise<void> {
    const { collection } = entries;
    const insert = collection.insertMany.bind(collection);
    let used = false;
    collection.insertMany = (...args: Parameters<InsertMany>) => {
      if (used) return insert(...args);
      used = true;
      return faulty(insert, args);
    };
    try {
      await run();
    } finally {
      collection.insertMany = insert;
    }
  }

  it('recognises its own entry when a command is carried out twice, message or edit', async () => {
    const { appender, handedOn } = createServer();
    const first = await appender.append(draft('twice'));
    const twice = async (insert: InsertMany, args: Parameters<InsertMany>) => {
      await insert(...args);
      return insert(...args);
    };
    await withNextInsert(twice, async () => {
      expect(await appender.append(draft('twice'))).to.include({ duplicate: false });
    });
    await withNextInsert(twice, async () => {
      const { doc, duplicate } = await appender.append(revision('twice', 'edit', first.entry.id, 1));
      expect([doc.seq, duplicate]).to.deep.equal([3, false]);
    });
    expect((await stored('twice')).map(({ seq, kind }) => [seq, kind])).to.deep.equal([
      [1, 'message'],
      [2, 'message'],
      [3, 'edit'],
    ]);
    await appender.append(draft('twice'));
    expect(handedOn).to.deep.equal([1, 2, 3, 4]);
  });

  it('does not say that it is stored when the answer was lost, and gives the first entry to the repetition', async () => {
    const { appender, handedOn } = createServer();
    await appender.watch('lost', ['public']);
    const input = draft('lost');
    const lost = async (insert: InsertMany, args: Parameters<InsertMany>) => {
      await insert(...args);
      throw new mongo.MongoNetworkError('the line is cut');
    };
    await withNextInsert(lost, async () => {
      const outcome = await appender.append(input).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(isUnreachable(outcome)).to.equal(true);
    });
    const again = await appender.append(input);
    expect([again.doc.seq, again.duplicate]).to.deep.equal([1, true]);
    await appender.append(draft('lost'));
    expect(await stored('lost')).to.have.length(2);
    // What was stored without our knowing reaches the readers all the same, in its place.
    expect(handedOn).to.deep.equal([1, 2]);
  });

  it('hands on what was stored without its knowing, though nothing more is written', async () => {
    const { appender, handedOn } = createServer();
    await appender.watch('silent', ['public']);
    await withNextInsert(
      async (insert, args) => {
        await insert(...args);
        throw new mongo.MongoNetworkError('the line is cut');
      },
      () =>
        appender.append(draft('silent')).then(
          () => undefined,
          () => undefined,
        ),
    );
    expect(handedOn).to.deep.equal([]);
    await appender.follow([{ roomId: 'silent', stream: 'public' }]);
    await appender.follow([{ roomId: 'silent', stream: 'public' }]);
    expect(handedOn).to.deep.equal([1]);
  });

  it('hands on to who was on the way while the last listener left', async () => {
    const [here, elsewhere] = [createServer(), createServer()];
    await here.appender.watch('arriving', ['public']);
    // `public` is watched already, `provider` has to be asked for: the last listener leaves in between.
    const watching = here.appender.watch('arriving', ['public', 'provider']);
    here.appender.unwatch('arriving', 'public');
    await watching;
    here.appender.unwatch('arriving', 'public');
    await elsewhere.appender.append(draft('arriving'));
    await here.appender.follow([{ roomId: 'arriving', stream: 'public' }]);
    expect(here.handedOn).to.deep.equal([1]);
    // When somebody listened and left, what follows is nobody's any more.
    here.appender.unwatch('arriving', 'public');
    await elsewhere.appender.append(draft('arriving'));
    await here.appender.follow([{ roomId: 'arriving', stream: 'public' }]);
    expect(here.handedOn).to.deep.equal([1]);
  });

  it('answers each of a batch by itself: what is known, what is twice in it, and what is new', async () => {
    const { appender, handedOn } = createServer();
    const [a, b, c] = [draft('batch'), draft('batch'), draft('batch')];
    await appender.append(a);
    const outcomes = await Promise.all([b, a, b, c, a, b].map((one) => appender.append(one)));
    expect(outcomes.map(({ doc, duplicate }) => [doc.seq, duplicate])).to.deep.equal([
      [2, false],
      [1, true],
      [2, true],
      [3, false],
      [1, true],
      [2, true],
    ]);
    expect((await stored('batch')).map(({ seq, tally, ownTally }) => [seq, tally, ownTally])).to.deep.equal([
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ]);
    expect(handedOn).to.deep.equal([1, 2, 3]);
  });

  describe('while a batch waits for its command', () => {
    const outcome = (work: Promise<{ doc: EntryDoc; duplicate: boolean }>) =>
      work.then(
        ({ doc, duplicate }) => (duplicate ? `${doc.seq} again` : doc.seq),
        (error: unknown) => (error instanceof RoomError ? error.code : error),
      );

    /**
     * Appends the first, which goes at once, and the second; when that waits, the others, one after the other.
     * @returns what became of each, and how many entries each command had
     */
    async function behind(drafts: readonly Draft[]) {
      const steady = new ManualClock();
      const { appender } = createServer(steady);
      const commands: number[] = [];
      const { collection } = entries;
      const insert = collection.insertMany.bind(collection);
      collection.insertMany = (...args: Parameters<InsertMany>) => {
        commands.push(args[0].length);
        return insert(...args);
      };
      try {
        const asked: Promise<unknown>[] = [];
        for (const [index, one] of drafts.entries()) {
          asked.push(outcome(appender.append(one)));
          if (index === 0) await asked[0];
          else if (index === 1) await until('it waits', () => steady.waiting > 0);
          else await nextTurn();
        }
        const answered = new Set<number>();
        const outcomes = Promise.all(asked.map((one, index) => one.finally(() => answered.add(index))));
        await until('all are answered', () => {
          if (steady.waiting > 0) steady.advance(3);
          return answered.size === asked.length;
        });
        return { outcomes: await outcomes, commands };
      } finally {
        collection.insertMany = insert;
      }
    }

    const by = (roomId: string, org: string, more: Partial<Draft> = {}): Draft =>
      draft(roomId, { actor: { id: org, name: org, side: 'provider', org }, ...more });

    it('what comes stands right behind it, and is told of its own', async () => {
      const once = draft('joined');
      const { outcomes, commands } = await behind([draft('joined'), once, draft('joined'), once, draft('joined')]);
      expect(outcomes).to.deep.equal([1, 2, 3, '2 again', 4]);
      expect(commands.slice(0, 2), 'entries of a command').to.deep.equal([1, 4]);
      expect((await stored('joined')).map(({ seq, tally, ownTally }) => [seq, tally, ownTally])).to.deep.equal(
        [1, 2, 3, 4].map((n) => [n, n, n]),
      );
    });

    it('what was asked for in one turn goes together: nothing of it is stored without what was asked for before it', async () => {
      const steady = new ManualClock();
      const { appender } = createServer(steady);
      const roomId = 'one-turn';
      await appender.append(draft(roomId));
      const lost = () => Promise.reject(new Error('the database is gone'));
      await withNextInsert(lost, async () => {
        const waiting = outcome(appender.append(draft(roomId)));
        await until('it waits', () => steady.waiting > 0);
        const known = outcome(appender.append(draft(roomId)));
        const stranger = outcome(appender.append(by(roomId, 'studio')));
        await nextTurn();
        steady.advance(3);
        expect(String(await waiting)).to.include('gone');
        await until('the next ones wait', () => steady.waiting > 0);
        steady.advance(3);
        expect(await Promise.all([known, stranger])).to.deep.equal([2, 3]);
      });
    });

    it('what has joined is numbered anew with it where another server was faster', async () => {
      const steady = new ManualClock();
      const [here, elsewhere] = [createServer(steady), createServer()];
      const roomId = 'joined-raced';
      await here.appender.append(draft(roomId));
      const waiting = here.appender.append(draft(roomId));
      await until('it waits', () => steady.waiting > 0);
      const joined = [here.appender.append(draft(roomId)), here.appender.append(draft(roomId))];
      await nextTurn();
      expect((await elsewhere.appender.append(draft(roomId))).doc.seq).to.equal(2);
      steady.advance(3);
      await until('it waits again', () => steady.waiting > 0);
      steady.advance(3);
      const docs = (await Promise.all([waiting, ...joined])).map(({ doc }) => doc);
      expect(docs.map(({ seq, tally }) => [seq, tally])).to.deep.equal([3, 4, 5].map((n) => [n, n]));
      expect(here.handedOn).to.deep.equal([1, 2, 3, 4, 5]);
    });

    it('whose tally is not known waits for the next one, and nothing overtakes them', async () => {
      const { outcomes, commands } = await behind([
        draft('stranger'),
        draft('stranger'),
        draft('stranger'),
        by('stranger', 'studio'),
        draft('stranger'),
      ]);
      expect(outcomes).to.deep.equal([1, 2, 3, 4, 5]);
      expect(commands, 'entries of a command').to.deep.equal([1, 2, 2]);
    });

    it('what comes behind a hand-over is not of the earlier provider, behind a recall no edit', async () => {
      const roomId = 'joined-late';
      const handOver = draft(roomId, {
        kind: 'notice',
        actor: { id: 'system', name: 'System', side: 'service' },
        body: { event: 'notes.handed_over' },
        holder: 'rivals',
      });
      expect((await behind([by(roomId, 'studio'), handOver, by(roomId, 'studio')])).outcomes).to.deep.equal([
        1,
        2,
        'not_found',
      ]);
      const first = draft('recalled-late');
      const { appender } = createServer();
      const { entry } = await appender.append(first);
      const { outcomes } = await behind([
        draft('recalled-late'),
        revision('recalled-late', 'recall', entry.id, 1),
        revision('recalled-late', 'edit', entry.id, 1),
        draft('recalled-late'),
      ]);
      expect(outcomes).to.deep.equal([2, 3, 'conflict', 4]);
    });
  });

  it('answers a thousand repetitions with a few queries', async () => {
    const { appender } = createServer();
    const drafts = Array.from({ length: 400 }, () => draft('flood'));
    await Promise.all(drafts.map((one) => appender.append(one)));
    let inserts = 0;
    const { collection } = entries;
    const insert = collection.insertMany.bind(collection);
    collection.insertMany = (...args: Parameters<InsertMany>) => {
      inserts += 1;
      return insert(...args);
    };
    try {
      const again = await Promise.all(drafts.map((one) => appender.append(one)));
      expect(again.every(({ duplicate }) => duplicate)).to.equal(true);
    } finally {
      collection.insertMany = insert;
    }
    expect(inserts).to.be.at.most(2);
  });

  it('lets what follows a recall in one batch find it', async () => {
    const { appender } = createServer();
    const { entry } = await appender.append(draft('recalled'));
    const outcomes = await Promise.allSettled([
      appender.append(revision('recalled', 'edit', entry.id, 1)),
      appender.append(revision('recalled', 'recall', entry.id, 1)),
      appender.append(revision('recalled', 'edit', entry.id, 1)),
      appender.append(revision('recalled', 'recall', entry.id, 1)),
      appender.append(draft('recalled')),
    ]);
    expect(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.doc.seq : String(outcome.reason))),
    ).to.deep.equal([2, 3, 'RoomError: This message was recalled.', 3, 4]);
  });

  it('goes on when another server is always faster, with one order for both', async () => {
    const servers = [createServer(), createServer()];
    for (const { appender } of servers) await appender.watch('race', ['public']);
    await Promise.all(
      Array.from({ length: 120 }, async (_, i) => {
        for (let turn = 0; turn < i % 7; turn++) await nextTurn();
        await servers[i % 2]?.appender.append(draft('race', { actor: { id: `a${i % 3}`, name: 'A', side: 'buyer' } }));
      }),
    );
    for (const { appender } of servers) await appender.follow([{ roomId: 'race', stream: 'public' }]);
    const numbers = Array.from({ length: 120 }, (_, i) => i + 1);
    const docs = await stored('race');
    expect(docs.map(({ seq }) => seq)).to.deep.equal(numbers);
    expect(docs.map(({ tally }) => tally)).to.deep.equal(numbers);
    for (const author of ['a0', 'a1', 'a2']) {
      const own = docs.filter(({ actor }) => actor.id === author);
      expect(own.map(({ ownTally }) => ownTally)).to.deep.equal(own.map((_, i) => i + 1));
    }
    for (const { handedOn } of servers) expect(handedOn).to.deep.equal(numbers);
  });

  it('goes on handing on after an entry that it does not understand', async () => {
    const { appender, handedOn } = createServer();
    await appender.append(draft('future'));
    const [first] = await stored('future');
    if (first === undefined) throw new Error('nothing was stored');
    await entries.collection.insertOne({
      ...first,
      _id: new mongo.ObjectId(),
      clientId: randomUUID(),
      seq: 2,
      tally: 2,
      ownTally: 2,
      body: { text: 7 },
    });
    await appender.append(draft('future'));
    expect(handedOn).to.deep.equal([1, 3]);
  });

  it('refuses what is not of the contract before it is stored', async () => {
    const { appender, handedOn } = createServer();
    await appender.append(draft('contract'));
    const outcomes = await Promise.allSettled([
      appender.append(draft('contract', { body: { text: 7 } })),
      appender.append(draft('contract', { clientId: 'no uuid' })),
      appender.append(draft('contract', { kind: 'notice', body: {} })),
      appender.append(draft('contract')),
    ]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected', 'fulfilled']);
    expect((await stored('contract')).map(({ seq }) => seq)).to.deep.equal([1, 2]);
    expect(handedOn).to.deep.equal([1, 2]);
  });

  it('answers and hands on an entry as it is read later', async () => {
    const { appender } = createServer();
    const { entry, doc } = await appender.append(draft('same', { body: { text: 'hello', unknown: 1 } }));
    const [read] = await stored('same');
    expect(entry).to.deep.equal(toWire(doc));
    expect(read === undefined ? undefined : toWire(read)).to.deep.equal(entry);
  });

  it('answers everything that it took before it closes, and takes nothing more', async () => {
    const { appender } = createServer();
    const taken = Array.from({ length: 20 }, () => appender.append(draft('closing')));
    await appender.close();
    expect((await Promise.all(taken)).map(({ doc }) => doc.seq)).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    const refusal = await appender.append(draft('closing')).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).to.be.instanceOf(RoomError).and.have.property('code', 'unavailable');
  });

  it('lets nothing of an earlier provider in behind a hand-over, by whatever server', async () => {
    const roomId = randomUUID();
    const by = (org: string): Partial<Draft> => ({ actor: { id: org, name: org, side: 'provider', org } });
    const [one, other] = [createServer(), createServer()];
    // Both servers know where the stream ends.
    await one.appender.append(draft(roomId, by('studio')));
    await other.appender.append(draft(roomId, by('studio')));
    const handOver = draft(roomId, {
      kind: 'notice',
      actor: { id: 'system', name: 'System', side: 'service' },
      body: { event: 'notes.handed_over' },
      holder: 'rivals',
    });
    const late = (work: Promise<unknown>) =>
      work.then(
        () => 'stored',
        (error: unknown) => (error instanceof RoomError ? error.code : error),
      );
    const [, inOneBatch] = await Promise.all([
      one.appender.append(handOver),
      late(one.appender.append(draft(roomId, by('studio')))),
    ]);
    expect(inOneBatch).to.equal('not_found');
    expect(await late(other.appender.append(draft(roomId, by('studio'))))).to.equal('not_found');
    expect(await late(createServer().appender.append(draft(roomId, by('studio'))))).to.equal('not_found');
    await other.appender.append(draft(roomId, by('rivals')));
    await one.appender.append(draft(roomId));
    expect((await stored(roomId)).map(({ seq, actor }) => [seq, actor.org ?? actor.side])).to.deep.equal([
      [1, 'studio'],
      [2, 'studio'],
      [3, 'service'],
      [4, 'rivals'],
      [5, 'buyers'],
    ]);
  });
});
