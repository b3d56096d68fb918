import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import type { Entry } from '../../shared/contract/entries.ts';
import { DAY_MS, demandInput, HOUR_MS, publish, seedCompetitors, stateFor, third } from '../support/demands.ts';
import { people, type PersonName } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('Engagements', () => {
  const suite = wireSuite();
  before(() => seedCompetitors(suite.portal));

  const events = async (who: PersonName | Who, roomId: string, stream: string): Promise<string[]> => {
    const { entries } = await suite.portal.call(who, 'entry.fetch', { roomId, stream, limit: 200 });
    return entries.map(nameOf);
  };
  const nameOf = ({ body }: Entry): string => {
    const { event = '', what } = body as { event?: string; what?: string };
    return what ?? event;
  };
  const engagementOf = async (opportunityId: string, org: string) => {
    const { engagements = [] } = await stateFor(suite.portal, 'operator', opportunityId);
    return engagements.findLast(({ provider }) => provider.org === org);
  };
  const record = (opportunityId: string, more: object = {}) => ({
    opportunityId,
    clientId: randomUUID(),
    connected: true,
    stage: 'understand' as const,
    text: 'They want forty kinds of tea',
    ...more,
  });
  const followed = (): Promise<string> =>
    publish(suite.portal, { kind: 'targeted', org: 'studio' }).then(async (opportunityId) => {
      await suite.portal.call('admin', 'opportunity.accept', { opportunityId });
      return opportunityId;
    });

  it('are offered by an operator, accepted within a day, and then in the room', async () => {
    const { portal, clock } = suite;
    const opportunityId = await publish(portal);
    const rival = await portal.connect('rival');
    const asked = rival.next('inbox', ({ roomId, stream }) => roomId === opportunityId && stream === 'desk:rivals');
    const { opportunity } = await portal.call('operator', 'opportunity.assign', { opportunityId, org: 'rivals' });
    expect(opportunity.engagements).to.have.length(1);
    expect((await asked).last).to.deep.include({ kind: 'notice' });
    await refused(portal.call('rival', 'entry.fetch', { roomId: opportunityId, stream: 'lane:rivals' }), 'not_found');
    expect(await events('rival', opportunityId, 'desk:rivals')).to.deep.equal(['offered']);
    clock.advance(DAY_MS - 1);
    const joined = await rival.call('room.join', { roomId: opportunityId });
    expect(joined.room.opportunity?.actions).to.have.members(['accept', 'reject']);
    const told = rival.next('opportunity');
    const accepted = await portal.call('rival', 'opportunity.accept', { opportunityId });
    expect((await told).engagement?.status).to.equal('following');
    expect(accepted.opportunity.engagement?.windowEndsAt).to.equal(new Date(clock.now() + 7 * DAY_MS).toISOString());
    expect(await portal.call('rival', 'opportunity.accept', { opportunityId })).to.deep.equal(accepted);
    expect(await events('rival', opportunityId, 'lane:rivals')).to.deep.equal([
      'engagement.began',
      'engagement.accepted',
      'provider_follows',
    ]);
    expect((await stateFor(portal, 'buyer', opportunityId)).status).to.equal('talking');
    for (const who of ['admin', 'idle'] as const)
      await refused(portal.call(who, 'opportunity.accept', { opportunityId }), 'not_found');
    for (const who of ['vendor', 'buyer', 'operator'] as const)
      await refused(portal.call(who, 'opportunity.accept', { opportunityId }), 'forbidden');
    await refused(portal.call('operator', 'opportunity.assign', { opportunityId, org: 'nobody' }), 'invalid');
    await refused(portal.call('operator', 'opportunity.assign', { opportunityId, org: 'rivals' }), 'conflict');
  });

  it('can be declined with a reason; the demand then seeks another provider', async () => {
    const { portal, clock } = suite;
    const opportunityId = await publish(portal, { kind: 'targeted', org: 'rivals' });
    clock.advance(HOUR_MS);
    const input = { opportunityId, reason: 'region', remark: 'Too far away' } as const;
    const answer = await portal.call('rival', 'opportunity.reject', input);
    expect(answer.opportunity).to.include({ status: 'closed' });
    expect(answer.opportunity.actions).to.deep.equal([]);
    // Who did not learn of it may ask again; what there is to read is theirs no more.
    expect(await portal.call('rival', 'opportunity.reject', input)).to.deep.equal(answer);
    await refused(portal.call('rival', 'opportunity.get', { opportunityId }), 'not_found');
    await refused(portal.call('rival', 'room.get', { roomId: opportunityId }), 'not_found');
    expect((await engagementOf(opportunityId, 'rivals'))?.ended).to.deep.include({
      reason: 'region',
      remark: 'Too far away',
    });
    const { seeking } = await stateFor(portal, 'operator', opportunityId);
    expect(seeking).to.equal(new Date(clock.now()).toISOString());
    expect(await events('operator', opportunityId, 'operator')).to.include('offer_rejected');
    const seen = await stateFor(portal, 'buyer', opportunityId);
    expect(seen).to.not.have.property('seeking');
    expect(JSON.stringify(seen)).to.not.include('Too far away');
    const sought = await portal.call('operator', 'opportunity.list', { seeking: true, limit: 200 });
    expect(sought.items.map(({ id }) => id)).to.include(opportunityId);
    await refused(portal.call('buyer', 'opportunity.list', { seeking: true }), 'forbidden');
    await portal.call('operator', 'opportunity.assign', { opportunityId, org: 'atelier' });
    const after = await portal.call('operator', 'opportunity.list', { seeking: true, limit: 200 });
    expect(after.items.map(({ id }) => id)).to.not.include(opportunityId);
    for (const bad of [{ reason: 'no_response' }, { reason: '' }])
      await refused(portal.call(third, 'opportunity.reject', { ...input, ...bad } as typeof input), 'invalid');
  });

  it('expire after 24 hours, whether a sweep has come by or not, and the operators are told', async () => {
    const { portal, clock, context } = suite;
    const swept = await publish(portal, { kind: 'targeted', org: 'studio' });
    const unswept = await publish(portal, { kind: 'targeted', org: 'studio' });
    clock.advance(DAY_MS);
    const refusal = await refused(portal.call('admin', 'opportunity.accept', { opportunityId: unswept }), 'conflict');
    expect(refusal.error.details).to.deep.equal({ status: 'closed', engagement: 'expired' });
    const admin = await portal.connect('admin');
    await admin.call('room.join', { roomId: swept });
    const gone = admin.next('access.revoked', ({ roomId, stream }) => roomId === swept && stream === undefined);
    await context.sweeps.timeouts();
    await gone;
    for (const opportunityId of [swept, unswept]) {
      expect(await events('operator', opportunityId, 'operator')).to.deep.equal([
        'opportunity.opened',
        'offer_expired',
      ]);
      expect(await engagementOf(opportunityId, 'studio')).to.deep.include({
        status: 'expired',
        ended: { at: new Date(clock.now()).toISOString(), reason: 'unanswered' },
      });
      await refused(portal.call('admin', 'opportunity.get', { opportunityId }), 'not_found');
      expect((await stateFor(portal, 'operator', opportunityId)).seeking).to.be.a('string');
    }
    expect(await context.sweeps.timeouts()).to.equal(0);
  });

  it('have a window that each communication record renews, and expire when it runs out', async () => {
    const { portal, clock, context } = suite;
    const opportunityId = await followed();
    for (let day = 1; day <= 3; day++) {
      clock.advance(6 * DAY_MS);
      const input = record(opportunityId);
      const { entry } = await portal.call('admin', 'opportunity.record', input);
      expect(entry).to.deep.include({ kind: 'record', stream: 'notes:studio', roomId: opportunityId });
      expect(entry.body).to.deep.include({ event: 'record.added', text: input.text, connected: true });
      clock.advance(HOUR_MS);
      const again = await portal.call('admin', 'opportunity.record', { ...input, text: 'Another wording' });
      expect(again.entry).to.deep.equal(entry);
      const ends = (await engagementOf(opportunityId, 'studio'))?.windowEndsAt;
      expect(ends).to.equal(new Date(clock.now() - HOUR_MS + 7 * DAY_MS).toISOString());
    }
    const { entries } = await portal.call('admin', 'entry.fetch', { roomId: opportunityId, stream: 'notes:studio' });
    expect(entries.map(({ kind }) => kind)).to.deep.equal(['record', 'record', 'record']);
    await refused(portal.call('buyer', 'entry.fetch', { roomId: opportunityId, stream: 'notes:studio' }), 'not_found');
    const seen = JSON.stringify(await stateFor(portal, 'buyer', opportunityId));
    expect(seen).to.not.match(/windowEndsAt|notes:/);
    clock.advance(7 * DAY_MS);
    expect(await context.sweeps.timeouts()).to.be.greaterThan(0);
    expect((await engagementOf(opportunityId, 'studio'))?.ended?.reason).to.equal('window');
    await refused(portal.call('admin', 'opportunity.record', record(opportunityId)), 'conflict');
    expect(await events('operator', opportunityId, 'operator')).to.include('window_expired');
    for (const bad of [{ stage: 'rating' }, { connected: 'yes' }, { text: ' ' }, { clientId: '1' }])
      await refused(portal.call('admin', 'opportunity.record', record(opportunityId, bad)), 'invalid');
  });

  it('give a record twenty times at once one entry', async () => {
    const { portal } = suite;
    const opportunityId = await followed();
    const input = record(opportunityId);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => portal.call('admin', 'opportunity.record', input)),
    );
    expect(new Set(answers.map(({ entry }) => JSON.stringify(entry))).size).to.equal(1);
    expect(await events('admin', opportunityId, 'notes:studio')).to.deep.equal(['record.added']);
  });

  it('are terminated by the provider with a reason for itself and the operators', async () => {
    const { portal } = suite;
    const opportunityId = await followed();
    const admin = await portal.connect('admin');
    await admin.call('room.join', { roomId: opportunityId });
    const gone = admin.next('access.revoked', ({ roomId }) => roomId === opportunityId);
    const input = { opportunityId, reason: 'not_serious', remark: 'They never answer' } as const;
    await refused(portal.call('idle', 'opportunity.terminate', input), 'not_found');
    const answer = await portal.call('admin', 'opportunity.terminate', input);
    await gone;
    expect(answer.opportunity.engagement?.ended).to.deep.include({ reason: 'not_serious' });
    expect(answer.opportunity).to.not.have.property('buyer');
    expect(await portal.call('admin', 'opportunity.terminate', input)).to.deep.equal(answer);
    await refused(portal.call('admin', 'opportunity.record', record(opportunityId)), 'conflict');
    await refused(portal.call('admin', 'entry.fetch', { roomId: opportunityId, stream: 'notes:studio' }), 'not_found');
    expect(await events('buyer', opportunityId, 'lane:studio')).to.include.members([
      'engagement.ended',
      'provider_left',
    ]);
    expect(JSON.stringify(await stateFor(portal, 'buyer', opportunityId))).to.not.match(/not_serious|never answer/);
    expect((await engagementOf(opportunityId, 'studio'))?.ended).to.deep.include({
      reason: 'not_serious',
      remark: 'They never answer',
    });
  });

  it('are all lost when the buyer revokes the demand, or an operator closes it', async () => {
    const { portal } = suite;
    for (const [who, end, status] of [
      ['buyer', 'opportunity.revoke', 'revoked'],
      ['operator', 'opportunity.close', 'closed'],
    ] as const) {
      const opportunityId = await publish(portal);
      for (const org of ['studio', 'rivals'])
        await portal.call('operator', 'opportunity.assign', { opportunityId, org });
      await portal.call('admin', 'opportunity.accept', { opportunityId });
      const input = { opportunityId, reason: 'A reason' };
      const { opportunity } =
        end === 'opportunity.revoke'
          ? await portal.call(who, end, { opportunityId, remark: 'Bought elsewhere' })
          : await portal.call('operator', end, input);
      expect(opportunity).to.deep.include({ status, actions: [] });
      expect(opportunity.engagements?.map((one) => one.status)).to.deep.equal(['lost', 'lost']);
      for (const provider of ['admin', 'rival'] as const) {
        const refusal = await refused(portal.call(provider, 'opportunity.accept', { opportunityId }), 'conflict');
        expect(refusal.error.details).to.deep.equal({ status, engagement: 'lost' });
        await refused(portal.call(provider, 'opportunity.get', { opportunityId }), 'not_found');
      }
      const again = portal.call('buyer', 'opportunity.revoke', { opportunityId });
      if (status === 'closed') await refused(again, 'conflict');
      else expect((await again).opportunity).to.deep.equal(opportunity);
      const sent = { roomId: opportunityId, stream: 'lane:studio', clientId: randomUUID(), text: 'x' };
      await refused(portal.call('buyer', 'message.send', sent), 'read_only');
      await portal.call('operator', 'message.send', { ...sent, clientId: randomUUID() });
      await refused(portal.call('operator', 'opportunity.assign', { opportunityId, org: 'atelier' }), 'conflict');
      for (const other of ['colleague', 'stranger', 'service', 'admin'] as const) {
        const code = other === 'service' || other === 'admin' ? 'forbidden' : 'not_found';
        await refused(portal.call(other, 'opportunity.revoke', { opportunityId }), code);
      }
    }
  });

  it('are suggested to operators with reasons, whoever has engaged already left out', async () => {
    const { portal } = suite;
    const category = `C-${randomUUID()}`;
    for (const [orgId, rating] of [
      ['studio', 5],
      ['rivals', 4],
      ['atelier', 3],
    ] as const)
      await portal.call('service', 'org.put', {
        orgId,
        name: orgId,
        categories: [category],
        regions: ['Zhejiang'],
        rating,
      });
    const opportunityId = await publish(portal, { category, subCategory: 'None' });
    const { items } = await portal.call('operator', 'opportunity.suggest', { opportunityId });
    expect(items.map(({ org }) => org)).to.deep.equal(['studio', 'rivals', 'atelier']);
    expect(items[0]?.because.map(({ factor }) => factor)).to.deep.equal(['category', 'region', 'load', 'rating']);
    await portal.call('operator', 'opportunity.assign', { opportunityId, org: 'studio' });
    await portal.call('admin', 'opportunity.reject', { opportunityId, reason: 'other' });
    await portal.call('operator', 'opportunity.assign', { opportunityId, org: 'rivals' });
    const left = await portal.call('operator', 'opportunity.suggest', { opportunityId });
    expect(left.items.map(({ org }) => org)).to.deep.equal(['atelier']);
    for (const who of ['buyer', 'admin', 'vendor', 'service'] as const)
      await refused(portal.call(who, 'opportunity.suggest', { opportunityId }), 'forbidden');
  });

  it('are listed for each side, newest activity first, by status', async () => {
    const { portal, clock } = suite;
    const who = { ...people.stranger, sub: 'lister', org: 'listers' };
    const made: string[] = [];
    for (let n = 0; n < 5; n++) {
      clock.advance(1_000);
      const input = demandInput({ kind: 'targeted', org: 'atelier' });
      made.unshift((await portal.call(who, 'opportunity.create', input)).opportunityId);
    }
    const [last = '', , third3 = ''] = made;
    clock.advance(1_000);
    await portal.call(third, 'opportunity.accept', { opportunityId: third3 });
    const list = async (caller: PersonName | Who, more: object = {}): Promise<string[]> =>
      (await portal.call(caller, 'opportunity.list', { limit: 200, ...more })).items.map(({ id }) => id);
    expect((await list(who)).slice(0, 2)).to.deep.equal([third3, last]);
    expect(await list(who, { status: 'talking' })).to.deep.equal([third3]);
    expect(await list(third, { status: 'talking' })).to.include(third3);
    expect((await list(third)).filter((id) => made.includes(id))).to.have.length(5);
    expect((await list('operator')).slice(0, 2)).to.deep.equal([third3, last]);
    expect(await list('service', { status: 'talking' })).to.include(third3);
    for (const other of ['admin', 'stranger', 'colleague'] as const)
      expect((await list(other)).filter((id) => made.includes(id))).to.deep.equal([]);
    await refused(portal.call('vendor', 'opportunity.list', {}), 'forbidden');
    for (const caller of [who, third, 'operator'] as const) {
      const whole = await list(caller);
      const paged: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await portal.call(caller, 'opportunity.list', {
          limit: 2,
          ...(cursor === undefined ? {} : { cursor }),
        });
        paged.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(paged).to.deep.equal(whole);
    }
  });
});
