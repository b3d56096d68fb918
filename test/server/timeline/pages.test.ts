import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { mongo } from 'mongoose';
import { EDITS_MAX } from '../../../shared/contract/limits.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { Appender, type Draft } from '../../../server/timeline/appender.ts';
import { type EntryModel, entryModel } from '../../../server/timeline/entry-store.ts';
import { createPages, type Pages } from '../../../server/timeline/pages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('Pages', () => {
  let database: TestDatabase;
  let storage: Storage;
  let entries: EntryModel;
  let pages: Pages;
  let appender: Appender;

  before(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    entries = entryModel(storage.connection);
    await entries.createCollection();
    await entries.createIndexes();
    pages = createPages(entries);
    appender = new Appender({ entries, clock: new ManualClock(), log: createLog('silent'), onEntry: () => undefined });
  });
  after(async () => {
    await storage.stop();
    await database.drop();
  });

  const send = (roomId: string, text: string) =>
    appender.append({ ...base(roomId), kind: 'message', clientId: randomUUID(), body: { text } });
  const edit = (roomId: string, target: number, text: string) =>
    appender.append({ ...base(roomId), kind: 'edit', target, body: { entryId: '0'.repeat(24), text } });
  const recall = (roomId: string, target: number) =>
    appender.append({ ...base(roomId), kind: 'recall', target, body: { entryId: '0'.repeat(24) } });

  /** What a piece of work reads: look-ups of a single entry, and the wordings in lists of them. */
  async function reading(work: () => Promise<unknown>): Promise<{ single: number; wordings: number }> {
    const read = { single: 0, wordings: 0 };
    const { prototype } = mongo.FindCursor;
    const { toArray, next } = prototype;
    prototype.next = function (this: mongo.FindCursor) {
      read.single += 1;
      return next.call(this);
    };
    const count = (found: unknown[]) => {
      read.wordings += JSON.stringify(found).split('"text":').length - 1;
    };
    prototype.toArray = async function (this: mongo.FindCursor) {
      const found: unknown[] = await toArray.call(this);
      count(found);
      return found;
    };
    try {
      await work();
    } finally {
      Object.assign(prototype, { toArray, next });
    }
    return read;
  }

  it('reads of a message that was edited often its last wording and no other, on a page and before an edit', async () => {
    await send('often', 'v0');
    for (let i = 1; i < EDITS_MAX; i++) await edit('often', 1, `v${i}`);
    const page = await reading(async () => {
      const { entries: shown } = await pages.read('often', 'public', { before: 2 }, 50);
      expect(shown.map(({ body }) => body)).to.deep.equal([{ text: `v${EDITS_MAX - 1}` }]);
    });
    expect(page.wordings).to.equal(2);
    const another = await reading(() => edit('often', 1, 'the last'));
    expect(another.wordings).to.equal(0);
  });

  it('reads no wording of what was recalled, and a repeated recall is answered with the first', async () => {
    await send('recalled', 'v0');
    await edit('recalled', 1, 'v1');
    const first = await recall('recalled', 1);
    const page = await reading(async () => {
      const { entries: shown } = await pages.read('recalled', 'public', { before: 2 }, 50);
      expect(shown[0]).to.deep.include({ body: {}, recalledAt: first.entry.at });
    });
    expect(page.wordings).to.equal(1);
    expect(await recall('recalled', 1)).to.deep.equal({ ...first, duplicate: true });
  });

  it('finds the newest that is something to read behind any number of edits, with a few look-ups', async () => {
    for (const edits of [0, 1, 2, 3, 7, 40]) {
      const roomId = `behind-${edits}`;
      for (let i = 1; i <= 3; i++) await send(roomId, `v${i}`);
      for (let i = 0; i < edits; i++) await edit(roomId, 1 + (i % 3), `edit ${i}`);
      expect((await pages.last(roomId, 'public'))?.seq).to.equal(3);
    }
    expect(await pages.last('empty', 'public')).to.equal(undefined);
    const [head] = await pages.heads('behind-40', ['public', 'provider']);
    expect(head?.seq).to.equal(43);
    const { single } = await reading(() => pages.last('behind-40', 'public'));
    expect(single).to.be.within(3, 16);
  });

  it('takes the newest of several streams', async () => {
    const clock = new ManualClock();
    const later = new Appender({ entries, clock, log: createLog('silent'), onEntry: () => undefined });
    const say = (stream: string, text: string) =>
      later.append({ ...base('several'), stream, kind: 'message', clientId: randomUUID(), body: { text } });
    await say('public', 'first');
    clock.advance(1);
    await say('provider', 'second');
    const heads = await pages.heads('several', ['public', 'provider', 'operator']);
    expect(heads.map(({ stream, seq }) => [stream, seq])).to.deep.equal([
      ['public', 1],
      ['provider', 1],
    ]);
    expect((await pages.newest(heads))?.body).to.deep.equal({ text: 'second' });
    expect(await pages.newest([])).to.equal(undefined);
  });
});

const base = (roomId: string): Pick<Draft, 'roomId' | 'stream' | 'actor'> => ({
  roomId,
  stream: 'public',
  actor: { id: 'bao', name: 'Bao', side: 'buyer', org: 'buyers' },
});
