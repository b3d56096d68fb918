import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { NumberDoc, NumberUseDoc } from '../../server/numbers/vault-store.ts';
import { CALL_RING_MS } from '../../shared/contract/limits.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { PHONES, Phones } from '../support/phones.ts';
import { Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { refused } from '../support/wire-suite.ts';

/** One of several servers, and the phones that ring through it. */
interface Office {
  readonly server: TestService;
  readonly portal: Portal;
  readonly phones: Phones;
}

describe('Races of calls on two servers', () => {
  const ROUNDS = 8;
  let database: SharedDatabase;
  let clock: ManualClock;
  let offices: Office[] = [];
  const one = (): Office => at(0);
  const other = (): Office => at(1);

  function at(index: number): Office {
    const office = offices[index];
    if (office === undefined) throw new Error('there is no such server');
    return office;
  }

  beforeEach(() => {
    clock = new ManualClock();
  });
  afterEach(async () => {
    for (const { portal, server } of offices.splice(0)) {
      portal.close();
      await server.stop();
    }
    await database.drop();
  });

  async function open(more: Record<string, string> = {}): Promise<void> {
    database = await createSharedDatabase();
    offices = [];
    for (let n = 0; n < 2; n++) {
      const server = await startTestService({
        database,
        env: { CALL_DAILY_LIMIT: '3', ...more },
        overrides: { clock },
      });
      const portal = new Portal(server.service.url);
      offices.push({ server, portal, phones: new Phones({ portal, clock, context: server.context }) });
    }
    await one().portal.seed();
    await one().phones.seed();
  }

  const factsOf = async (roomId: string): Promise<string[]> =>
    (await one().phones.told('operator', roomId)).facts.map(({ event }) => event);
  const idle = () => Promise.all(offices.map(({ server }) => server.context.calls.idle()));

  it('are one at a time for two people, whichever server each of them asks', async () => {
    await open({ CALL_DAILY_LIMIT: '1000' });
    const roomId = await one().phones.project();
    for (let round = 0; round < ROUNDS; round++) {
      const asked = await Promise.allSettled([
        one().phones.place('admin', 'buyer', { roomId, fromNumber: PHONES.given }),
        other().phones.place('buyer', 'admin', { roomId, fromNumber: PHONES.given }),
        other().phones.place('admin', 'buyer', { roomId }),
      ]);
      const placed = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(placed).to.have.length(1);
      for (const each of asked) if (each.status === 'rejected') await refused(Promise.reject(each.reason), 'conflict');
      for (const { id: callId } of placed) await one().portal.call('operator', 'call.cancel', { roomId, callId });
    }
    await idle();
    expect((await factsOf(roomId)).filter((event) => event === 'call.requested')).to.have.length(ROUNDS);
    const numbers = database.connection.collection<NumberDoc>('numbers');
    expect(await numbers.countDocuments({ 'owner.kind': 'call' })).to.equal(0);
  });

  it('are not more for a caller than the day allows, whatever is asked for at once', async () => {
    await open();
    const roomId = await one().phones.project();
    for (let n = 0; n < 10; n++)
      await one().portal.call('buyer', 'member.add', { roomId, userId: `many-${n}`, name: `Many ${n}` });
    const asked = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => at(n % 2).phones.place('admin', `many-${n}`, { roomId })),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).to.have.length(3);
    for (const each of asked)
      if (each.status === 'rejected') await refused(Promise.reject(each.reason), 'rate_limited');
  });

  it('are handed over once, however often and wherever they are agreed to', async () => {
    await open({ CALL_APPROVAL: 'callee', CALL_DAILY_LIMIT: '1000' });
    const uses = database.connection.collection<NumberUseDoc>('numberUses');
    for (let round = 0; round < ROUNDS; round++) {
      const roomId = await one().phones.project();
      const { id: callId } = await one().phones.place('admin', 'buyer', { roomId });
      await Promise.all([0, 1, 0, 1].map((n) => at(n).portal.call('buyer', 'call.approve', { roomId, callId })));
      expect(await uses.countDocuments({ roomId })).to.equal(2);
      await one().portal.call('buyer', 'call.cancel', { roomId, callId });
      expect(await factsOf(roomId)).to.deep.equal(['call.requested', 'call.approved', 'call.ended']);
    }
  });

  it('are agreed to or cancelled: of the two at once one wins, and nobody is rung for a call that is over', async () => {
    await open({ CALL_APPROVAL: 'callee', CALL_DAILY_LIMIT: '1000' });
    const roomId = await one().phones.project();
    for (let round = 0; round < ROUNDS; round++) {
      const { id: callId } = await one().phones.place('admin', 'buyer', { roomId });
      await Promise.allSettled([
        one().portal.call('buyer', 'call.approve', { roomId, callId }),
        other().portal.call('admin', 'call.cancel', { roomId, callId }),
      ]);
      await idle();
      expect(await one().phones.seen('buyer', { roomId, id: callId })).to.deep.include({ state: 'cancelled' });
      clock.advance(60_000);
      await idle();
      const { facts } = await one().phones.told('operator', roomId);
      const own = facts.filter((fact) => fact.callId === callId).map(({ event }) => event);
      expect(own.filter((event) => event !== 'call.approved')).to.deep.equal(['call.requested', 'call.ended']);
    }
  });

  it('end at another server than they began at, and what is heard afterwards changes nothing', async () => {
    await open();
    const roomId = await one().phones.project();
    const { id: callId } = await one().phones.place('admin', 'buyer', { roomId });
    await one().phones.after(1000);
    await other().portal.call('buyer', 'call.cancel', { roomId, callId });
    // The phones of the first server ring on: they are in its process.
    await one().phones.after(60_000);
    expect(await factsOf(roomId)).to.deep.equal(['call.requested', 'call.ringing', 'call.ended']);
    expect(await other().phones.seen('admin', { roomId, id: callId })).to.deep.include({ reason: 'by_callee' });
  });

  it('whose server is gone are settled by the other one, once', async () => {
    await open();
    const roomId = await one().phones.project();
    const { id: callId } = await other().phones.place('admin', 'buyer', { roomId });
    await other().phones.after(1000);
    await other().server.stop();
    clock.advance(CALL_RING_MS);
    const { calls } = one().server.context;
    const ended = await Promise.all([calls.settle(), calls.settle(), calls.settle()]);
    expect(ended.reduce((sum, many) => sum + many, 0)).to.equal(1);
    await idle();
    expect(await factsOf(roomId)).to.deep.equal(['call.requested', 'call.ringing', 'call.ended']);
    expect(await one().phones.seen('buyer', { roomId, id: callId })).to.deep.include({
      state: 'failed',
      reason: 'unreported',
    });
  });
});
