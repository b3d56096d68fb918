import { expect } from 'chai';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { Overrides } from '../../server/app/overrides.ts';
import { post, until } from '../support/client.ts';
import { errand, errandsOf, errandSweeps } from '../support/errands.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { message, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { refused } from '../support/wire-suite.ts';

const HOUR = 3_600_000;
const FORTNIGHT = 14 * 24 * HOUR;
/** A demand as a buyer fills it in; the number is of a range that is reserved for examples. */
const DEMAND = {
  contactName: 'Bao',
  phone: '+1 202 555 0123',
  email: 'bao@example.com',
  address: '1 Example Road',
  details: 'A site with eight pages',
};
const START = Date.parse('2026-11-20T02:00:00Z');

describe('clock.advance', () => {
  let database: SharedDatabase;
  const started: TestService[] = [];
  const portals: Portal[] = [];
  beforeEach(async () => {
    database = await createSharedDatabase();
  });
  afterEach(async () => {
    for (const portal of portals.splice(0)) portal.close();
    for (const service of started.splice(0)) await service.stop();
    await database.drop();
  });

  /** A demonstration on the test's database whose clock stands still but for jumps. */
  async function demonstration(sweeps?: Overrides['sweeps']): Promise<Portal> {
    const overrides = { clock: new ManualClock(START), ...(sweeps === undefined ? {} : { sweeps }) };
    const service = await startTestService({ database, env: { DEMO: '1' }, overrides });
    started.push(service);
    const portal = new Portal(service.service.url);
    portals.push(portal);
    return portal;
  }

  it('jumps by milliseconds or to an instant, over both transports, by a portal and an operator', async () => {
    const portal = await demonstration();
    const operator = await portal.connect('operator');
    expect(await operator.call('clock.advance', { ms: HOUR })).to.deep.equal({ now: '2026-11-20T03:00:00.000Z' });
    expect(await portal.call('service', 'clock.advance', { to: '2026-12-01T08:00:00+08:00' })).to.deep.equal({
      now: '2026-12-01T00:00:00.000Z',
    });
    expect(await operator.call('clock.advance', { ms: 0 })).to.deep.equal({ now: '2026-12-01T00:00:00.000Z' });
  });

  it('is the time of what is stored from then on, and not that of tokens', async () => {
    const portal = await demonstration();
    await portal.seed();
    const roomId = await portal.project();
    const buyer = await portal.connect('buyer');
    await refused(buyer.call('clock.advance', { ms: 1 }), 'forbidden');
    const { now } = await portal.call('operator', 'clock.advance', { ms: FORTNIGHT });
    const { entry } = await buyer.call('message.send', message(roomId, 'later'));
    expect(entry.at).to.equal(now);
  });

  it('refuses what is no jump ahead as invalid, over both transports, and moves nothing', async () => {
    const portal = await demonstration();
    const operator = await portal.connect('operator');
    const token = await portal.token('operator');
    for (const [what, input] of [
      ['neither', {}],
      ['both', { ms: 1, to: '2027-01-01T00:00:00Z' }],
      ['a step back', { ms: -1 }],
      ['an instant that is over', { to: '2026-11-20T01:59:59.999Z' }],
      ['more than ten years', { ms: 10 * 366 * 24 * HOUR + 1 }],
      ['an instant after more than ten years', { to: '2037-01-01T00:00:00Z' }],
      ['a part of a millisecond', { ms: 0.5 }],
      ['no instant', { to: 'tomorrow' }],
      ['a field that is not there', { ms: 1, speed: 2 }],
    ] as const) {
      const answer = await operator.answer('clock.advance', input);
      expect(answer.ok ? 'ok' : answer.error.code, what).to.equal('invalid');
      expect((await post(portal.url, token, 'clock.advance', input)).problem?.code, what).to.equal('invalid');
    }
    expect(await operator.call('clock.advance', { ms: 0 })).to.deep.equal({ now: new Date(START).toISOString() });
  });

  it('answers when everything that became due is done, each at its own time', async () => {
    await errandsOf(database.connection).insertOne(
      errand('daily', { dueAt: new Date(START + 5), left: 14, every: 24 * HOUR }),
    );
    const portal = await demonstration(errandSweeps);
    await portal.call('operator', 'clock.advance', { ms: FORTNIGHT });
    const done = (await errandsOf(database.connection).findOne({ _id: 'daily' }))?.done ?? [];
    expect(done.map(({ at }) => at.getTime())).to.deep.equal(
      Array.from({ length: 14 }, (_, day) => START + 5 + day * 24 * HOUR),
    );
  });

  it('lets a delivery confirm itself at its due instant, a fortnight of working days later', async () => {
    const portal = await demonstration();
    await portal.seed();
    const projectId = await portal.project();
    const act = (who: 'buyer' | 'admin', nodeId: string, more: Partial<CommandInput<'node.act'>>) =>
      portal.call(who, 'node.act', { projectId, nodeId, visit: 1, action: 'finish', ...more });
    await act('buyer', 'demand', { action: 'submit', form: DEMAND });
    await act('admin', 'delivery', {});
    const buyer = await portal.connect('buyer');
    await buyer.call('room.join', { roomId: projectId });
    const told = buyer.next('project', ({ status }) => status === 'completed');
    await portal.call('operator', 'clock.advance', { ms: 30 * 24 * HOUR });
    const { project } = await portal.call('buyer', 'project.get', { projectId });
    expect([project.status, project.current]).to.deep.equal(['completed', null]);
    expect(project.nodes.at(-1)).to.include({ dueAt: '2026-12-10T09:30:00.000Z', endedAt: '2026-12-10T09:30:00.000Z' });
    expect((await told).version).to.equal(project.version);
  });

  it('holds for every server within a second or so, and after a restart', async () => {
    const first = await demonstration();
    const second = await demonstration();
    const { now } = await first.call('operator', 'clock.advance', { ms: FORTNIGHT });
    await first.seed();
    const roomId = await second.project();
    await until('the other server knows', async () => {
      const { entry } = await second.call('buyer', 'message.send', message(roomId, 'what time is it?'));
      return entry.at === now;
    });
    const third = await demonstration();
    const { entry } = await third.call('buyer', 'message.send', message(roomId, 'and now?'));
    expect(entry.at).to.equal(now);
  });

  it('adds up where two servers are asked at once', async () => {
    const both = [await demonstration(), await demonstration()];
    const answers = await Promise.all(both.map((portal) => portal.call('operator', 'clock.advance', { ms: HOUR })));
    expect(answers.map(({ now }) => now).sort()).to.deep.equal([
      '2026-11-20T03:00:00.000Z',
      '2026-11-20T04:00:00.000Z',
    ]);
  });

  it('is not there outside a demonstration, and what was jumped does not count', async () => {
    await (await demonstration()).call('operator', 'clock.advance', { ms: FORTNIGHT });
    const service = await startTestService({ database, overrides: { clock: new ManualClock(START) } });
    started.push(service);
    const portal = new Portal(service.service.url);
    portals.push(portal);
    await refused(portal.call('operator', 'clock.advance', { ms: 1 }), 'not_found');
    await portal.seed();
    const { entry } = await portal.call('buyer', 'message.send', message(await portal.project(), 'now'));
    expect(entry.at).to.equal(new Date(START).toISOString());
  });
});
