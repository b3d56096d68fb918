import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { ProjectRoom } from '../../server/rooms/room-doc.ts';
import type { NodeInput } from '../../shared/contract/templates.ts';
import { type CompiledService, compiledService } from '../chaos/compiled-service.ts';
import { Mortal } from '../chaos/mortal.ts';
import { until } from '../support/client.ts';
import { Dice } from '../support/dice.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { people, Portal } from '../support/portal.ts';
import { startTestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';

const SEED = 1;
const DUE = 400;
/** Projects that wait for a provider or for staff, and the places that there are for each. */
const WAITING = 40;
const PLACES = 25;
const KILLS = 4;
/** Between two kills at least so much is done. */
const BETWEEN = 15;
const AT_A_TIME = 8;
/** The lock of a worker that was killed holds the others up for twenty seconds, and they look every five. */
const GOES_ON_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAYS_60 = 60 * 24 * HOUR_MS;
/** Of what falls due, what has not been done. */
const NOT_YET = { 'project.product.id': 'due', 'project.flow.current': 'ok' };

const finish: NodeInput = { id: 'finish', type: 'finish', name: 'Finish', side: 'buyer' };
const TEMPLATES = {
  due: [{ id: 'ok', type: 'confirm', name: 'Agree', side: 'buyer', timeoutDays: 1, autoAdvance: true }, finish],
  provider: [finish],
  staff: [
    {
      id: 'dispatch',
      type: 'dispatch_order',
      name: 'Dispatch',
      side: 'system',
      role: 'delivery_specialist',
      rule: 'provider_first',
    },
    finish,
  ],
} as const satisfies Record<string, readonly NodeInput[]>;
type Kind = keyof typeof TEMPLATES;

describe('three workers that are killed in the middle of real projects', function () {
  this.timeout(300_000);
  let database: SharedDatabase;
  let compiled: CompiledService;
  let workers: Mortal[] = [];
  before(async () => {
    [database, compiled] = await Promise.all([createSharedDatabase(), compiledService()]);
    await fill();
  });
  after(async () => {
    for (const worker of workers) await worker.kill();
    await database.drop();
    await compiled.drop();
  });

  const rooms = () => database.connection.collection<ProjectRoom>('rooms');
  const count = (filter: Record<string, unknown>): Promise<number> => rooms().countDocuments(filter);

  /** What was ordered two months ago: all of it will be due when `fallDue` says so, or waits for somebody. */
  async function fill(): Promise<void> {
    const overrides = { clock: new ManualClock(Date.now() - DAYS_60) };
    const server = await startTestService({ database, overrides });
    const portal = new Portal(server.service.url);
    await portal.seed();
    for (const [kind, nodes] of Object.entries(TEMPLATES)) {
      const { template } = await portal.call('operator', 'template.create', { name: kind, nodes: [...nodes] });
      await portal.call('operator', 'template.publish', { templateId: template.id });
      await portal.call('service', 'org.put', { orgId: kind, name: kind });
      await portal.call('service', 'product.put', {
        productId: kind,
        name: kind,
        vendorOrg: 'maker',
        templateId: template.id,
        providers: [{ org: kind, maxLoad: kind === 'provider' ? 0 : 100_000 }],
      });
    }
    const specialist = { userId: 'sp', org: 'staff', name: 'Sp', roles: ['delivery_specialist' as const], maxLoad: 0 };
    await portal.call('service', 'staff.put', specialist);
    const orders = (kind: Kind, number: number): Kind[] => Array.from({ length: number }, () => kind);
    const left = [...orders('due', DUE), ...orders('provider', WAITING), ...orders('staff', WAITING)].values();
    const { sub: id, org, name } = people.buyer;
    const worker = async (): Promise<void> => {
      for (const productId of left)
        await portal.call('service', 'project.create', { orderId: randomUUID(), productId, buyer: { id, org, name } });
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    await until('all wait', async () => (await count({ 'waiting.reason': { $ne: null } })) === 2 * WAITING);
    await server.stop();
    // Places come while no server looks: the workers have to find them.
    const { connection } = database;
    await connection
      .collection<{ _id: string }>('products')
      .updateOne({ _id: 'provider' }, { $set: { 'providers.0.maxLoad': PLACES } });
    await connection.collection<{ _id: string }>('staff').updateOne({ _id: 'sp' }, { $set: { maxLoad: PLACES } });
    const { modifiedCount } = await rooms().updateMany(NOT_YET, { $set: { wakeAt: new Date(Date.now() + DAYS_60) } });
    expect(modifiedCount).to.equal(DUE);
  }

  /** So many more are due. They were all along; it is the workers that were not to see it before. */
  async function fallDue(number: number): Promise<void> {
    const found = await rooms()
      .find({ ...NOT_YET, wakeAt: { $gt: new Date() } }, { projection: { _id: 1 } })
      .limit(number)
      .toArray();
    const { modifiedCount } = await rooms().updateMany(
      { _id: { $in: found.map(({ _id }) => _id) } },
      { $set: { wakeAt: new Date(Date.now() - HOUR_MS) } },
    );
    expect(modifiedCount).to.equal(number);
  }

  it('lose nothing and do nothing twice, by SIGKILL and SIGTERM, and leave no lock behind', async () => {
    const left = async () =>
      (await count(NOT_YET)) + (await count({ waiting: { $ne: null } })) - 2 * (WAITING - PLACES);
    workers = [1, 2, 3].map(
      (number) =>
        new Mortal({
          name: `worker ${number}`,
          command: [process.execPath, compiled.jobs],
          env: () => ({ ...database.env, LOG_LEVEL: 'info' }),
          address: /"msg":"(running the jobs)"/,
        }),
    );
    await Promise.all(workers.map((worker) => worker.serve()));
    const dice = new Dice(SEED);
    let killedAt = new Date();
    let inTheMiddle = 0;
    const ready = new Set(workers);
    const returning: Promise<unknown>[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await left();
      await fallDue(DUE / KILLS);
      await until(
        `it goes on before kill ${kill}`,
        async () => (await left()) <= Math.max(0, before - BETWEEN),
        GOES_ON_MS,
      );
      const worker = dice.pick([...ready]);
      ready.delete(worker);
      if ((await left()) > 0) inTheMiddle += 1;
      if (kill % 2 === 1) worker.ask();
      else if (await worker.kill()) killedAt = new Date();
      await until('it has ended', () => !worker.running);
      // The others are killed while it comes back, as long as there is one to go on.
      returning.push(worker.serve().then(() => ready.add(worker)));
      await until('another one works', () => ready.size > 0, GOES_ON_MS);
    }
    await Promise.all(returning);
    expect(inTheMiddle, 'kills in the middle, the first by SIGKILL, the second by SIGTERM').to.be.at.least(2);
    await until('everything is done', async () => (await left()) === 0, GOES_ON_MS);
    await until('everything is told', async () => (await count({ 'outbox.key': { $gt: '' } })) === 0, GOES_ON_MS);
    for (const worker of workers) worker.ask();
    await until('all have ended', () => workers.every((worker) => !worker.running));

    const told = async (event: string): Promise<number> => {
      const entries = database.connection.collection('entries');
      const found = await entries.find({ 'body.event': event }, { projection: { roomId: 1, body: 1 } }).toArray();
      const places = found.map(({ roomId, body }) => JSON.stringify([roomId, body?.node?.id, body?.visit]));
      expect(new Set(places).size, `${event}, each once`).to.equal(places.length);
      return places.length;
    };
    expect(await told('node.timed_out')).to.equal(DUE);
    expect(await told('node.done')).to.equal(DUE);
    expect(await told('order.dispatched')).to.equal(PLACES);
    expect(await told('provider.assigned')).to.equal(DUE + WAITING + PLACES);
    expect(await count({ providerOrg: 'provider' })).to.equal(PLACES);
    expect(await count({ crew: 'sp' })).to.equal(PLACES);
    expect(workers.flatMap(({ faults, falls }) => [...faults, ...falls]).join('\n')).to.equal('');
    // One that was killed leaves a lock until its time is over.
    expect(await database.connection.collection('jobs').countDocuments({ lockedAt: { $gt: killedAt } })).to.equal(0);
  });
});
