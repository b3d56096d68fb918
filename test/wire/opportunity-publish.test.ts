import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { people } from '../support/portal.ts';
import { demandInput, publish, seedCompetitors, stateFor } from '../support/demands.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('opportunity.create', () => {
  const suite = wireSuite();
  const { sub: id, org, name } = people.buyer;
  const buyer = { id, org, name };
  before(() => seedCompetitors(suite.portal));

  it("publishes a buyer's demand, in a room with the first entries of its story", async () => {
    const { portal, clock } = suite;
    const { opportunityId, roomId } = await portal.call('buyer', 'opportunity.create', demandInput());
    expect(opportunityId).to.equal(roomId);
    expect(await stateFor(portal, 'buyer', opportunityId)).to.deep.equal({
      id: opportunityId,
      roomId,
      kind: 'normal',
      category: 'Websites',
      subCategory: 'Shops',
      title: 'A shop for tea',
      details: 'Forty kinds of tea, with pictures',
      budget: { min: '10000.00', max: '30000.50', currency: 'CNY' },
      region: 'Zhejiang',
      status: 'open',
      buyer,
      phoneVerified: false,
      shareContact: false,
      publisher: { side: 'buyer', org, name },
      places: 5,
      plaza: { since: null },
      engagements: [],
      actions: ['revoke'],
      version: 1,
      createdAt: new Date(clock.now()).toISOString(),
    });
    const { room } = await portal.call('buyer', 'room.get', { roomId });
    expect(room).to.deep.include({ kind: 'opportunity', title: 'A shop for tea', status: 'open' });
    expect(room.streams).to.deep.equal([{ stream: 'public', head: 1 }]);
    const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.map(({ kind, body }) => [kind, 'event' in body ? body.event : ''])).to.deep.equal([
      ['opportunity', 'opportunity.published'],
    ]);
  });

  it('gives the same demand for the same clientId, twenty times at once too, and another one to somebody else', async () => {
    const { portal } = suite;
    const input = demandInput();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => portal.call('buyer', 'opportunity.create', input)),
    );
    answers.push(await portal.call('buyer', 'opportunity.create', { ...input, title: 'Another' }));
    expect(new Set(answers.map(({ opportunityId }) => opportunityId)).size).to.equal(1);
    const other = await portal.call('colleague', 'opportunity.create', input);
    expect(other.opportunityId).to.not.equal(answers[0]?.opportunityId);
    const entries = await portal.call('buyer', 'entry.fetch', { roomId: answers[0]?.roomId ?? '', stream: 'public' });
    expect(entries.head).to.equal(1);
  });

  it('offers a targeted one to its provider at once, and to the plaza never', async () => {
    const { portal, clock } = suite;
    const opportunityId = await publish(portal, { kind: 'targeted', org: 'rivals' });
    const state = await stateFor(portal, 'rival', opportunityId);
    expect(state).to.include({ kind: 'targeted', status: 'open' });
    expect(state).to.not.have.any.keys('buyer', 'engagements', 'plaza', 'places', 'contact');
    expect(state.actions).to.have.members(['accept', 'reject']);
    expect(state.engagement).to.deep.include({ origin: 'targeted', status: 'offered', streams: ['desk:rivals'] });
    expect(state.engagement?.answerBy).to.equal(new Date(clock.now() + 24 * 3_600_000).toISOString());
    expect((await stateFor(portal, 'buyer', opportunityId)).plaza).to.equal(null);
    await refused(portal.call('admin', 'opportunity.get', { opportunityId }), 'not_found');
  });

  it('follows at once what a provider submits to itself, and gives the plaza what it submits to the platform', async () => {
    const { portal } = suite;
    const own = await portal.call('admin', 'opportunity.create', demandInput({ buyer, to: 'self' }));
    const state = await stateFor(portal, 'admin', own.opportunityId);
    expect(state).to.deep.include({ kind: 'targeted', status: 'talking', buyer });
    expect(state.engagement).to.deep.include({ origin: 'submitted', status: 'following' });
    expect(state.engagement?.streams).to.deep.equal(['lane:studio', 'notes:studio', 'desk:studio']);
    expect((await stateFor(portal, 'buyer', own.opportunityId)).publisher).to.deep.equal({
      side: 'provider',
      org: 'studio',
      name: 'Ai',
    });
    const given = await portal.call('admin', 'opportunity.create', demandInput({ buyer, to: 'platform' }));
    const { opportunityId } = given;
    await refused(portal.call('admin', 'opportunity.get', { opportunityId }), 'not_found');
    expect(await stateFor(portal, 'buyer', opportunityId)).to.deep.include({ kind: 'normal', plaza: { since: null } });
  });

  it('shows how to reach the buyer only to who follows, and only with consent', async () => {
    const { portal } = suite;
    const contact = { contactName: 'Bao', email: 'bao@example.com' };
    for (const shareContact of [true, false]) {
      const opportunityId = await publish(portal, { ...contact, shareContact, kind: 'targeted', org: 'rivals' });
      expect((await stateFor(portal, 'buyer', opportunityId)).contact).to.deep.equal({
        name: 'Bao',
        email: 'bao@example.com',
      });
      expect(await stateFor(portal, 'rival', opportunityId)).to.not.have.property('contact');
      await portal.call('rival', 'opportunity.accept', { opportunityId });
      const { contact: shown } = await stateFor(portal, 'rival', opportunityId);
      expect(shown).to.deep.equal(shareContact ? { name: 'Bao', email: 'bao@example.com' } : undefined);
      const { items } = await portal.call('rival', 'room.list', { kind: 'opportunity' });
      expect(JSON.stringify(items)).to.not.include('bao@example.com');
    }
  });

  it('refuses what does not hang together, and whoever may not publish', async () => {
    const { portal } = suite;
    const to = (who: keyof typeof people, more: object) =>
      portal.call(who, 'opportunity.create', demandInput(more as Partial<ReturnType<typeof demandInput>>));
    for (const more of [
      { kind: 'targeted' },
      { kind: 'targeted', org: 'nobody' },
      { org: 'rivals' },
      { buyer: { id: 'another', org, name: 'Another' } },
      { to: 'self' },
      { budget: { min: '2', max: '1' } },
      { budget: { min: '1.005' } },
      { budget: { min: 1 } },
      { title: '' },
      { details: '\u0000' },
      { clientId: 'x' },
    ])
      await refused(to('buyer', more), 'invalid');
    await refused(to('service', {}), 'invalid');
    await refused(to('admin', { buyer }), 'invalid');
    await refused(to('admin', { buyer, to: 'self', org: 'rivals' }), 'invalid');
    await refused(to('admin', { buyer, to: 'platform', kind: 'targeted' }), 'invalid');
    await refused(to('idle', { buyer, to: 'self' }), 'forbidden');
    await refused(to('vendor', {}), 'forbidden');
    const { opportunityId } = await portal.call('service', 'opportunity.create', demandInput({ buyer }));
    expect((await stateFor(portal, 'buyer', opportunityId)).buyer).to.deep.equal(buyer);
    await refused(portal.call('buyer', 'opportunity.get', { opportunityId: randomUUID() }), 'not_found');
  });
});
