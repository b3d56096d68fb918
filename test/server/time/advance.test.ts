import { expect } from 'chai';
import type { Connection } from 'mongoose';
import { RoomError } from '../../../shared/contract/errors.ts';
import { CLOCK_JUMP_MAX_MS } from '../../../shared/contract/limits.ts';
import { systemClock } from '../../../server/clock.ts';
import type { Sweeps } from '../../../server/delivery/sweeps.ts';
import { Advance } from '../../../server/time/advance.ts';
import { ServiceClock } from '../../../server/time/service-clock.ts';
import { errand, errandsOf, errandSweeps } from '../../support/errands.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createSharedDatabase, type SharedDatabase } from '../../support/shared-database.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Friday, 10:00 in Shanghai. */
const START = Date.parse('2026-11-20T02:00:00Z');

describe("the service's clock", () => {
  let database: SharedDatabase;
  let connection: Connection;
  before(async () => {
    database = await createSharedDatabase();
    ({ connection } = database);
  });
  beforeEach(async () => {
    await connection.collection('clock').deleteMany({});
    await errandsOf(connection).deleteMany({});
  });
  after(() => database.drop());

  /** A server's own clock. */
  function serverClock(base = new ManualClock(START), movable = true): ServiceClock {
    return new ServiceClock({ base, wall: systemClock, connection, movable });
  }
  function advanceOf(clock: ServiceClock, sweeps: Sweeps = errandSweeps(connection, clock)): Advance {
    return new Advance({ clock, wall: systemClock, sweeps, timeZone: 'Asia/Shanghai' });
  }
  const doneOf = async (id: string): Promise<string[]> =>
    ((await errandsOf(connection).findOne({ _id: id }))?.done ?? []).map(({ at }) => at.toISOString());
  const refusal = async (work: Promise<unknown>): Promise<string> => {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof RoomError ? error.code : String(error);
  };

  it('is its base until it is moved, then ahead of it by what other servers and a later start learn too', async () => {
    const base = new ManualClock(START);
    const clock = serverClock(base);
    const other = serverClock();
    expect(clock.now()).to.equal(START);
    expect(await advanceOf(clock).jump((now) => now + DAY)).to.equal(START + DAY);
    base.advance(1_000);
    expect(clock.now()).to.equal(START + DAY + 1_000);
    expect(other.now()).to.equal(START);
    await other.learn();
    expect(other.now()).to.equal(START + DAY);
  });

  it('times by its base: a jump ends nothing that waits', async () => {
    const base = new ManualClock(START);
    const clock = serverClock(base);
    let called = 0;
    clock.after(HOUR, () => {
      called += 1;
    });
    await advanceOf(clock).jump((now) => now + DAY);
    expect(called).to.equal(0);
    base.advance(HOUR);
    expect(called).to.equal(1);
  });

  it('is its base outside demonstrations, whatever is stored', async () => {
    await advanceOf(serverClock()).jump((now) => now + DAY);
    const real = serverClock(new ManualClock(START), false);
    await real.learn();
    expect(real.now()).to.equal(START);
  });

  it('does what is due at its own time, and all of it before it arrives', async () => {
    await errandsOf(connection).insertMany([
      errand('once', { dueAt: new Date(START + 90_000), left: 1 }),
      errand('five times', { dueAt: new Date(START + HOUR + 7), left: 5, every: 7 * HOUR + 1 }),
      errand('already', { dueAt: new Date(START - DAY), left: 1 }),
      errand('after it', { dueAt: new Date(START + 2 * DAY + 1), left: 1 }),
    ]);
    const clock = serverClock();
    await advanceOf(clock).jump((now) => now + 2 * DAY);
    expect(await doneOf('once')).to.deep.equal([new Date(START + 90_000).toISOString()]);
    expect(await doneOf('five times')).to.deep.equal(
      [0, 1, 2, 3, 4].map((n) => new Date(START + HOUR + 7 + n * (7 * HOUR + 1)).toISOString()),
    );
    expect(await doneOf('already')).to.deep.equal([new Date(START).toISOString()]);
    expect(await doneOf('after it')).to.deep.equal([]);
  });

  it('looks at the queues where leave ends', async () => {
    const monday = Date.parse('2026-11-23T12:00:00+08:00');
    await errandsOf(connection).insertMany([
      errand('staff', { queue: 'staff', freeAt: new Date(monday) }),
      errand('provider', { queue: 'provider', freeAt: new Date(monday - 1) }),
    ]);
    await advanceOf(serverClock()).jump((now) => now + 14 * DAY);
    expect(await doneOf('staff')).to.deep.equal([new Date(monday).toISOString()]);
    expect(await doneOf('provider')).to.deep.equal([new Date(monday).toISOString()]);
  });

  it('does 250 errands that are due at one instant', async () => {
    await errandsOf(connection).insertMany(
      Array.from({ length: 250 }, (_, i) => errand(`many-${i}`, { dueAt: new Date(START + HOUR), left: 1 })),
    );
    await advanceOf(serverClock()).jump((now) => now + HOUR);
    expect(await errandsOf(connection).countDocuments({ left: 0 })).to.equal(250);
  });

  it('says what stays due, and has arrived all the same', async () => {
    const clock = serverClock();
    const stuck = { ...errandSweeps(connection, clock), nextDueAt: () => Promise.resolve(START + HOUR) };
    await errandsOf(connection).insertOne(errand('later', { dueAt: new Date(START + 2 * HOUR), left: 1 }));
    expect(await refusal(advanceOf(clock, stuck).jump((now) => now + DAY))).to.match(/stays due/);
    expect(clock.now()).to.equal(START + DAY);
    expect(await doneOf('later')).to.have.length(1);
    expect(await advanceOf(clock).jump((now) => now + 1)).to.equal(START + DAY + 1);
  });

  it('does not go back, nor further than ten years, and is not moved then', async () => {
    const clock = serverClock();
    for (const ms of [-1, CLOCK_JUMP_MAX_MS + 1])
      expect(await refusal(advanceOf(clock).jump((now) => now + ms))).to.equal('invalid');
    expect(clock.now()).to.equal(START);
    await clock.learn();
    expect(clock.now()).to.equal(START);
    expect(await advanceOf(clock).jump((now) => now + CLOCK_JUMP_MAX_MS)).to.equal(START + CLOCK_JUMP_MAX_MS);
  });

  it('makes one jump after the other, on whatever server: three at once go three times as far', async () => {
    await errandsOf(connection).insertOne(errand('each', { dueAt: new Date(START + 1), left: 12, every: 6 * HOUR }));
    const clocks = Array.from({ length: 3 }, () => serverClock());
    const arrived = await Promise.all(clocks.map((clock) => advanceOf(clock).jump((now) => now + DAY)));
    expect(arrived.sort((a, b) => a - b)).to.deep.equal([1, 2, 3].map((days) => START + days * DAY));
    const done = await doneOf('each');
    expect(done).to.have.length(12);
    expect(done).to.deep.equal(done.map((_, n) => new Date(START + 1 + n * 6 * HOUR).toISOString()));
  });

  it('is not moved by one whose time was taken over', async () => {
    const clock = serverClock();
    expect(await clock.claim('first')).to.equal(true);
    expect(await clock.claim('second')).to.equal(false);
    await clock.release('first');
    expect(await clock.claim('second')).to.equal(true);
    expect(await clock.moveTo(START + DAY, 'first')).to.equal(false);
    expect(clock.now()).to.equal(START);
  });

  it('is free again when the one that moved it has died', async () => {
    const wall = new ManualClock(START);
    const clock = new ServiceClock({ base: new ManualClock(START), wall, connection, movable: true });
    expect(await clock.claim('dies')).to.equal(true);
    wall.advance(29_000);
    expect(await clock.claim('next')).to.equal(false);
    wall.advance(1_000);
    expect(await clock.claim('next')).to.equal(true);
  });
});
