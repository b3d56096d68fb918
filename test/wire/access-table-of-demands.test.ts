import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type CommandName, commandNames } from '../../shared/contract/registry.ts';
import { AccessCalls, CALLERS, type CallerName, type Row, whoIs } from '../support/access-calls.ts';
import { demandInput, HOUR_MS, proposalInput, publish, seedCompetitors } from '../support/demands.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { message, people, type PersonName, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';

interface Fixture {
  /** The studio and its rivals follow it, each with a proposal. */
  demand: string;
  /** As that, and nobody has acted on it; with a proposal of the studio's. */
  fresh: { opportunityId: string; proposalId: string };
  /** Offered to the studio. */
  offered: string;
  /** Shown by the plaza, and nobody is in it. */
  shown: string;
  /** In the studio's lane, of its admin to the buyer; and whom somebody else would call there. */
  call: { callId: string; to: string };
}

const LANE = 'lane:studio';
/** Of a range that is reserved for examples. */
const PHONE = '+1 202 555 0123';
const { sub: id, org, name: buyerName } = people.buyer;
const buyer = { id, org, name: buyerName };
const own = (f: Fixture) => ({ opportunityId: f.demand });
const of = (stream: string) => (f: Fixture) => ({ roomId: f.demand, stream });
const write = (stream: string) => (f: Fixture) => message(f.demand, 'canary-free', { stream });
const record = (f: Fixture) => ({
  ...own(f),
  clientId: randomUUID(),
  connected: true,
  stage: 'price',
  text: 'canary-free',
});
const payment = (f: Fixture) => ({ ...f.fresh, paymentId: randomUUID(), orderId: randomUUID() });

// The columns, in the order of CALLERS:
//                                                          anonymous
//                                                          | stranger
//                                                          | | other of the org
//                                                          | | | buyer
//                                                          | | | | colleague
//                                                          | | | | | former
//                                                          | | | | | | admin
//                                                          | | | | | | | added
//                                                          | | | | | | | | not added
//                                                          | | | | | | | | | inactive
//                                                          | | | | | | | | | | rival
//                                                          | | | | | | | | | | | vendor
//                                                          | | | | | | | | | | | | manager
//                                                          | | | | | | | | | | | | | vendor staff
//                                                          | | | | | | | | | | | | | | other vendor
//                                                          | | | | | | | | | | | | | | | operator
//                                                          | | | | | | | | | | | | | | | | service
// biome-ignore format: it is a table
const TABLE: readonly Row<Fixture>[] = [
  ['opportunity.create', "a buyer's",                      'u o o o o o i f f u i f f f f i i', () => demandInput()],
  ['opportunity.create', "for a customer, to itself",      'u i i i i i o f f u o f f f f i i', () => demandInput({ buyer, to: 'self' })],
  ['opportunity.create', 'for a customer',                 'u i i o i i i f f u i f f f f o o', () => demandInput({ buyer })],
  ['opportunity.get', 'the demand',                        'u n n o o n o o n u o f f f f o o', own],
  ['opportunity.get', 'one that the plaza shows',          'u n n o n n n n n u n f f f f o o', (f) => ({ opportunityId: f.shown })],
  ['opportunity.list', 'own demands',                      'u o o o o o o o o u o f f f f o o', () => ({})],
  ['opportunity.list', 'those that seek a provider',       'u f f f f f f f f u f f f f f o o', () => ({ seeking: true })],
  ['opportunity.plaza', 'what there is to grab',           'u f f f f f o o o u o f f f f o o', () => ({})],
  ['opportunity.grab', 'one that the plaza shows',         'u f f f f f o f f u o f f f f f f', (f) => ({ opportunityId: f.shown })],
  ['opportunity.grab', 'one that it is in already',        'u f f f f f o f f u o f f f f f f', own],
  ['opportunity.suggest', 'for the demand',                'u f f f f f f f f u f f f f f o f', own],
  ['opportunity.assign', 'to a company',                   'u f f f f f f f f u f f f f f o f', (f) => ({ opportunityId: f.shown, org: 'atelier' })],
  ['opportunity.accept', 'an offer to the studio',         'u f f f f f o n n u n f f f f f f', (f) => ({ opportunityId: f.offered })],
  ['opportunity.reject', 'an offer to the studio',         'u f f f f f o n n u n f f f f f f', (f) => ({ opportunityId: f.offered, reason: 'other' })],
  ['opportunity.record', 'a communication record',         'u f f f f f o o n u o f f f f f f', record],
  ['opportunity.terminate', 'its service',                 'u f f f f f o f n u o f f f f f f', (f) => ({ opportunityId: f.fresh.opportunityId, reason: 'other' })],
  ['opportunity.revoke', 'the demand',                     'u n n o o n f f f u f f f f f f f', (f) => ({ opportunityId: f.fresh.opportunityId })],
  ['opportunity.close', 'the demand',                      'u f f f f f f f f u f f f f f o f', (f) => ({ opportunityId: f.fresh.opportunityId, reason: 'r' })],
  ['opportunity.reportPaid', "the studio's proposal",      'u f f f f f f f f u f f f f f f o', payment],
  ['proposal.send', "with the studio's product",           'u f f f f f o o n u i f f f f f f', (f) => proposalInput(f.demand, 'studio')],
  ['proposal.withdraw', "the studio's",                    'u f f f f f o o n u n f f f f f f', (f) => f.fresh],
  ['proposal.list', 'of the demand',                       'u n n o o n o o n u o f f f f o o', own],
  ['desk.list', 'what is not answered',                    'u f f f f f f f f u f f f f f o f', () => ({})],
  ['room.get', 'the demand',                               'u n n o o n o o n u o n n n n o o', (f) => ({ roomId: f.demand })],
  ['room.join', 'the demand',                              'u n n o o n o o n u o n n n n o f', (f) => ({ roomId: f.demand })],
  ['room.list', 'demands',                                 'u o o o o o o o o u o o o o o o o', () => ({ kind: 'opportunity' })],
  ['member.list', 'of the demand',                         'u n n o o n o o n u o n n n n o o', (f) => ({ roomId: f.demand })],
  ['project.get', 'the demand, which is no project',       'u n n n n n n n n u n n n n n n n', (f) => ({ projectId: f.demand })],
  ['entry.fetch', 'public',                                'u n n o o n o o n u o n n n n o o', of('public')],
  ['entry.fetch', 'the operators',                         'u n n n n n n n n u n n n n n o n', of('operator')],
  ['entry.fetch', "the studio's lane",                     'u n n o o n o o n u n n n n n o n', of('lane:studio')],
  ['entry.fetch', "the studio's notes",                    'u n n n n n o o n u n n n n n o n', of('notes:studio')],
  ['entry.fetch', "the studio's desk",                     'u n n n n n o o n u n n n n n o n', of('desk:studio')],
  ['entry.fetch', "the rivals' lane",                      'u n n o o n n n n u o n n n n o n', of('lane:rivals')],
  ['entry.fetch', "the rivals' notes",                     'u n n n n n n n n u o n n n n o n', of('notes:rivals')],
  ['entry.fetch', "the rivals' desk",                      'u n n n n n n n n u o n n n n o n', of('desk:rivals')],
  ['message.send', 'public',                               'u n n f f n f f n u f n n n n o f', write('public')],
  ['message.send', "the studio's lane",                    'u n n o o n o o n u n n n n n o f', write('lane:studio')],
  ['message.send', "the studio's notes",                   'u n n n n n o o n u n n n n n o f', write('notes:studio')],
  ['message.send', "the rivals' desk",                     'u n n n n n n n n u o n n n n o f', write('desk:rivals')],
  ['call.place', "in the studio's lane",                    'u n n o o n o o n u n f f f f f f', (f) => ({ roomId: f.demand, stream: LANE, to: f.call.to, fromNumber: PHONE })],
  ['call.place', 'in public',                              'u n n f f n f f n u f f f f f f f', (f) => ({ roomId: f.demand, stream: 'public', to: f.call.to })],
  ['call.place', "in the studio's notes",                  'u n n n n n f f n u n f f f f f f', (f) => ({ roomId: f.demand, stream: 'notes:studio', to: f.call.to })],
  ['call.approve', 'what waits for nobody',                'u n n o f n o f n u n f f f f o f', (f) => ({ roomId: f.demand, callId: f.call.callId })],
  ['call.cancel', "the admin's to the buyer",              'u n n o f n o f n u n f f f f o f', (f) => ({ roomId: f.demand, callId: f.call.callId })],
  ['call.list', 'of the demand',                           'u n n o o n o o n u o n n n n o o', (f) => ({ roomId: f.demand })],
  ['call.list', "of the studio's lane",                    'u n n o o n o o n u n n n n n o n', (f) => ({ roomId: f.demand, stream: LANE })],
  ['read.mark', "the studio's lane",                       'u n n o o n o o n u n n n n n o f', (f) => ({ roomId: f.demand, stream: 'lane:studio', seq: 1 })],
  ['typing.set', "the rivals' lane",                       'u n n o o n n n n u o n n n n o f', (f) => ({ roomId: f.demand, stream: 'lane:rivals', typing: true })],
];

describe('Every command of demands x every kind of caller', () => {
  let database: SharedDatabase;
  let server: TestService;
  let portal: Portal;
  let calls: AccessCalls;
  const clock = new ManualClock();
  let demand = '';
  let target: Fixture;
  /** What each party of the demand has written, by where it stands. */
  const canaries = new Map<string, string[]>();

  before(async () => {
    database = await createSharedDatabase();
    server = await startTestService({ database, overrides: { clock }, env: { CALL_DAILY_LIMIT: '10000' } });
    portal = new Portal(server.service.url);
    await portal.seed();
    await seedCompetitors(portal);
    const { sub: userId, ...studio } = people.admin;
    const reached = { userId, org: studio.org, name: studio.name, roles: [...studio.roles], maxLoad: 5, phone: PHONE };
    await portal.call('service', 'staff.put', reached);
    demand = (await followed()).opportunityId;
    target = {
      demand,
      fresh: { opportunityId: demand, proposalId: 'none' },
      offered: await offered(),
      shown: await shown(),
      call: { callId: '', to: '' },
    };
    await staff(demand);
    calls = await AccessCalls.open(portal);
    await calls.socket('former')?.call('room.join', { roomId: demand });
    await portal.call('buyer', 'member.remove', { roomId: demand, userId: 'former-1' });
    const { sub, org: company, name, roles } = people.inactive;
    const inactive = { userId: sub, org: company, name, roles: [...roles], maxLoad: 0, active: false };
    await portal.call('service', 'staff.put', inactive);
    await speak();
  });
  after(async () => {
    portal.close();
    await server.stop();
    await database.drop();
  });

  async function followed(): Promise<Fixture['fresh']> {
    const opportunityId = await publish(portal, { phone: PHONE });
    for (const [who, provider] of [
      ['admin', 'studio'],
      ['rival', 'rivals'],
    ] as const) {
      await portal.call('operator', 'opportunity.assign', { opportunityId, org: provider });
      await portal.call(who, 'opportunity.accept', { opportunityId });
    }
    const { proposal } = await portal.call('admin', 'proposal.send', proposalInput(opportunityId, 'studio'));
    return { opportunityId, proposalId: proposal.id };
  }
  const offered = () => publish(portal, { kind: 'targeted', org: 'studio' });
  async function shown(): Promise<string> {
    const opportunityId = await publish(portal);
    clock.advance(HOUR_MS);
    await server.context.sweeps.plaza();
    return opportunityId;
  }
  async function staff(roomId: string): Promise<void> {
    const { colleague, designer } = people;
    for (const { sub, name } of [colleague, { sub: 'former-1', name: 'Fang' }])
      await portal.call('buyer', 'member.add', { roomId, userId: sub, name });
    await portal.call('admin', 'member.add', { roomId, userId: designer.sub, name: designer.name });
  }

  /** Each party says something in each of its streams, and does what leaves a trace, while everybody is connected. */
  async function speak(): Promise<void> {
    const said = (where: string): string => {
      const text = `canary-${randomUUID()}`;
      canaries.set(where, [...(canaries.get(where) ?? []), text]);
      return text;
    };
    const say = async (who: PersonName, stream: string): Promise<void> => {
      const { entry } = await portal.call(who, 'message.send', message(demand, said(stream), { stream }));
      canaries.get(stream)?.push(entry.id);
    };
    await say('operator', 'operator');
    for (const [who, provider] of [
      ['admin', 'studio'],
      ['rival', 'rivals'],
    ] as const) {
      for (const stream of [`lane:${provider}`, `notes:${provider}`, `desk:${provider}`]) {
        await say(who, stream);
        await say('operator', stream);
      }
      await say('buyer', `lane:${provider}`);
      const { entry } = await portal.call(who, 'opportunity.record', {
        opportunityId: demand,
        clientId: randomUUID(),
        connected: false,
        stage: 'ready',
        text: said(`notes:${provider}`),
      });
      canaries.get(`notes:${provider}`)?.push(entry.id);
      const input = proposalInput(demand, provider, {
        name: said(`proposals:${provider}`),
        remark: said(`proposals:${provider}`),
      });
      const { proposal } = await portal.call(who, 'proposal.send', input);
      canaries.get(`proposals:${provider}`)?.push(proposal.id, proposal.engagementId);
    }
  }

  /** Whoever is asked for is not being called already. */
  async function callFor(command: CommandName, name: CallerName): Promise<Fixture['call']> {
    const roomId = demand;
    const to = whoIs(name)?.side === 'buyer' ? people.admin.sub : people.buyer.sub;
    const { items } = await portal.call('operator', 'call.list', { roomId, limit: 200 });
    for (const { id: callId, endedAt } of items)
      if (endedAt === undefined) await portal.call('operator', 'call.cancel', { roomId, callId });
    if (command === 'call.place') return { callId: '', to };
    const asked = { roomId, to: people.buyer.sub, fromNumber: PHONE };
    const { call } = await portal.call('admin', 'call.place', asked);
    return { callId: call.id, to };
  }

  /** A fresh target for each cell that succeeds; whoever is refused may be so again. */
  async function fixture([command, , , input]: Row<Fixture>, name: CallerName, isAllowed: boolean): Promise<Fixture> {
    if (command.startsWith('call.')) return { ...target, call: await callFor(command, name) };
    if (!isAllowed || input === own) return target;
    switch (command) {
      case 'opportunity.grab':
      case 'opportunity.assign':
        return { ...target, shown: await shown() };
      case 'opportunity.accept':
      case 'opportunity.reject':
        return { ...target, offered: await offered() };
      case 'opportunity.terminate':
      case 'opportunity.revoke':
      case 'opportunity.close':
      case 'opportunity.reportPaid':
      case 'proposal.withdraw': {
        const fresh = await followed();
        if (name === 'colleague' || name === 'added') await staff(fresh.opportunityId);
        return { ...target, fresh };
      }
      default:
        return target;
    }
  }

  it('has a row for every command of demands, and a letter for every caller', () => {
    const named = new Set<string>(TABLE.map(([command]) => command));
    expect(
      commandNames.filter((name) => /^(opportunity|proposal|desk)\./.test(name)).filter((name) => !named.has(name)),
    )
      .to.deep //
      .equal([]);
    for (const [command, what, expected] of TABLE)
      expect(expected.split(' '), `${command} ${what}`).to.have.length(CALLERS.length);
  });

  for (const row of TABLE) {
    const [command, what] = row;
    it(`${command}: ${what}`, () => calls.expectRow(row, (name, isAllowed) => fixture(row, name, isAllowed)));
  }

  it('has shown nobody what they must not see, in no answer, error or event', async () => {
    const studio: CallerName[] = ['admin', 'added'];
    const buyers: CallerName[] = ['buyer', 'colleague'];
    const sees = (where: string): CallerName[] => {
      const [family = '', provider] = where.split(':');
      const ofProvider: CallerName[] = provider === 'studio' ? studio : ['rival'];
      switch (family) {
        case 'lane':
          return [...buyers, ...ofProvider, 'operator'];
        case 'proposals':
          return [...buyers, ...ofProvider, 'operator', 'service'];
        case 'notes':
        case 'desk':
          return [...ofProvider, 'operator'];
        default:
          return ['operator'];
      }
    };
    const everything = await calls.everything();
    expect(canaries.size).to.equal(9);
    for (const [where, texts] of canaries) {
      for (const [name, seen] of everything) {
        for (const text of texts) {
          const what = `${name} and ${text} of ${where}`;
          expect(seen.includes(text), what).to.equal(sees(where).includes(name));
        }
      }
    }
    // Not even the names of who competes.
    const named: [CallerName[], RegExp][] = [
      [studio, /rivals|Rivals|rival-1|Rui/],
      [['rival'], /"(lane|notes|desk):studio|Studio|admin-1|"Ai"|designer-1/],
    ];
    for (const [names, competitor] of named) {
      for (const [name, seen] of everything) {
        if (names.includes(name)) expect(competitor.exec(seen)?.[0], name).to.equal(undefined);
      }
    }
    expect(portal.faults()).to.deep.equal([]);
  });
});
