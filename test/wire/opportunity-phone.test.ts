import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import type { Numbers } from '../../server/app/open-numbers.ts';
import type { NumberDoc } from '../../server/numbers/vault-store.ts';
import type { OpportunityRoom } from '../../server/rooms/room-doc.ts';
import { DAY_MS, demandInput, publish, seedCompetitors, stateFor } from '../support/demands.ts';
import { people } from '../support/portal.ts';
import { testNumbers } from '../support/vault.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

// Numbers of a range that is reserved for examples.
const [PHONE, NUMBER] = ['(202) 555-0147', '+12025550147'] as const;
const OFFICE = '+12025550158';

describe('the phones of a demand', () => {
  const suite = wireSuite({ DEMAND_PHONE: 'required', PHONE_REGION: 'US' });
  const { sub: id, org, name } = people.buyer;
  let numbers: Numbers;
  before(async () => {
    await seedCompetitors(suite.portal);
    numbers = await testNumbers(suite.database.connection, { clock: suite.clock });
  });

  const roomOf = (roomId: string) =>
    suite.database.connection.collection<OpportunityRoom>('rooms').findOne({ _id: roomId });
  const keptOf = async (roomId: string) =>
    (await suite.database.connection.collection<NumberDoc>('numbers').find({ 'owner.id': roomId }).toArray()).map(
      ({ _id }) => _id,
    );
  const revealed = async (numberId: string) =>
    (
      await numbers.vault.use(numberId, { by: { id: 'test', side: 'service' }, purpose: 'call', roomId: null })
    ).reveal();
  const codeFor = async (phone: string): Promise<string> => {
    await suite.portal.call('buyer', 'phone.sendCode', { phone });
    return suite.codes.at(-1) ?? '';
  };

  it('are verified by the code that was sent there, once, however often and at once it is published', async () => {
    const { portal } = suite;
    const input = demandInput({ phone: PHONE, code: await codeFor(PHONE) });
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => portal.call('buyer', 'opportunity.create', input)),
    );
    const ids = new Set(answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.opportunityId] : [])));
    ids.add((await portal.call('buyer', 'opportunity.create', input)).opportunityId);
    expect(ids.size).to.equal(1);
    const [opportunityId = ''] = ids;
    expect(await stateFor(portal, 'buyer', opportunityId)).to.include({ phoneVerified: true });
    const { numbers: held } = (await roomOf(opportunityId)) ?? {};
    expect(held?.map((one) => one.org)).to.deep.equal([null]);
    expect(await revealed(held?.[0]?.numberId ?? '')).to.equal(NUMBER);
    expect(await keptOf(opportunityId)).to.have.length(1);
    // It is used up.
    const again = demandInput({ phone: PHONE, code: input.code ?? '' });
    expect((await refused(portal.call('buyer', 'opportunity.create', again), 'invalid')).error.details).to.deep.equal([
      { path: 'code', reason: 'is not the code that was sent to this phone last, or is over: ask for another one' },
    ]);
  });

  it('are required of buyers, with their code, and of nobody who publishes for one', async () => {
    const { portal } = suite;
    const { error } = await refused(portal.call('buyer', 'opportunity.create', demandInput()), 'invalid');
    expect(error.details).to.deep.equal([
      { path: 'phone', reason: 'is required: a demand is published with a phone' },
      { path: 'code', reason: 'is required: phone.sendCode sends one to the phone' },
    ]);
    await refused(portal.call('buyer', 'opportunity.create', demandInput({ phone: PHONE })), 'invalid');
    for (const who of ['service', 'operator'] as const) {
      const opportunityId = await publish(portal, { buyer: { id, org, name }, phone: PHONE }, who);
      expect(await stateFor(portal, 'buyer', opportunityId)).to.include({ phoneVerified: false });
      expect(await keptOf(opportunityId)).to.have.length(1);
    }
  });

  it('of a provider are kept with its acceptance, and wiped some days after the demand has ended', async () => {
    const { portal, clock, context } = suite;
    const opportunityId = await publish(
      portal,
      { kind: 'targeted', org: 'rivals', buyer: { id, org, name }, phone: PHONE },
      'service',
    );
    await portal.call('rival', 'opportunity.accept', { opportunityId, phone: OFFICE });
    const held = (await roomOf(opportunityId))?.numbers ?? [];
    expect(held.map((one) => one.org)).to.deep.equal([null, 'rivals']);
    expect(await revealed(held[1]?.numberId ?? '')).to.equal(OFFICE);
    for (const who of ['buyer', 'rival', 'operator', 'service'] as const) {
      const seen = JSON.stringify(await stateFor(portal, who, opportunityId));
      expect(seen).to.not.match(/555.?01(47|58)/);
    }
    await portal.call('buyer', 'opportunity.revoke', { opportunityId });
    clock.advance(29 * DAY_MS);
    await context.sweeps.numbers();
    expect(await keptOf(opportunityId)).to.have.length(2);
    clock.advance(DAY_MS);
    await context.sweeps.numbers();
    expect(await keptOf(opportunityId)).to.deep.equal([]);
  });
});
