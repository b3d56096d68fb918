import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import { expect } from 'chai';
import { GridFSBucket } from 'mongodb';
import mongoose, { type Connection, Schema } from 'mongoose';
import { type DatabaseUnderTest, errorOf, openDatabaseUnderTest } from './database-under-test.ts';

interface Person {
  _id: mongoose.Types.ObjectId;
  name: string;
  n: number;
  tags: string[];
  boss?: mongoose.Types.ObjectId | Person;
  extra: Map<string, number>;
}

describe('engine: clients', () => {
  let database: DatabaseUnderTest;
  let connection: Connection;
  before(async () => {
    database = await openDatabaseUnderTest();
    connection = await mongoose.createConnection(database.uri).asPromise();
  });
  after(async () => {
    await connection.close();
    await database.close();
  });

  it('carries mongoose: autoIndex, populate, versions, upserts, maps, timestamps', async () => {
    const People = connection.model<Person>(
      'Person',
      new Schema<Person>(
        {
          name: { type: String, unique: true },
          n: { type: Number, default: 0 },
          tags: [String],
          boss: { type: Schema.Types.ObjectId, ref: 'Person' },
          extra: { type: Map, of: Number },
        },
        { timestamps: true, optimisticConcurrency: true },
      ),
    );
    await People.init();
    const ann = await People.create({ name: 'Ann', extra: new Map([['x', 1]]) });
    const bob = await People.create({ name: 'Bob', boss: ann._id, tags: ['a'] });
    const found = await People.findOne({ name: 'Bob' }).populate<{ boss: Person }>('boss').orFail();
    expect(found.boss.name).to.equal('Ann');
    expect((await People.findById(ann._id).orFail()).extra.get('x')).to.equal(1);
    expect((await errorOf(People.create({ name: 'Ann' })))['code']).to.equal(11000);
    const first = await People.findById(bob._id).orFail();
    const second = await People.findById(bob._id).orFail();
    first.tags.push('b');
    await first.save();
    second.n = 9;
    expect((await errorOf(second.save())).name).to.equal('VersionError');
    const up = await People.findOneAndUpdate(
      { name: 'Cid' },
      { $inc: { n: 1 } },
      { upsert: true, returnDocument: 'after' },
    ).orFail();
    expect(up.n).to.equal(1);
    await People.syncIndexes();
    expect(await People.countDocuments({ tags: 'b' })).to.equal(1);
  });

  it('carries GridFS: upload over several chunks, download, delete', async () => {
    const bucket = new GridFSBucket(database.db, { bucketName: 'files', chunkSizeBytes: 10_000 });
    const content = Buffer.from(Array.from({ length: 45_678 }, (_, at) => at % 251));
    const upload = bucket.openUploadStream('note.bin', { metadata: { kind: 'test' } });
    await pipeline(Readable.from([content.subarray(0, 20_000), content.subarray(20_000)]), upload);
    const parts: Buffer[] = [];
    for await (const part of bucket.openDownloadStream(upload.id, { start: 5, end: 40_000 }))
      parts.push(part as Buffer);
    expect(Buffer.concat(parts).equals(content.subarray(5, 40_000))).to.equal(true);
    expect((await bucket.find({ filename: 'note.bin' }).toArray())[0]?.length).to.equal(content.length);
    await bucket.delete(upload.id);
    expect(await database.db.collection('files.chunks').countDocuments()).to.equal(0);
  });

  it('carries Agenda: two instances run each of 20 jobs once', async () => {
    const runs: number[] = [];
    let finished: () => void = () => undefined;
    const all = new Promise<void>((resolve, reject) => {
      finished = resolve;
      setTimeout(() => reject(new Error(`only ${runs.length} jobs ran`)), 90_000).unref();
    });
    // Heard below; until then it is nobody's fault.
    all.catch(() => undefined);
    const instances = await Promise.all(
      [1, 2].map(async () => {
        const agenda = new Agenda({
          backend: new MongoBackend({ mongo: database.db, collection: 'jobs' }),
          processEvery: 50,
        });
        // oxlint-disable-next-line typescript/no-misused-promises -- agenda takes handlers of both kinds, by overload
        agenda.define('once', async (job: { attrs: { data: unknown } }) => {
          runs.push((job.attrs.data as { at: number }).at);
          if (runs.length === 20) finished();
          await database.db.command({ ping: 1 });
        });
        await agenda.start();
        return agenda;
      }),
    );
    try {
      for (let at = 0; at < 20; at += 1) await instances[at % 2]?.now('once', { at });
      await all;
    } finally {
      for (const agenda of instances) await agenda.stop();
    }
    expect(runs.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, at) => at));
  });
});
