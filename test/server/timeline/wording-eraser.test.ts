import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { Appender } from '../../../server/timeline/appender.ts';
import { type EntryDoc, type EntryModel, entryModel } from '../../../server/timeline/entry-store.ts';
import { WordingEraser } from '../../../server/timeline/wording-eraser.ts';
import { until } from '../../support/client.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('WordingEraser', () => {
  let database: TestDatabase;
  let storage: Storage;
  let entries: EntryModel;
  let appender: Appender;

  before(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    entries = entryModel(storage.connection);
    await entries.createCollection();
    await entries.createIndexes();
    appender = new Appender({ entries, clock: new ManualClock(), log: createLog('silent'), onEntry: () => undefined });
  });
  after(async () => {
    await storage.stop();
    await database.drop();
  });

  const fail = (error: unknown) => {
    throw error;
  };

  /** A message, its edit and its recall, with nothing erased: a server died right after the recall was stored. */
  async function recalled(roomId: string): Promise<EntryDoc> {
    const base = { roomId, stream: 'public', actor: { id: 'bao', name: 'Bao', side: 'buyer' } } as const;
    const text = 'taken back';
    const { doc, entry } = await appender.append({
      ...base,
      kind: 'message',
      clientId: randomUUID(),
      body: { text },
    });
    await appender.append({ ...base, kind: 'edit', target: doc.seq, body: { entryId: entry.id, text } });
    await appender.append({ ...base, kind: 'recall', target: doc.seq, body: { entryId: entry.id } });
    return doc;
  }
  const wordings = (roomId: string) => entries.countDocuments({ roomId, 'body.text': { $exists: true } });

  it('erases what a crash left, however long ago and however much, and then finds nothing left', async () => {
    for (let i = 0; i < 120; i++) await recalled('swept');
    expect(await wordings('swept')).to.equal(240);
    await new WordingEraser(entries, fail).sweep();
    expect(await wordings('swept')).to.equal(0);
    expect(await entries.countDocuments({ erased: false })).to.equal(0);
  });

  it('looks at no recall again that was done with', async () => {
    const doc = await recalled('done');
    const eraser = new WordingEraser(entries, fail);
    await eraser.erase(doc);
    expect(await wordings('done')).to.equal(0);
    await entries.updateOne({ _id: doc._id }, { $set: { 'body.text': 'a sweep would erase it' } });
    await eraser.sweep();
    expect(await wordings('done')).to.equal(1);
  });

  it('sweeps in the background until it is stopped, and says what fails', async () => {
    await recalled('background');
    const eraser = new WordingEraser(entries, fail);
    eraser.start();
    await eraser.stop();
    await new WordingEraser(entries, fail).sweep();
    expect(await wordings('background')).to.equal(0);
    const told: unknown[] = [];
    const broken = new WordingEraser(entries, (error) => told.push(error));
    broken.erase = () => Promise.reject(new Error('no disk'));
    await recalled('background');
    broken.start();
    await until('the failure is told', () => told.length === 1);
    await broken.stop();
    expect(String(told[0])).to.equal('Error: no disk');
  });
});
