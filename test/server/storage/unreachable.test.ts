import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import mongoose from 'mongoose';
import { isUnreachable } from '../../../server/storage/unreachable.ts';

describe('isUnreachable', () => {
  it('knows every operation that failed because the database went away, and no other', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'delivery-rooms-'));
    // Loaded as the service loads it: a worker is found by the address of a module, which tsx gives to an import only.
    const { startEmbedded } = await import('../../../server/storage/embedded/start.ts');
    const engine = await startEmbedded({ dataDir, listen: { host: '127.0.0.1', port: 0 } });
    const options = { bufferCommands: false, serverSelectionTimeoutMS: 3_000 };
    const connection = await mongoose.createConnection(`${engine.uri}rooms`, options).asPromise();
    try {
      const things = connection.collection<{ _id: number; a?: number }>('things');
      const faultOf = (work: Promise<unknown>): Promise<unknown> =>
        work.then(
          () => 'none',
          (error: unknown) => error,
        );
      await things.insertOne({ _id: 1 });
      for (const ordered of [true, false])
        expect(isUnreachable(await faultOf(things.insertMany([{ _id: 1 }], { ordered })))).to.equal(false);
      const operations = () => [
        things.insertOne({ _id: 2 }),
        things.insertMany([{ _id: 3 }, { _id: 4 }]),
        things.insertMany([{ _id: 5 }, { _id: 6 }], { ordered: false }),
        things.bulkWrite([{ updateOne: { filter: { _id: 1 }, update: { $set: { a: 1 } } } }]),
        things.findOne({ _id: 1 }),
        things.findOneAndUpdate({ _id: 1 }, { $set: { a: 2 } }),
        things.aggregate([{ $match: { _id: 1 } }]).toArray(),
      ];
      await Promise.all([engine.stop(), ...operations().map(faultOf)]);
      for (const [index, fault] of (await Promise.all(operations().map(faultOf))).entries())
        expect(isUnreachable(fault), `operation ${index}: ${String(fault)}`).to.equal(true);
    } finally {
      await connection.close();
      await engine.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
