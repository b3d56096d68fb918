import { expect } from 'chai';
import { describe, it } from 'mocha';
import { until } from '../support/client.ts';
import { type PersonName, people, type Portal } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('staff.* and product.* for who looks at the directory', () => {
  const suite = wireSuite();

  /** Somebody new at a company, with a token of their own. */
  async function hire(portal: Portal, userId: string, more: object = {}) {
    const staff = { userId, org: 'studio', name: userId.toUpperCase(), roles: ['developer' as const], maxLoad: 3 };
    await portal.call('service', 'staff.put', { ...staff, ...more });
    return { sub: userId, side: 'provider', org: 'studio', name: staff.name, roles: staff.roles } as const;
  }
  /** Makes these people the crew of a room, as the flow does, and puts the room into a status. */
  async function crew(roomId: string, crewOfRoom: string[], status: string) {
    const { connection } = suite.database;
    await connection
      .collection<{ _id: string }>('rooms')
      .updateOne({ _id: roomId }, { $set: { crew: crewOfRoom, status } });
  }
  const find = async (who: PersonName, userId: string) =>
    (await suite.portal.call(who, 'staff.list', { org: 'studio', limit: 200 })).items.find(
      (person) => person.userId === userId,
    );

  describe('staff.list', () => {
    it('shows people with what they have in hand, and no number, over both transports', async () => {
      const { portal } = suite;
      await hire(portal, 'busy', {
        dept: 'Design',
        tags: ['fast'],
        accepting: false,
        leave: { from: '2026-12-01', to: '2026-12-02T12:00' },
        phone: '13900002222',
      });
      for (const status of ['executing', 'paused', 'completed', 'cancelled'])
        await crew(await portal.project(), ['busy', people.designer.sub], status);
      const expected = {
        userId: 'busy',
        org: 'studio',
        name: 'BUSY',
        roles: ['developer'],
        dept: 'Design',
        maxLoad: 3,
        load: 2,
        accepting: false,
        leave: { from: '2026-12-01', to: '2026-12-02T12:00' },
        tags: ['fast'],
        active: true,
      };
      expect(await find('admin', 'busy')).to.deep.equal(expected);
      const socket = await portal.connect('admin');
      const answer = await socket.call('staff.list', {});
      expect(answer.items).to.deep.include(expected);
      expect(JSON.stringify(answer)).to.not.include('13900002222');
      expect((await find('operator', people.idle.sub))?.load).to.equal(0);
    });

    it('pages by id, of one role too', async () => {
      const { portal } = suite;
      for (const userId of ['t-3', 't-1', 't-2']) await hire(portal, userId, { roles: ['tester', 'developer'] });
      const page = async (cursor?: string) =>
        portal.call('admin', 'staff.list', { role: 'tester', limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      const first = await page();
      const second = await page(first.nextCursor);
      expect([first, second].map(({ items }) => items.map(({ userId }) => userId))).to.deep.equal([
        ['t-1', 't-2'],
        ['t-3'],
      ]);
      expect(second).to.not.have.property('nextCursor');
      const { items } = await portal.call('admin', 'staff.list', { limit: 200 });
      const ids = items.map(({ userId }) => userId);
      expect(ids).to.deep.equal([...ids].sort());
      expect(ids).to.include.members(['t-1', people.designer.sub]);
      for (const bad of [{ cursor: 'x' }, { role: 'boss' }, { limit: 201 }])
        await refused(portal.call('admin', 'staff.list', bad as never), 'invalid');
    });

    it("is for a company's own admin; who belongs to none names one", async () => {
      const { portal } = suite;
      await hire(portal, 'pm', { org: 'maker', roles: ['project_manager'] });
      const { items } = await portal.call('vendor', 'staff.list', {});
      expect(items.map(({ userId }) => userId)).to.deep.equal(['pm']);
      expect((await portal.call('service', 'staff.list', { org: 'maker' })).items).to.deep.equal(items);
      expect((await portal.call('operator', 'staff.list', { org: 'nobody' })).items).to.deep.equal([]);
      for (const who of ['operator', 'service'] as const) await refused(portal.call(who, 'staff.list', {}), 'invalid');
      // The hat counts: a vendor's admin is none of the same company's as a provider.
      const hat = { ...people.admin, roles: ['vendor_admin'] } as const;
      await refused(portal.call(hat, 'staff.list', {}), 'forbidden');
    });
  });

  describe('staff.update', () => {
    it('lets people say whether they accept and when they are away, and nothing else', async () => {
      const { portal } = suite;
      const me = await hire(portal, 'me', { dept: 'D', tags: ['t'] });
      const before = await find('admin', 'me');
      const away = { from: '2026-12-24', to: '2026-12-31' };
      const { staff } = await portal.call(me, 'staff.update', { userId: 'me', accepting: false, leave: away });
      expect(staff).to.deep.equal({ ...before, accepting: false, leave: away });
      expect(await find('admin', 'me')).to.deep.equal(staff);
      const socket = await portal.connect(me);
      const back = await socket.call('staff.update', { userId: 'me', leave: null });
      expect(back.staff).to.deep.equal({ ...before, accepting: false });
      for (const more of [{ maxLoad: 50 }, { tags: [] }, { dept: null }, { dept: 'E' }])
        await refused(portal.call(me, 'staff.update', { userId: 'me', accepting: true, ...more }), 'forbidden');
      expect(await find('admin', 'me')).to.deep.equal(back.staff);
    });

    it('lets their admin, operators and the portal change all of it', async () => {
      const { portal } = suite;
      await hire(portal, 'worker');
      for (const [i, who] of (['admin', 'operator', 'service'] as const).entries()) {
        const change = { maxLoad: 10 + i, tags: [`t${i}`], dept: `D${i}`, accepting: i % 2 === 0 };
        const { staff } = await portal.call(who, 'staff.update', { userId: 'worker', ...change });
        expect(staff).to.deep.include({ ...change, name: 'WORKER', roles: ['developer'], active: true });
      }
      const { staff } = await portal.call('admin', 'staff.update', { userId: 'worker', dept: null });
      expect(staff).to.include({ dept: null, maxLoad: 12 });
    });

    it('loses no change of two at once, and none of a later staff.put', async () => {
      const { portal } = suite;
      const me = await hire(portal, 'both');
      await Promise.all([
        portal.call(me, 'staff.update', { userId: 'both', accepting: false }),
        portal.call('admin', 'staff.update', { userId: 'both', maxLoad: 9 }),
      ]);
      expect(await find('admin', 'both')).to.include({ accepting: false, maxLoad: 9 });
      await hire(portal, 'both', { active: false });
      await refused(portal.call(me, 'staff.update', { userId: 'both', accepting: true }), 'unauthenticated');
    });

    it('tells nobody outside the company that there is such a person', async () => {
      const { portal } = suite;
      const me = await hire(portal, 'hidden');
      for (const who of ['rival', 'vendor', 'otherVendor'] as const)
        for (const userId of ['hidden', 'nobody'])
          await refused(portal.call(who, 'staff.update', { userId, accepting: true }), 'not_found');
      await refused(portal.call('operator', 'staff.update', { userId: 'nobody', accepting: true }), 'not_found');
      await refused(
        portal.call({ ...me, sub: 'other' }, 'staff.update', { userId: 'hidden', leave: null }),
        'forbidden',
      );
      await refused(
        portal.call({ ...me, org: 'rivals' }, 'staff.update', { userId: 'hidden', leave: null }),
        'not_found',
      );
    });

    it('refuses what does not fit', async () => {
      const { portal } = suite;
      const userId = people.designer.sub;
      const bad: object[] = [
        {},
        { maxLoad: 51 },
        { maxLoad: -1 },
        { tags: Array(6).fill('t') },
        { leave: { from: '2026-12-02', to: '2026-12-01' } },
        { leave: { from: '2026-12-02T09:00', to: '2026-12-03' } },
        // Such a day would end every dispatch that looks at this person.
        { leave: { from: '2026-99-99', to: '2026-99-99' } },
        { leave: { from: '2027-02-28', to: '2027-02-29T12:00' } },
        { active: false },
        { roles: ['provider_admin'] },
      ];
      for (const change of bad) await refused(portal.call('admin', 'staff.update', { userId, ...change }), 'invalid');
    });
  });

  describe('a place that becomes free is taken at once', () => {
    const buyer = { id: people.buyer.sub, org: people.buyer.org, name: people.buyer.name };
    const project = async (projectId: string) =>
      (await suite.portal.call('operator', 'project.get', { projectId })).project;

    it('by a project that waits for a provider, when a product gets one', async () => {
      const { portal } = suite;
      const product = { productId: 'lonely', name: 'Lonely', vendorOrg: 'maker', templateId: 'basic' };
      await portal.call('vendor', 'product.put', { ...product, providers: [] });
      const order = { orderId: 'lonely-1', productId: 'lonely', buyer };
      const { projectId } = await portal.call('service', 'project.create', order);
      expect((await project(projectId)).queued).to.equal('no_provider');
      await portal.call('vendor', 'product.put', { ...product, providers: [{ org: 'studio', maxLoad: 100_000 }] });
      await until('the project has a provider', async () => (await project(projectId)).provider?.org === 'studio');
    });

    it('by a project that waits for staff, when somebody accepts', async () => {
      const { portal } = suite;
      const me = await hire(portal, 'specialist', { roles: ['delivery_specialist'], accepting: false });
      await portal.call('vendor', 'product.put', {
        productId: 'dispatched',
        name: 'Dispatched',
        vendorOrg: 'maker',
        templateId: 'simplest',
        providers: [{ org: 'studio', maxLoad: 100_000 }],
      });
      const order = { orderId: 'dispatched-1', productId: 'dispatched', buyer };
      const { projectId } = await portal.call('service', 'project.create', order);
      const form = {
        contactName: 'Bao',
        phone: '+86 10 5550 0100',
        email: 'b@example.com',
        address: 'A',
        details: 'D',
      };
      await portal.call('buyer', 'node.act', { projectId, nodeId: 'demand', action: 'submit', visit: 1, form });
      await until('it waits', async () => (await project(projectId)).queued === 'staff_full');
      await portal.call(me, 'staff.update', { userId: 'specialist', accepting: true });
      await until('it is dispatched', async () => (await project(projectId)).current === 'deliverable');
      expect((await find('admin', 'specialist'))?.load).to.equal(1);
    });
  });

  describe('product.get and product.list', () => {
    const PROVIDERS = [
      { org: 'studio', weight: 2, maxLoad: 10 },
      { org: 'rivals', weight: 1, maxLoad: 5 },
    ];
    async function products() {
      const { portal } = suite;
      for (const [productId, vendorOrg, providers] of [
        ['x-shared', 'maker', PROVIDERS],
        ['x-ours', 'maker', []],
        ['x-theirs', 'maker-2', PROVIDERS.slice(1)],
      ] as const) {
        await portal.call('service', 'product.put', {
          productId,
          name: `The ${productId}`,
          vendorOrg,
          templateId: 'double-check',
          providers: [...providers],
          warrantyDays: 90,
        });
      }
    }
    const ids = async (who: PersonName) =>
      (await suite.portal.call(who, 'product.list', {})).items
        .map(({ productId }) => productId)
        .filter((id) => id.startsWith('x-'));

    it('shows a product with its providers by name and what each has in hand', async () => {
      const { portal } = suite;
      await products();
      const studio = async () => {
        const { product } = await portal.call('vendor', 'product.get', { productId: 'x-shared' });
        expect(product).to.deep.include({
          productId: 'x-shared',
          name: 'The x-shared',
          vendorOrg: 'maker',
          vendorName: 'Maker',
          templateId: 'double-check',
          warrantyDays: 90,
        });
        expect(product.providers.map(({ load: _load, ...rest }) => rest)).to.deep.equal([
          { ...PROVIDERS[0], name: 'Studio' },
          { ...PROVIDERS[1], name: 'Rivals' },
        ]);
        return product.providers[0]?.load ?? 0;
      };
      const before = await studio();
      const roomId = await portal.project();
      expect(await studio()).to.equal(before + 1);
      await crew(roomId, [], 'paused');
      expect(await studio()).to.equal(before + 1);
      await crew(roomId, [], 'completed');
      expect(await studio()).to.equal(before);
      const socket = await portal.connect('manager');
      expect((await socket.call('product.get', { productId: 'x-shared' })).product.vendorName).to.equal('Maker');
    });

    it('shows a provider what it may deliver, and no other provider of it', async () => {
      const { portal } = suite;
      await products();
      expect(await ids('admin')).to.deep.equal(['x-shared']);
      expect(await ids('rival')).to.deep.equal(['x-shared', 'x-theirs']);
      for (const who of ['admin', 'designer'] as const) {
        const one = await portal.call(who, 'product.get', { productId: 'x-shared' });
        const list = await portal.call(who, 'product.list', {});
        expect(one.product.providers.map(({ org }) => org)).to.deep.equal(['studio']);
        expect(JSON.stringify([one, list])).to.not.match(/rivals/i);
        await refused(portal.call(who, 'product.get', { productId: 'x-theirs' }), 'not_found');
      }
    });

    it('shows a vendor its own, and the platform all, page by page', async () => {
      const { portal } = suite;
      await products();
      expect(await ids('vendor')).to.deep.equal(['x-ours', 'x-shared']);
      expect(await ids('manager')).to.deep.equal(['x-ours', 'x-shared']);
      expect(await ids('otherVendor')).to.deep.equal(['x-theirs']);
      expect(await ids('vendorStaff')).to.deep.equal([]);
      await refused(portal.call('otherVendor', 'product.get', { productId: 'x-ours' }), 'not_found');
      await refused(portal.call('operator', 'product.get', { productId: 'nothing' }), 'not_found');
      for (const who of ['operator', 'service'] as const) {
        const all = (await portal.call(who, 'product.list', {})).items.map(({ productId }) => productId);
        expect(all).to.include.members(['website', 'x-ours', 'x-shared', 'x-theirs']);
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await portal.call(who, 'product.list', {
            limit: 3,
            ...(cursor === undefined ? {} : { cursor }),
          });
          seen.push(...page.items.map(({ productId }) => productId));
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        expect(seen).to.deep.equal(all);
      }
      for (const bad of [{ cursor: 'x' }, { limit: 0 }])
        await refused(portal.call('vendor', 'product.list', bad), 'invalid');
    });
  });
});
