import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Numbers } from '../../server/app/open-numbers.ts';
import type { StaffDoc } from '../../server/directory/directory-store.ts';
import type { NumberDoc } from '../../server/numbers/vault-store.ts';
import type { ProjectRoom } from '../../server/rooms/room-doc.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import { post } from '../support/client.ts';
import { people, Portal } from '../support/portal.ts';
import { startTestService } from '../support/service.ts';
import { testNumbers } from '../support/vault.ts';
import { tokenOf } from '../support/tokens.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

// Numbers of a range that is reserved for examples.
const FORM = {
  contactName: 'Bao',
  phone: '+1 202 555 0123',
  email: 'bao@example.com',
  address: '1 Example Road',
  details: 'A site with eight pages',
};
const PHONE = '(202) 555-0147';
const [NUMBER, OTHER] = ['+12025550147', '+12025550158'] as const;

describe('numbers that come in', () => {
  const suite = wireSuite();
  let numbers: Numbers;
  before(async () => {
    numbers = await testNumbers(suite.database.connection, { clock: suite.clock });
  });

  const kept = () => suite.database.connection.collection<NumberDoc>('numbers');
  const staffOf = (userId: string) => suite.database.connection.collection<StaffDoc>('staff').findOne({ _id: userId });
  const roomOf = (roomId: string) =>
    suite.database.connection.collection<ProjectRoom>('rooms').findOne({ _id: roomId });
  /** What the vault gives for an id. */
  const revealed = async (numberId: string | null | undefined) =>
    (
      await numbers.vault.use(numberId ?? '', { by: { id: 'test', side: 'service' }, purpose: 'call', roomId: null })
    ).reveal();
  const idsOf = async (kind: string, id: string) =>
    (await kept().find({ 'owner.kind': kind, 'owner.id': id }).toArray()).map(({ _id }) => _id);

  describe('with staff.put', () => {
    const put = (more: Partial<CommandInput<'staff.put'>>) =>
      suite.portal.call('service', 'staff.put', {
        userId: 'rung',
        org: 'studio',
        name: 'R',
        roles: ['tester'],
        maxLoad: 1,
        ...more,
      });

    it("lie in the vault as the person's, and nowhere else", async () => {
      await put({ phone: `+1 ${PHONE}` });
      const { numberId } = (await staffOf('rung')) ?? {};
      expect(await revealed(numberId)).to.equal(NUMBER);
      const doc = await kept().findOne({ _id: numberId ?? '' });
      expect(doc).to.deep.include({ owner: { kind: 'staff', id: 'rung' }, keptBy: { id: 'portal', side: 'service' } });
      expect(await suite.database.dump()).to.not.include('5550147');
    });

    it('stay where they are when they come again, and go when another one comes, or none', async () => {
      await put({ userId: 'again', phone: NUMBER });
      const first = (await staffOf('again'))?.numberId;
      await put({ userId: 'again', phone: `+1 ${PHONE}`, name: 'Renamed' });
      expect((await staffOf('again'))?.numberId).to.equal(first);
      expect(await staffOf('again')).to.include({ name: 'Renamed', version: 2 });
      await put({ userId: 'again', phone: OTHER });
      const second = (await staffOf('again'))?.numberId;
      expect(await revealed(second)).to.equal(OTHER);
      expect(await idsOf('staff', 'again')).to.deep.equal([second]);
      await put({ userId: 'again' });
      expect((await staffOf('again'))?.numberId).to.equal(null);
      expect(await idsOf('staff', 'again')).to.deep.equal([]);
      await put({ userId: 'again', phone: OTHER });
      await put({ userId: 'again', phone: ' ' });
      expect(await idsOf('staff', 'again')).to.deep.equal([]);
    });

    it('are wiped with an account that is not active any more, and survive what the person changes', async () => {
      await put({ userId: 'leaving', phone: NUMBER });
      const before = (await staffOf('leaving'))?.numberId;
      await suite.portal.call('service', 'staff.update', { userId: 'leaving', accepting: false });
      expect((await staffOf('leaving'))?.numberId).to.equal(before);
      await put({ userId: 'leaving', phone: NUMBER, active: false });
      expect((await staffOf('leaving'))?.numberId).to.equal(null);
      expect(await idsOf('staff', 'leaving')).to.deep.equal([]);
      await put({ userId: 'leaving', phone: NUMBER });
      expect(await revealed((await staffOf('leaving'))?.numberId)).to.equal(NUMBER);
    });

    it('are kept anew where the vault has lost them', async () => {
      await put({ userId: 'lost', phone: NUMBER });
      const before = (await staffOf('lost'))?.numberId;
      await kept().deleteOne({ _id: before ?? '' });
      await put({ userId: 'lost', phone: NUMBER });
      expect(await revealed((await staffOf('lost'))?.numberId)).to.equal(NUMBER);
    });

    it('are refused with one fault that does not repeat them, and change nothing', async () => {
      await put({ userId: 'wrong', phone: NUMBER });
      for (const phone of ['+1 202 555', 'call me', '+1 900 555 0147']) {
        const { error } = await refused(put({ userId: 'wrong', phone, name: 'New' }), 'invalid');
        expect(error.details).to.deep.equal([{ path: 'phone', reason: 'must be a phone number that can be rung' }]);
        expect(JSON.stringify(error)).to.not.include(phone);
      }
      expect(await staffOf('wrong')).to.include({ name: 'R' });
      expect(await idsOf('staff', 'wrong')).to.have.length(1);
    });

    it('of many calls at once leave the person with one that is there, and no other', async () => {
      for (let round = 0; round < 12; round++) {
        const userId = `raced-${round}`;
        await put({ userId, phone: NUMBER });
        const phones = [NUMBER, OTHER, undefined, NUMBER, OTHER, NUMBER];
        await Promise.all(phones.map((phone) => put({ userId, ...(phone === undefined ? {} : { phone }) })));
        const { numberId } = (await staffOf(userId)) ?? {};
        expect(await idsOf('staff', userId)).to.deep.equal(typeof numberId === 'string' ? [numberId] : []);
        if (typeof numberId === 'string') expect([NUMBER, OTHER]).to.include(await revealed(numberId));
      }
    });
  });

  describe('with project.create', () => {
    const { sub: id, org, name } = people.buyer;
    const create = (phone: string | undefined, orderId: string = randomUUID()) =>
      suite.portal.call('service', 'project.create', {
        orderId,
        productId: 'website',
        buyer: { id, org, name, contact: { name: 'Bao', ...(phone === undefined ? {} : { phone }) } },
      });

    it("lie in the vault as the project's, once, however often and at once the order is sent", async () => {
      const orderId = randomUUID();
      const made = await Promise.all(Array.from({ length: 6 }, () => create(NUMBER, orderId)));
      const [{ projectId } = { projectId: '' }] = made;
      const { contactNumberId } = (await roomOf(projectId))?.project ?? {};
      expect(await revealed(contactNumberId)).to.equal(NUMBER);
      const all = await kept().find({ 'owner.kind': 'project' }).toArray();
      const rooms = await Promise.all(all.map(({ owner }) => roomOf(owner.id)));
      expect(rooms.map((room) => room?.project.contactNumberId)).to.deep.equal(all.map(({ _id }) => _id));
    });

    it('are not needed, and may be empty', async () => {
      for (const phone of [undefined, '', ' ']) {
        const { projectId } = await create(phone);
        expect((await roomOf(projectId))?.project).to.not.have.property('contactNumberId');
      }
    });

    it('are refused by their path where they are none, and no project is made', async () => {
      const orderId = randomUUID();
      const { error } = await refused(create('987654321 0123456789', orderId), 'invalid');
      expect(error.details).to.deep.equal([
        { path: 'buyer.contact.phone', reason: 'must be a phone number that can be rung' },
      ]);
      expect(
        await suite.database.connection.collection('rooms').countDocuments({ 'project.orderId': orderId }),
      ).to.equal(0);
      // The order stands when it is sent right.
      expect(
        await revealed((await roomOf((await create(NUMBER, orderId)).projectId))?.project.contactNumberId),
      ).to.equal(NUMBER);
    });
  });

  describe('with a demand', () => {
    const submit = (projectId: string, more: { phone?: string; email?: string; visit?: number } = {}) => {
      const { visit = 1, ...form } = more;
      return suite.portal.call('buyer', 'node.act', {
        projectId,
        nodeId: 'demand',
        action: 'submit',
        visit,
        form: { ...FORM, ...form },
      });
    };

    it("lie in the vault as the demand's, and nobody is shown its id either", async () => {
      const projectId = await suite.portal.project();
      await submit(projectId);
      const { numberId } = (await roomOf(projectId))?.project.demand ?? {};
      expect(await revealed(numberId)).to.equal('+12025550123');
      expect(await idsOf('demand', projectId)).to.deep.equal([numberId]);
      for (const who of ['buyer', 'admin', 'vendor', 'operator', 'service'] as const) {
        const shown = [
          await suite.portal.call(who, 'demand.get', { projectId }),
          await suite.portal.call(who, 'project.get', { projectId }),
          await suite.portal.call(who, 'room.get', { roomId: projectId }),
        ];
        expect(JSON.stringify(shown)).to.not.include(numberId).and.not.include('5550123');
      }
    });

    it('are wiped with a demand in whose place a newer one comes', async () => {
      const { template } = await suite.portal.call('operator', 'template.create', {
        name: 'Checked',
        nodes: [
          { id: 'demand', type: 'submit_demand', name: 'Demand' },
          { id: 'check', type: 'confirm', name: 'Check', side: 'provider', role: 'provider_admin', rejectable: true },
          { id: 'finish', type: 'finish', name: 'Done' },
        ],
      });
      await suite.portal.call('operator', 'template.publish', { templateId: template.id });
      await suite.portal.call('service', 'product.put', {
        productId: 'checked',
        name: 'Checked',
        vendorOrg: 'maker',
        templateId: template.id,
        providers: [{ org: 'studio', maxLoad: 100 }],
      });
      const { sub: id, org, name } = people.buyer;
      const buyer = { id, org, name };
      const order = { orderId: randomUUID(), productId: 'checked', buyer };
      const { projectId } = await suite.portal.call('service', 'project.create', order);
      await submit(projectId);
      await suite.portal.call('admin', 'node.act', {
        projectId,
        nodeId: 'check',
        action: 'reject',
        visit: 1,
        reason: 'Which site?',
      });
      await submit(projectId, { phone: OTHER, visit: 2 });
      const { numberId } = (await roomOf(projectId))?.project.demand ?? {};
      expect(await revealed(numberId)).to.equal(OTHER);
      expect(await idsOf('demand', projectId)).to.deep.equal([numberId]);
    });

    it('leave nothing behind when it is refused: by the form, the side, the visit or the number itself', async () => {
      const projectId = await suite.portal.project();
      await refused(submit(projectId, { email: 'no' }), 'invalid');
      await refused(submit(projectId, { visit: 2 }), 'conflict');
      const { error } = await refused(submit(projectId, { phone: '987654321 0123456789' }), 'invalid');
      expect(error.details).to.deep.equal([{ path: 'form.phone', reason: 'must be a phone number that can be rung' }]);
      await refused(
        suite.portal.call('admin', 'node.act', { projectId, nodeId: 'demand', action: 'submit', visit: 1, form: FORM }),
        'forbidden',
      );
      expect(await idsOf('demand', projectId)).to.deep.equal([]);
      expect((await roomOf(projectId))?.project.demand).to.equal(null);
    });

    it('of several that are submitted at once stay with the one that wins', async () => {
      for (let round = 0; round < 5; round++) {
        const projectId = await suite.portal.project();
        const done = await Promise.allSettled(
          [NUMBER, OTHER, '+12025550169', NUMBER].map((phone) => submit(projectId, { phone })),
        );
        expect(done.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
        const { numberId } = (await roomOf(projectId))?.project.demand ?? {};
        expect(await idsOf('demand', projectId)).to.deep.equal([numberId]);
      }
    });
  });

  describe('with phone.sendCode', () => {
    it('are verified by the code, and kept nowhere', async () => {
      const buyer = await suite.portal.connect('buyer');
      const { expiresAt, resendAfterMs } = await buyer.call('phone.sendCode', { phone: '+1 202 555 0181' });
      // By the real clock, as tokens are.
      expect(Date.parse(expiresAt) - Date.now()).to.be.within(9 * 60_000, 10 * 60_000);
      expect(resendAfterMs).to.equal(0);
      const code = suite.codes.at(-1) ?? '';
      expect(await numbers.codes.verify('+1 (202) 555-0181', code, people.buyer.sub)).to.equal(true);
      expect(await suite.database.dump()).to.not.include('5550181');
    });

    it('are refused without being repeated', async () => {
      for (const phone of ['987654321 0123456789', 'call me', '+1 900 555 0147']) {
        const { error } = await refused(suite.portal.call('buyer', 'phone.sendCode', { phone }), 'invalid');
        expect(JSON.stringify(error)).to.not.include(phone);
      }
    });
  });

  it('are limited by the rates of the deployment', async () => {
    const limited = await startTestService({ env: { RATE_LIMIT_FACTOR: '1' } });
    const portal = new Portal(limited.service.url);
    try {
      const { resendAfterMs } = await portal.call('buyer', 'phone.sendCode', { phone: NUMBER });
      expect(resendAfterMs).to.equal(60_000);
      const { error } = await refused(
        portal.call('colleague', 'phone.sendCode', { phone: `+1 ${PHONE}` }),
        'rate_limited',
      );
      expect(error.retryAfterMs).to.be.within(1, 60_000);
    } finally {
      portal.close();
      await limited.stop();
    }
  });

  it('are refused where there are no keys to keep them under; everything else goes on', async () => {
    const secret = 'an invented secret for this test alone';
    const production = await startTestService({ env: { NODE_ENV: 'production', JWT_SECRET: secret } });
    const { url } = production.service;
    const token = await tokenOf(people.service, { secret });
    const buyer = await tokenOf(people.buyer, { secret });
    try {
      expect((await post(url, token, 'org.put', { orgId: 'studio', name: 'Studio' })).status).to.equal(200);
      const staff = { userId: 'rung', org: 'studio', name: 'R', roles: ['tester'], maxLoad: 1 };
      const { problem } = await post(url, token, 'staff.put', { ...staff, phone: NUMBER });
      expect(problem?.code).to.equal('unavailable');
      expect(problem?.message).to.include('VAULT_KEYS').and.not.include(NUMBER);
      expect((await post(url, buyer, 'phone.sendCode', { phone: NUMBER })).problem?.code).to.equal('unavailable');
      expect((await post(url, token, 'staff.put', staff)).status).to.equal(200);
    } finally {
      await production.stop();
    }
  });
});
