import { randomInt, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { numbersUpkeep } from '../../server/app/open-numbers.ts';
import { readSettings } from '../../server/app/settings.ts';
import { systemClock } from '../../server/clock.ts';
import { directoryModels, type StaffDoc } from '../../server/directory/directory-store.ts';
import type { NumberDoc } from '../../server/numbers/vault-store.ts';
import type { ProjectRoom } from '../../server/rooms/room-doc.ts';
import { roomModel } from '../../server/rooms/room-model.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { until } from '../support/client.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { people, Portal } from '../support/portal.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { testNumbers } from '../support/vault.ts';

/** It is killed until a kill has come between a number and its owner, and so often at most. */
const KILLS_MAX = 15;
const KILLS_MIN = 3;
/** Calls at a time, and how many are answered before a kill. */
const AT_A_TIME = 24;
const ANSWERED = 150;
const PERSONS = 30;
const HOUR = 3_600_000;

/** Of a range that is reserved for examples. */
const someNumber = (): string => `+1202555${String(randomInt(100, 200)).padStart(4, '0')}`;

describe('a server that is killed while numbers come in', function () {
  this.timeout(240_000);
  let database: SharedDatabase;
  before(async () => {
    database = await createSharedDatabase();
  });
  after(() => database.drop());

  /** The ids in the vault, and those that people, projects and demands refer to. */
  async function looked(): Promise<{ kept: Set<string>; referred: Set<string> }> {
    const { connection } = database;
    const staff = await connection.collection<StaffDoc>('staff').find().toArray();
    const rooms = await connection.collection<ProjectRoom>('rooms').find().toArray();
    const numbers = await connection.collection<NumberDoc>('numbers').find().toArray();
    const ids = [
      ...staff.map(({ numberId }) => numberId),
      ...rooms.flatMap(({ project }) => [project.contactNumberId, project.demand?.numberId]),
    ];
    return {
      kept: new Set(numbers.map(({ _id }) => _id)),
      referred: new Set(ids.filter((id) => typeof id === 'string')),
    };
  }

  /** Calls of one kind or the other, until the server is gone. @returns how many were answered */
  async function bringIn(portal: Portal, isOver: () => boolean, answered: () => void): Promise<void> {
    const { sub: id, org, name } = people.buyer;
    while (!isOver()) {
      const phone = someNumber();
      try {
        if (randomInt(4) > 0) {
          const person = { userId: `person-${randomInt(PERSONS)}`, org: 'studio', name: 'P', maxLoad: 1 };
          await portal.call('service', 'staff.put', { ...person, roles: ['tester'], phone });
        } else {
          const buyer = { id, org, name, contact: { phone } };
          const order = { orderId: randomUUID(), productId: 'website', buyer };
          const { projectId } = await portal.call('service', 'project.create', order);
          const form = { contactName: 'B', phone: someNumber(), email: 'b@example.com', address: 'A', details: 'D' };
          const submit = { projectId, nodeId: 'demand', action: 'submit', visit: 1, form } as const;
          await Promise.allSettled([
            portal.call('buyer', 'node.act', submit),
            portal.call('buyer', 'node.act', { ...submit, form: { ...form, phone: someNumber() } }),
          ]);
        }
        answered();
      } catch (error) {
        // What the kill has cut off.
        if (!isOver()) throw error;
      }
    }
  }

  it('leaves no owner without its number; numbers without an owner are wiped after an hour, and no others', async () => {
    let orphans = 0;
    for (let kill = 0; kill < KILLS_MAX && (kill < KILLS_MIN || orphans === 0); kill++) {
      const server = await startServiceProcess({ ...database.env, JOBS: 'apart', LOG_LEVEL: 'info' });
      const portal = new Portal(server.url);
      if (kill === 0) await portal.seed();
      let over = false;
      let answered = 0;
      const calls = Array.from({ length: AT_A_TIME }, () =>
        bringIn(
          portal,
          () => over,
          () => {
            answered += 1;
          },
        ),
      );
      await until('some calls are answered', () => answered >= ANSWERED, 60_000);
      over = true;
      await server.end('SIGKILL');
      await Promise.all(calls);
      portal.close();
      const { kept, referred } = await looked();
      expect(
        [...referred].filter((id) => !kept.has(id)),
        'owners whose number is not there',
      ).to.deep.equal([]);
      orphans = [...kept].filter((id) => !referred.has(id)).length;
    }
    expect(orphans, 'numbers that a kill has left without an owner').to.be.greaterThan(0);

    const { connection } = database;
    const settings = readSettings({});
    const wall = new ManualClock(Date.now());
    const upkeep = numbersUpkeep({
      numbers: await testNumbers(connection),
      rooms: roomModel(connection),
      staff: directoryModels(connection).staff,
      settings,
      clock: systemClock,
      wall,
      stopping: () => false,
      log: createLog('silent'),
      onError(error) {
        throw error;
      },
    });
    const { kept: before } = await looked();
    await upkeep.run();
    expect((await looked()).kept).to.deep.equal(before);
    wall.advance(HOUR);
    expect(await upkeep.run()).to.equal(orphans);
    const { kept, referred } = await looked();
    expect(kept).to.deep.equal(referred);
    // Each of them opens still.
    const { vault } = await testNumbers(connection);
    const by = { id: 'test', side: 'service' } as const;
    for (const id of kept)
      expect((await vault.use(id, { by, purpose: 'call', roomId: null })).reveal()).to.match(/^\+12025550\d{3}$/);
  });
});
