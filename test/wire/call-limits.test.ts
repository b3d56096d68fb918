import { expect } from 'chai';
import { afterEach, before, describe, it } from 'mocha';
import { instantAt } from '../../shared/model/calendar/local-date.ts';
import { post } from '../support/client.ts';
import { HOUR_MS } from '../support/demands.ts';
import { people, Portal } from '../support/portal.ts';
import { PHONES, Phones } from '../support/phones.ts';
import { startTestService } from '../support/service.ts';
import { tokenOf } from '../support/tokens.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

const ZONE = 'Asia/Shanghai';

describe('The limits of calls', () => {
  describe('of a caller and a day', () => {
    const suite = wireSuite({ CALL_DAILY_LIMIT: '3' });
    const phones = new Phones(suite);
    let day = 20;
    before(() => phones.seed());
    afterEach(async () => {
      await phones.quiet();
      // Each test on a day of its own.
      day += 1;
      suite.clock.advance(instantAt(`2026-11-${day}`, '10:00', ZONE) - suite.clock.now());
    });

    it('refuse the next one until midnight at the office; what is refused costs nothing', async () => {
      const roomId = await phones.project();
      const bare = await phones.project('');
      for (let n = 0; n < 3; n++) {
        await refused(phones.place('admin', 'colleague', { roomId: bare }), 'conflict');
        const { id: callId } = await phones.place('admin', 'buyer', { roomId });
        await refused(phones.place('admin', 'buyer', { roomId }), 'conflict');
        await refused(phones.place('admin', 'nobody', { roomId }), 'not_found');
        await suite.portal.call('admin', 'call.cancel', { roomId, callId });
      }
      const { error } = await refused(phones.place('admin', 'buyer', { roomId }), 'rate_limited');
      expect(error.retryAfterMs).to.equal(14 * HOUR_MS);
      // Each caller has their own: who was called has not called.
      await phones.place('buyer', 'admin', { roomId });
      await phones.quiet();
      suite.clock.advance(12 * HOUR_MS - 1);
      await refused(phones.place('admin', 'buyer', { roomId }), 'rate_limited');
      suite.clock.advance(1);
      await phones.place('admin', 'buyer', { roomId });
    });

    it('hold whatever is asked for at once', async () => {
      const roomId = await phones.project();
      for (let n = 0; n < 8; n++)
        await suite.portal.call('buyer', 'member.add', { roomId, userId: `many-${n}`, name: `Many ${n}` });
      const asked = await Promise.allSettled(
        Array.from({ length: 8 }, (_, n) => phones.place('designer', `many-${n}`, { roomId })),
      );
      expect(asked.filter(({ status }) => status === 'fulfilled')).to.have.length(3);
      for (const one of asked) if (one.status === 'rejected') await refused(Promise.reject(one.reason), 'rate_limited');
    });

    it('count one of several that a pair asks for at once', async () => {
      const roomId = await phones.project();
      const asked = await Promise.allSettled([1, 2, 3].map(() => phones.place('designer', 'buyer', { roomId })));
      expect(asked.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
      await phones.quiet();
      for (const to of ['buyer', 'colleague'] as const) await phones.place('designer', to, { roomId });
    });
  });

  describe('of the night', () => {
    const suite = wireSuite({ CALL_QUIET_HOURS: '22:00-08:00' });
    const phones = new Phones(suite);
    before(() => phones.seed());

    it('refuse calls, and say when they are over', async () => {
      const roomId = await phones.project();
      const to = (date: string, time: string): void =>
        suite.clock.advance(instantAt(date, time, ZONE) - suite.clock.now());
      to('2026-11-20', '22:00');
      const { error } = await refused(phones.place('admin', 'buyer', { roomId }), 'conflict');
      expect(error.details).to.deep.equal({ quietUntil: '2026-11-21T00:00:00.000Z' });
      to('2026-11-21', '08:00');
      await phones.place('admin', 'buyer', { roomId });
    });
  });

  describe('of the night, where somebody has to agree', () => {
    const suite = wireSuite({ CALL_QUIET_HOURS: '22:00-08:00', CALL_APPROVAL: 'callee' });
    const phones = new Phones(suite);
    before(() => phones.seed());

    it('let nobody agree in it: a phone would ring', async () => {
      const roomId = await phones.project();
      suite.clock.advance(instantAt('2026-11-20', '21:58', ZONE) - suite.clock.now());
      const { id: callId } = await phones.place('admin', 'buyer', { roomId });
      suite.clock.advance(2 * 60_000);
      const { error } = await refused(suite.portal.call('buyer', 'call.approve', { roomId, callId }), 'conflict');
      expect(error.details).to.deep.equal({ quietUntil: '2026-11-21T00:00:00.000Z' });
      await suite.portal.call('buyer', 'call.cancel', { roomId, callId });
    });
  });

  it('of a demonstration’s clock: what a jump passes ends at its own time', async () => {
    const { service, context, stop } = await startTestService({ env: { DEMO: '1', CALL_APPROVAL: 'callee' } });
    const portal = new Portal(service.url);
    try {
      await portal.seed();
      const { sub: id, org, name } = people.buyer;
      const { roomId } = await portal.call('service', 'project.create', {
        orderId: 'jumped',
        productId: 'website',
        buyer: { id, org, name, contact: { phone: PHONES.talked } },
      });
      const asked = { roomId, to: id, fromNumber: PHONES.given };
      const { call } = await portal.call('admin', 'call.place', asked);
      await portal.call('operator', 'clock.advance', { ms: HOUR_MS });
      const [ended] = (await portal.call('buyer', 'call.list', { roomId })).items;
      expect(ended).to.deep.include({ state: 'no_answer', reason: 'not_agreed' });
      expect(Date.parse(ended?.endedAt ?? '') - Date.parse(call.at)).to.be.within(5 * 60_000, 5 * 60_000 + 5000);
      expect(context.clock.now() - Date.parse(call.at)).to.be.at.least(HOUR_MS);
    } finally {
      portal.close();
      await stop();
    }
  });

  it('of a deployment: where nothing joins phones, calls are refused, and everything else goes on', async () => {
    const secret = 'an invented secret for this test alone';
    const key = `a:${Buffer.alloc(32, 'a').toString('base64')}`;
    const production = await startTestService({
      env: { NODE_ENV: 'production', JWT_SECRET: secret, VAULT_KEYS: key },
    });
    const { url } = production.service;
    try {
      const call = async (who: keyof typeof people, name: Parameters<typeof post>[2], input: object) =>
        post(url, await tokenOf(people[who], { secret }), name, input);
      await call('service', 'org.put', { orgId: 'studio', name: 'Studio' });
      await call('service', 'org.put', { orgId: 'maker', name: 'Maker' });
      const { sub: userId, org: of, name: named, roles } = people.admin;
      await call('service', 'staff.put', { userId, org: of, name: named, roles, maxLoad: 5, phone: PHONES.admin });
      await call('service', 'product.put', {
        productId: 'website',
        name: 'Website',
        vendorOrg: 'maker',
        templateId: 'basic',
        providers: [{ org: 'studio', maxLoad: 5 }],
      });
      const { sub: id, org, name } = people.buyer;
      const buyer = { id, org, name, contact: { phone: PHONES.talked } };
      const created = await call('service', 'project.create', { orderId: 'o', productId: 'website', buyer });
      const { roomId } = created.data as { roomId: string };
      const { problem } = await call('admin', 'call.place', { roomId, to: id });
      expect(problem?.code).to.equal('unavailable');
      expect(problem?.message).to.include('CALL_BRIDGE');
      const listed = await call('buyer', 'call.list', { roomId });
      expect(listed.data).to.deep.equal({ items: [] });
    } finally {
      await production.stop();
    }
  });
});
