import { expect } from 'chai';
import { pino } from 'pino';
import type { Job } from '../../jobs/job.ts';
import { jobs } from '../../jobs/jobs.ts';
import { Runner, type RunnerParts } from '../../jobs/runner.ts';
import { errand, errandsOf, errandSweeps } from '../support/errands.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { until, within } from '../support/client.ts';

const HOUR = 3_600_000;
const TIMING = { lookMs: 100, lockMs: 1_000 };
/** An hour and more away from now, whatever the time. */
const SELDOM = '0 0 1 1 *';
const OFTEN = '* * * * * *';

/** A promise that somebody else settles. */
function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('the runner of the jobs', () => {
  let database: SharedDatabase;
  const runners: Runner[] = [];
  const faults: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void faults.push(line) });
  before(async () => {
    database = await createSharedDatabase();
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop();
    await stored().deleteMany({});
    await errandsOf(database.connection).deleteMany({});
    faults.length = 0;
  });
  after(() => database.drop());

  const stored = () => database.connection.collection('jobs');
  const locked = () => stored().countDocuments({ lockedAt: { $ne: null } });
  const clock = new ManualClock();

  function make(more: Partial<RunnerParts>): Runner {
    const { connection } = database;
    const runner = new Runner({
      connection,
      sweeps: errandSweeps(connection, clock),
      clock,
      timeZone: 'Asia/Shanghai',
      log,
      timing: TIMING,
      ...more,
    });
    runners.push(runner);
    return runner;
  }
  async function run(...own: Job[]): Promise<Runner> {
    const runner = make({ jobs: own });
    await runner.start();
    return runner;
  }

  it('stores each job once, however many servers start at once, at the turns of its definition', async () => {
    await Promise.all(Array.from({ length: 5 }, () => make({}).start()));
    const schedules = await stored().find().sort({ name: 1 }).toArray();
    expect(schedules.map(({ name, repeatInterval, repeatTimezone }) => [name, repeatInterval, repeatTimezone]))
      .to.deep //
      .equal([
        ['call-ends', '*/10 * * * * *', 'Asia/Shanghai'],
        ['calls', '*/10 * * * * *', 'Asia/Shanghai'],
        ['numbers', '20 * * * *', 'Asia/Shanghai'],
        ['plaza', '0 * * * *', 'Asia/Shanghai'],
        ['provider-queue', '*/10 * * * *', 'Asia/Shanghai'],
        ['provisional', '5 0 * * *', 'Asia/Shanghai'],
        ['recordings', '*/30 * * * * *', 'Asia/Shanghai'],
        ['staff-queue', '0 * * * *', 'Asia/Shanghai'],
        ['timeouts', '*/15 * * * * *', 'Asia/Shanghai'],
      ]);
    const turn = new Map(schedules.map(({ name, nextRunAt }) => [name, new Date(nextRunAt).getTime()]));
    expect((turn.get('staff-queue') ?? 1) % HOUR).to.equal(0);
    expect((turn.get('provider-queue') ?? 1) % 600_000).to.equal(0);
    expect((turn.get('timeouts') ?? 1) % 15_000).to.equal(0);
    const twice = { name: 'timeouts', type: 'single' };
    expect(
      await stored()
        .insertOne(twice)
        .catch((error: { code?: number }) => error.code),
    ).to.equal(11_000);
  });

  it('writes a schedule again only when its definition has changed, and takes no lock away', async () => {
    const job: Job = { name: 'seldom', schedule: SELDOM, perform: () => Promise.resolve() };
    await (await run(job)).stop();
    expect((await stored().findOne({ name: 'seldom' }))?.['nextRunAt'].toISOString()).to.match(/-12-31T16:00:00.000Z$/);
    const lockedAt = new Date();
    await stored().updateOne({ name: 'seldom' }, { $set: { lockedAt, lastModifiedBy: 'another', data: 'untouched' } });
    const before = await stored().findOne({ name: 'seldom' });
    await (await run(job)).stop();
    expect(await stored().findOne({ name: 'seldom' })).to.deep.equal(before);
    await (await run({ ...job, schedule: '0 0 2 1 *' })).stop();
    const after = await stored().findOne({ name: 'seldom' });
    expect(after).to.deep.include({ lockedAt, repeatInterval: '0 0 2 1 *' });
    expect(new Date(after?.['nextRunAt']).toISOString()).to.match(/-01-01T16:00:00.000Z$/);
  });

  it('catches up at its start with every job, in their order', async () => {
    const order: string[] = [];
    await run(
      ...jobs.map((job) => ({
        ...job,
        perform(parts: Parameters<Job['perform']>[0]) {
          order.push(job.name);
          return job.perform(parts);
        },
      })),
    );
    await until('all have run', () => order.length >= 9);
    expect(order.slice(0, 9)).to.deep.equal([
      'provisional',
      'timeouts',
      'calls',
      'plaza',
      'provider-queue',
      'staff-queue',
      'numbers',
      'call-ends',
      'recordings',
    ]);
  });

  it('does what is due, and gives the queues what is free', async () => {
    await errandsOf(database.connection).insertMany([
      errand('due', { dueAt: new Date(clock.now() - 1), left: 1 }),
      errand('provider', { queue: 'provider' }),
      errand('staff', { queue: 'staff' }),
      errand('not yet', { dueAt: new Date(clock.now() + HOUR), left: 1 }),
    ]);
    await make({}).start();
    await until('it is done', async () => (await errandsOf(database.connection).countDocuments({ done: [] })) === 1);
    expect(await errandsOf(database.connection).findOne({ done: [] })).to.have.property('_id', 'not yet');
  });

  it('runs a job again at the instant at which something falls due before its next turn', async () => {
    await errandsOf(database.connection).insertOne(errand('soon', { dueAt: new Date(clock.now() + 9_000), left: 1 }));
    const waiting = clock.waiting;
    await make({}).start();
    await until('it waits for the instant', () => clock.waiting > waiting);
    const done = async () => (await errandsOf(database.connection).findOne({ _id: 'soon' }))?.done ?? [];
    clock.advance(8_999);
    expect(await done()).to.deep.equal([]);
    clock.advance(1);
    await until('it is done', async () => (await done()).length > 0);
    expect(await done()).to.deep.equal([{ at: new Date(clock.now()) }]);
  });

  it('gives each turn to one of three workers', async () => {
    const turns = new Set<number>();
    let runs = 0;
    // The catching up of three starts is not a turn.
    const job: Job = {
      name: 'often',
      schedule: OFTEN,
      perform() {
        runs += 1;
        turns.add(Math.floor(Date.now() / 1_000));
        return Promise.resolve();
      },
    };
    await Promise.all([run(job), run(job), run(job)]);
    await until('each has caught up', () => runs >= 3);
    runs = 0;
    turns.clear();
    await until('three turns', () => runs >= 3);
    expect(turns.size).to.be.within(2, 3);
  });

  it('tries a job that failed again, says so, and goes on with the others', async () => {
    let tries = 0;
    let others = 0;
    await run(
      {
        name: 'fails',
        schedule: OFTEN,
        retry: { times: 2, afterMs: 50 },
        perform() {
          tries += 1;
          return tries < 4 ? Promise.reject(new Error('broken for a while')) : Promise.resolve();
        },
      },
      {
        name: 'other',
        schedule: OFTEN,
        perform() {
          others += 1;
          return Promise.resolve();
        },
      },
    );
    await until('it has worked', () => tries >= 4 && others >= 2);
    const told = faults.map((line) => JSON.parse(line));
    expect(told).to.have.length(3);
    for (const line of told) expect(line).to.deep.include({ job: 'fails', msg: 'a job failed: it is tried again' });
    expect(JSON.stringify(told)).to.include('broken for a while');
  });

  it('stops when its runs have ended, and leaves nothing locked', async () => {
    const { open, opened } = gate();
    const begun = gate();
    let runs = 0;
    let ended = 0;
    const job: Job = {
      name: 'long',
      schedule: OFTEN,
      async perform() {
        if ((await locked()) === 0) return;
        runs += 1;
        begun.open();
        await opened;
        ended += 1;
      },
    };
    const runner = await run(job);
    await within(begun.opened, 'a turn');
    const stopped = runner.stop();
    open();
    await within(stopped, 'the stop');
    // The catching up may be among them.
    expect(ended).to.equal(runs);
    expect(await locked()).to.equal(0);
  });

  it('gives back what it has locked ahead of its turn, and does not use that turn up', async () => {
    const job: Job = { name: 'ahead', schedule: SELDOM, perform: () => Promise.resolve() };
    await (await run(job)).stop();
    const nextRunAt = new Date(Date.now() + 30_000);
    await stored().updateOne({ name: 'ahead' }, { $set: { nextRunAt } });
    const runner = make({ jobs: [job], timing: { lookMs: 60_000, lockMs: 120_000 } });
    await runner.start();
    await until('it is locked', async () => (await locked()) === 1);
    await runner.stop();
    expect(await stored().findOne({ name: 'ahead' })).to.deep.include({ nextRunAt });
    expect(await locked()).to.equal(0);
  });

  it('leaves nothing locked when it stops while it looks for turns', async () => {
    const job: Job = { name: 'now', schedule: OFTEN, perform: () => Promise.resolve() };
    for (let round = 0; round < 10; round++) {
      const runner = await run(job);
      await runner.stop();
      expect(await locked(), `round ${round}`).to.equal(0);
    }
  });

  it('stops in time, with nothing locked, when a run does not end', async () => {
    const begun = gate();
    const { open, opened } = gate();
    const job: Job = {
      name: 'endless',
      schedule: OFTEN,
      async perform() {
        if ((await locked()) === 0) return;
        begun.open();
        await opened;
      },
    };
    const runner = await run(job);
    await within(begun.opened, 'a turn');
    await within(runner.stop(), 'the stop', 15_000);
    expect(await locked()).to.equal(0);
    open();
  });

  it('leaves the locks of other workers alone', async () => {
    const runner = await run({ name: 'seldom', schedule: SELDOM, perform: () => Promise.resolve() });
    await stored().updateOne({ name: 'seldom' }, { $set: { lockedAt: new Date(), lastModifiedBy: 'another' } });
    await runner.stop();
    expect(await locked()).to.equal(1);
  });

  it('renews the lock of a long run, so that no other worker begins it', async () => {
    const begun = gate();
    const { open, opened } = gate();
    let runs = 0;
    let areBothThere = false;
    const job: Job = {
      name: 'long',
      schedule: OFTEN,
      async perform() {
        // What each does when it starts, without a lock, is not counted.
        if (!areBothThere) return;
        runs += 1;
        begun.open();
        await opened;
      },
    };
    await run(job);
    await run(job);
    areBothThere = true;
    await within(begun.opened, 'a turn');
    const first = (await stored().findOne({ name: 'long' }))?.['lockedAt'];
    await until('the lock is older than it may get', async () => {
      const now = (await stored().findOne({ name: 'long' }))?.['lockedAt'];
      return new Date(now).getTime() - new Date(first).getTime() > 2 * TIMING.lockMs;
    });
    expect(runs).to.equal(1);
    open();
  });

  it('is not held up by the lock of a worker that was killed for longer than that holds', async () => {
    let runs = 0;
    const job: Job = {
      name: 'often',
      schedule: OFTEN,
      perform() {
        runs += 1;
        return Promise.resolve();
      },
    };
    await (await run(job)).stop();
    const lockedAt = new Date();
    await stored().updateOne(
      { name: 'often' },
      { $set: { lockedAt, lastModifiedBy: 'killed', nextRunAt: new Date(0) } },
    );
    runs = 0;
    await run(job);
    // The first is the catching up, which no lock holds up.
    await until('a turn', () => runs >= 2);
    expect(Date.now() - lockedAt.getTime()).to.be.greaterThan(TIMING.lockMs - 1);
  });
});
