import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import type { CommandInput } from '../../shared/contract/registry.ts';
import { GRABS_A_DAY } from '../../shared/contract/limits.ts';
import {
  COMPETITORS,
  DAY_MS,
  demandInput,
  HOUR_MS,
  publish,
  seedCompetitors,
  stateFor,
  third,
} from '../support/demands.ts';
import { people, type PersonName } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('opportunity.plaza and opportunity.grab', () => {
  const suite = wireSuite();
  before(() => seedCompetitors(suite.portal));

  const plaza = async (who: PersonName | Who, query: CommandInput<'opportunity.plaza'> = {}) =>
    suite.portal.call(who, 'opportunity.plaza', query);
  const ids = async (who: PersonName | Who, query: CommandInput<'opportunity.plaza'> = {}) =>
    (await plaza(who, { limit: 200, ...query })).items.map(({ id }) => id);
  /** Moves to a minute of the hour after the next full hour, with the job at each full hour. */
  async function toNextHour(): Promise<void> {
    const { clock } = suite;
    clock.advance(HOUR_MS - (clock.now() % HOUR_MS));
    await suite.context.sweeps.plaza();
  }
  async function shown(more: Partial<CommandInput<'opportunity.create'>> = {}): Promise<string> {
    const opportunityId = await publish(suite.portal, more);
    await toNextHour();
    return opportunityId;
  }

  it('shows a demand from the next full hour on, and not before', async () => {
    const { portal, clock } = suite;
    await toNextHour();
    const onTheHour = await publish(portal);
    clock.advance(59 * 60_000);
    const late = await publish(portal);
    clock.advance(59_999);
    await suite.context.sweeps.plaza();
    await suite.context.sweeps.timeouts();
    expect(await ids('admin')).to.not.include.members([onTheHour]);
    clock.advance(1);
    await suite.context.sweeps.plaza();
    const { items, refreshedAt, nextRefreshAt } = await plaza('admin');
    expect(items.map(({ id }) => id)).to.have.members([onTheHour, late]);
    const hour = new Date(clock.now()).toISOString();
    expect({ refreshedAt, since: items[0]?.since }).to.deep.equal({ refreshedAt: hour, since: hour });
    expect(Date.parse(nextRefreshAt) - clock.now()).to.equal(HOUR_MS);
    const [card] = items.filter(({ id }) => id === late);
    expect(card).to.have.all.keys('id', 'category', 'subCategory', 'title', 'details', 'budget', 'region', 'since');
    expect((await stateFor(portal, 'buyer', late)).plaza).to.deep.equal({ since: hour });
    const { entries } = await portal.call('buyer', 'entry.fetch', { roomId: late, stream: 'public' });
    expect(entries.map(({ body, actor }) => ['event' in body ? body.event : '', actor.side])).to.deep.equal([
      ['opportunity.published', 'service'],
      ['opportunity.shown', 'service'],
    ]);
  });

  it('is swept by the timers as well, and by a jump of the clock', async () => {
    const { portal, clock } = suite;
    const opportunityId = await publish(portal);
    expect(await suite.context.sweeps.nextDueAt()).to.equal(clock.now() + HOUR_MS - (clock.now() % HOUR_MS));
    clock.advance(3 * HOUR_MS);
    expect(await suite.context.sweeps.timeouts()).to.equal(1);
    expect(await ids('admin')).to.include(opportunityId);
  });

  it('filters by category and region, and pages newest first without a hole', async () => {
    const made: string[] = [];
    for (const [category, region] of [
      ['C1', 'R1'],
      ['C1', 'R2'],
      ['C2', 'R1'],
      ['C1', 'R1'],
      ['C1', 'R1'],
    ] as const)
      made.unshift(await shown({ category, region }));
    expect(await ids('admin', { category: 'C1', region: 'R1' })).to.deep.equal([made[0], made[1], made[4]]);
    expect(await ids('admin', { category: 'C1' })).to.deep.equal([made[0], made[1], made[3], made[4]]);
    expect(await ids('admin', { region: 'R1' })).to.deep.equal([made[0], made[1], made[2], made[4]]);
    const whole = await ids('admin');
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await plaza('admin', { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(paged).to.deep.equal(whole);
    expect(await ids('operator')).to.deep.equal(whole);
    for (const who of ['buyer', 'vendor'] as const) await refused(plaza(who), 'forbidden');
    await refused(plaza('admin', { cursor: 'x' }), 'invalid');
  });

  it('gives a grabbed one to its provider at once, out of its own plaza, and to the same one again', async () => {
    const { portal } = suite;
    const opportunityId = await shown();
    await refused(portal.call('admin', 'opportunity.get', { opportunityId }), 'not_found');
    const { opportunity } = await portal.call('admin', 'opportunity.grab', { opportunityId });
    expect(opportunity).to.include({ status: 'talking' });
    expect(opportunity.engagement).to.include({ origin: 'grabbed', status: 'following' });
    expect(opportunity.buyer).to.deep.equal({ id: 'buyer-1', org: 'buyers', name: 'Bao' });
    expect(await portal.call('admin', 'opportunity.grab', { opportunityId })).to.deep.equal({ opportunity });
    expect(await ids('admin')).to.not.include(opportunityId);
    expect(await ids('rival')).to.include(opportunityId);
    // It stays out however it ended.
    await portal.call('admin', 'opportunity.terminate', { opportunityId, reason: 'other' });
    expect(await ids('admin')).to.not.include(opportunityId);
    await refused(portal.call('admin', 'opportunity.grab', { opportunityId }), 'conflict');
    await refused(portal.call('idle', 'opportunity.grab', { opportunityId }), 'forbidden');
    const waiting = await publish(portal);
    await refused(portal.call('admin', 'opportunity.grab', { opportunityId: waiting }), 'not_found');
  });

  it('takes a full one out for others, who come too late, and shows it again when a place is free', async () => {
    const { portal } = suite;
    const opportunityId = await shown();
    const grabbers = Array.from({ length: 5 }, (_, n): Who => {
      return { ...third, sub: `many-${n}`, org: `many-${n}` };
    });
    for (const who of grabbers) await portal.call(who, 'opportunity.grab', { opportunityId });
    expect(await ids('rival')).to.not.include(opportunityId);
    const late = await refused(portal.call('rival', 'opportunity.grab', { opportunityId }), 'conflict');
    expect(late.message).to.match(/too late/);
    expect(late.error.details).to.deep.equal({ status: 'closed' });
    const [first] = grabbers;
    if (first === undefined) throw new Error('nobody has grabbed it');
    await portal.call(first, 'opportunity.terminate', { opportunityId, reason: 'no_capacity' });
    expect(await ids('rival')).to.include(opportunityId);
    await portal.call('rival', 'opportunity.grab', { opportunityId });
  });

  it('gives a company five a day, until midnight in Shanghai; what was refused costs none of them', async () => {
    const { portal, clock } = suite;
    const who: Who = { ...third, sub: 'greedy', org: 'greedy' };
    const demands: string[] = [];
    for (let n = 0; n < 2 * GRABS_A_DAY; n++) demands.push(await publish(portal));
    // To ten in the evening of the next day in Shanghai.
    clock.advance(2 * DAY_MS - 10 * HOUR_MS - (clock.now() % DAY_MS));
    await suite.context.sweeps.timeouts();
    const grab = (n: number) => portal.call(who, 'opportunity.grab', { opportunityId: demands[n] ?? '' });
    const revoked = demands.pop() ?? '';
    await portal.call('buyer', 'opportunity.revoke', { opportunityId: revoked });
    for (let n = 0; n < GRABS_A_DAY; n++) {
      await refused(portal.call(who, 'opportunity.grab', { opportunityId: revoked }), 'conflict');
      await grab(n);
    }
    const { error } = await refused(grab(GRABS_A_DAY), 'rate_limited');
    expect(error.retryAfterMs).to.equal(2 * HOUR_MS);
    await grab(0);
    clock.advance(2 * HOUR_MS - 1);
    await refused(grab(GRABS_A_DAY), 'rate_limited');
    clock.advance(1);
    await grab(GRABS_A_DAY);
  });

  it('works alike over Socket.IO', async () => {
    const { portal } = suite;
    const opportunityId = await shown();
    for (const who of COMPETITORS) {
      const client = await portal.connect(who);
      const before = await client.call('opportunity.plaza', { limit: 200 });
      expect(before.items.map(({ id }) => id)).to.include(opportunityId);
      const { opportunity } = await client.call('opportunity.grab', { opportunityId });
      expect(opportunity.engagement?.provider.org).to.equal(who.org);
    }
    const state = await stateFor(portal, 'buyer', opportunityId);
    expect(state.engagements?.map(({ provider }) => provider)).to.deep.equal([
      { org: 'studio', name: 'Studio' },
      { org: 'rivals', name: 'Rivals' },
      { org: 'atelier', name: 'Atelier' },
    ]);
    const socket = await portal.connect('buyer');
    const created = await socket.call('opportunity.create', demandInput());
    expect(created.opportunityId).to.equal(created.roomId);
    expect(people.buyer.org).to.equal(state.buyer?.org);
  });
});
