import { expect } from 'chai';
import type { mongo } from 'mongoose';
import { type CompiledService, compiledService } from '../chaos/compiled-service.ts';
import { Mortal } from '../chaos/mortal.ts';
import { until } from '../support/client.ts';
import { Dice } from '../support/dice.ts';
import { type Errand, errand, errandsOf } from '../support/errands.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';

const SEED = 1;
const KILLS = 8;
const ERRANDS = 30;
/** Between two kills so many effects are done at least, and so many are left for each errand after the last one. */
const BETWEEN = 40;
const LEFT = 5;
const ENDLESS = 1_000_000;

describe('three workers that are killed in the middle', () => {
  let database: SharedDatabase;
  let compiled: CompiledService;
  let workers: Mortal[] = [];
  before(async () => {
    [database, compiled] = await Promise.all([createSharedDatabase(), compiledService()]);
  });
  after(async () => {
    for (const worker of workers) await worker.kill();
    await database.drop();
    await compiled.drop();
  });

  it('lose no effect and have none twice, by SIGKILL and SIGTERM; those that ended in order left nothing locked', async () => {
    const errands = errandsOf(database.connection);
    await errands.insertMany(
      Array.from({ length: ERRANDS }, (_, i) =>
        errand(`errand-${i}`, { dueAt: new Date(Date.now() + i), left: ENDLESS, every: 50 }),
      ),
    );
    const left = async () =>
      (await errands.find({}, { projection: { left: 1 } }).toArray()).reduce((total, one) => total + one.left, 0);
    workers = [1, 2, 3].map(
      (number) =>
        new Mortal({
          name: `worker ${number}`,
          command: [process.execPath, compiled.errands],
          env: () => database.env,
          address: /"msg":"(running the jobs)"/,
        }),
    );
    await Promise.all(workers.map((worker) => worker.serve()));

    const dice = new Dice(SEED);
    let killedAt = new Date();
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await left();
      await until(`the effects go on before kill ${kill}`, async () => (await left()) <= before - BETWEEN, 30_000);
      const worker = dice.pick(workers);
      if (kill % 2 === 1) worker.ask();
      else if (await worker.kill()) killedAt = new Date();
      await until('it has ended', () => !worker.running);
      await worker.serve();
    }
    const wanted = new Map<string, number>();
    for (const { _id } of await errands.find({}, { projection: { _id: 1 } }).toArray())
      wanted.set(_id, await endSoon(errands, _id));
    await until('everything is done', async () => (await left()) === 0, 30_000);
    for (const worker of workers) worker.ask();
    await until('all have ended', () => workers.every((worker) => !worker.running));

    const done = await errands.find().toArray();
    expect(new Map(done.map((one) => [one._id, one.done.length]))).to.deep.equal(wanted);
    expect(workers.flatMap(({ faults, falls }) => [...faults, ...falls])).to.deep.equal([]);
    // One that was killed leaves a lock until its time is over.
    expect(await database.connection.collection('jobs').countDocuments({ lockedAt: { $gt: killedAt } })).to.equal(0);
  });
});

/** Leaves an errand a few effects more, and gives how many it will have had then. */
async function endSoon(errands: mongo.Collection<Errand>, _id: string): Promise<number> {
  for (;;) {
    const known = await errands.findOne({ _id });
    if (known === null) throw new Error(`the errand ${_id} is lost`);
    const { dueAt, left, done } = known;
    const { modifiedCount } = await errands.updateOne({ _id, dueAt, left }, { $set: { left: LEFT } });
    if (modifiedCount === 1) return done.length + LEFT;
  }
}
