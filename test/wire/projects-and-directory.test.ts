import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { people, Portal } from '../support/portal.ts';
import { startTestService } from '../support/service.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('project.* and the directory', () => {
  const suite = wireSuite();
  const buyer = { id: people.buyer.sub, org: people.buyer.org, name: people.buyer.name };

  describe('project.create', () => {
    it('opens a room with the first entries of its log', async () => {
      const { portal, clock } = suite;
      const orderId = randomUUID();
      const input = { orderId, bizId: 'b-1', productId: 'website', spec: 'large', channel: 'shop', buyer };
      const { projectId, roomId } = await portal.call('service', 'project.create', input);
      const { project } = await portal.call('buyer', 'project.get', { projectId });
      expect(project).to.deep.include({
        id: projectId,
        roomId,
        orderId,
        bizId: 'b-1',
        channel: 'shop',
        product: { id: 'website', name: 'Website', spec: 'large' },
        buyer,
        provider: { org: 'studio', name: 'Studio' },
        vendor: { org: 'maker', name: 'Maker' },
        status: 'executing',
        overdue: false,
        queued: null,
        run: 1,
        template: { id: 'basic', name: 'Basic delivery' },
        current: 'demand',
        createdAt: new Date(clock.now()).toISOString(),
      });
      expect(project.nodes.map(({ type, status }) => [type, status])).to.deep.equal([
        ['assign_provider', 'done'],
        ['submit_demand', 'active'],
        ['generic', 'pending'],
        ['finish', 'pending'],
      ]);
      const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' });
      expect(entries.map(({ seq, kind, body }) => [seq, kind, 'event' in body ? body.event : undefined])).to.deep.equal(
        [
          [1, 'project', 'project.created'],
          [2, 'node', 'node.entered'],
          [3, 'project', 'provider.assigned'],
          [4, 'node', 'node.entered'],
          [5, 'notice', 'notification'],
        ],
      );
    });

    it('gives the same project for the same order, twenty times at once too', async () => {
      const { portal } = suite;
      const input = { orderId: randomUUID(), productId: 'website', buyer };
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          portal.call(i % 2 === 0 ? 'service' : 'operator', 'project.create', input),
        ),
      );
      answers.push(await portal.call('service', 'project.create', { ...input, channel: 'another' }));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).to.equal(1);
      const roomId = answers[0]?.roomId ?? '';
      const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' });
      expect(entries.map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4, 5]);
      const { items } = await portal.call('service', 'project.list', { orderId: input.orderId });
      expect(items).to.have.length(1);
    });

    it('takes no text that would be stored as something else', async () => {
      const input = { orderId: randomUUID(), productId: 'website', buyer };
      for (const bad of [{ spec: 'a\u0000b' }, { spec: 'a\ud800b' }, { channel: 'a\nb' }])
        await refused(suite.portal.call('service', 'project.create', { ...input, ...bad }), 'invalid');
      expect((await suite.portal.call('service', 'project.list', { orderId: input.orderId })).items).to.deep.equal([]);
    });

    it('answers `conflict` with the project when the order is for something else', async () => {
      const { portal } = suite;
      const input = { orderId: randomUUID(), productId: 'website', buyer };
      const { projectId } = await portal.call('service', 'project.create', input);
      const refusal = await refused(
        portal.call('service', 'project.create', { ...input, buyer: { ...buyer, id: 'another' } }),
        'conflict',
      );
      expect(refusal.error.details).to.deep.equal({ projectId });
    });

    it('refuses an unknown product, a side that may not, and inputs of the wrong kind', async () => {
      const { portal } = suite;
      const input = { orderId: randomUUID(), productId: 'website', buyer };
      await refused(portal.call('service', 'project.create', { ...input, productId: 'nothing' }), 'not_found');
      for (const who of ['buyer', 'admin', 'vendor'] as const)
        await refused(portal.call(who, 'project.create', input), 'forbidden');
      await refused(portal.call('service', 'project.create', { ...input, orderId: '' }), 'invalid');
      await refused(portal.call('service', 'project.create', { ...input, orderId: 'a\nb' }), 'invalid');
    });

    it('queues with the reason when there is no provider, or all are full', async () => {
      const { portal } = suite;
      const product = { name: 'P', vendorOrg: 'maker', templateId: 'basic' };
      await portal.call('service', 'product.put', { ...product, productId: 'orphan', providers: [] });
      await portal.call('service', 'product.put', {
        ...product,
        productId: 'full',
        providers: [{ org: 'rivals', maxLoad: 1 }],
      });
      const create = async (productId: string) => {
        const { projectId } = await portal.call('service', 'project.create', {
          orderId: randomUUID(),
          productId,
          buyer,
        });
        return (await portal.call('service', 'project.get', { projectId })).project;
      };
      const orphan = await create('orphan');
      expect(orphan).to.include({ queued: 'no_provider', current: 'assign' });
      expect(orphan).to.not.have.property('provider');
      expect((await create('full')).provider?.org).to.equal('rivals');
      expect((await create('full')).queued).to.equal('providers_full');
      // Nobody's provider is in the room of a queued project.
      await refused(portal.call('admin', 'project.get', { projectId: orphan.id }), 'not_found');
    });

    it('exceeds no maximum load when orders come at once, to several servers', async () => {
      const { portal, database } = suite;
      await portal.call('service', 'org.put', { orgId: 'small', name: 'Small' });
      await portal.call('service', 'product.put', {
        productId: 'scarce',
        name: 'Scarce',
        vendorOrg: 'maker',
        templateId: 'basic',
        providers: [{ org: 'small', maxLoad: 5 }],
      });
      const other = await startTestService({ database });
      const portals = [portal, new Portal(other.service.url)];
      try {
        const order = (_: unknown, i: number) => ({ orderId: `scarce-${i}`, productId: 'scarce', buyer });
        const opened = await Promise.all(
          Array.from({ length: 16 }, order).flatMap((input) =>
            portals.map((one) => one.call('service', 'project.create', input)),
          ),
        );
        expect(new Set(opened.map(({ projectId }) => projectId)).size).to.equal(16);
        const { items } = await portal.call('operator', 'project.list', { productId: 'scarce', limit: 200 });
        expect(items.filter(({ provider }) => provider?.org === 'small')).to.have.length(5);
        expect(items.filter(({ queued }) => queued === 'providers_full')).to.have.length(11);
      } finally {
        await other.stop();
      }
    });

    it('picks the provider with the smallest load for its weight', async () => {
      const { portal } = suite;
      for (const orgId of ['heavy', 'light']) await portal.call('service', 'org.put', { orgId, name: orgId });
      await portal.call('service', 'product.put', {
        productId: 'shared',
        name: 'Shared',
        vendorOrg: 'maker',
        templateId: 'basic',
        providers: [
          { org: 'heavy', weight: 3, maxLoad: 100 },
          { org: 'light', weight: 1, maxLoad: 100 },
        ],
      });
      const counts: Record<string, number> = {};
      for (let i = 0; i < 12; i++) {
        const { projectId } = await portal.call('service', 'project.create', {
          orderId: randomUUID(),
          productId: 'shared',
          buyer,
        });
        const { project } = await portal.call('service', 'project.get', { projectId });
        counts[project.provider?.org ?? ''] = (counts[project.provider?.org ?? ''] ?? 0) + 1;
      }
      expect(counts).to.deep.equal({ heavy: 9, light: 3 });
    });
  });

  describe('project.list', () => {
    it('filters by status, order, buyer, product and dates, and pages newest first', async () => {
      const { portal, clock } = suite;
      const who = { sub: 'filter-1', side: 'buyer', org: 'filters', name: 'F' } as const;
      const made: { id: string; orderId: string; at: string }[] = [];
      for (let i = 0; i < 5; i++) {
        clock.advance(60_000);
        const orderId = randomUUID();
        made.unshift({ id: await portal.project(orderId, who), orderId, at: new Date(clock.now()).toISOString() });
      }
      const ids = async (filter: object) => (await portal.call(who, 'project.list', filter)).items.map(({ id }) => id);
      const all = made.map(({ id }) => id);
      expect(await ids({})).to.deep.equal(all);
      expect(await ids({ status: 'executing' })).to.deep.equal(all);
      expect(await ids({ status: 'completed' })).to.deep.equal([]);
      expect(await ids({ orderId: made[2]?.orderId })).to.deep.equal([made[2]?.id]);
      expect(await ids({ buyer: who.sub })).to.deep.equal(all);
      expect(await ids({ buyer: 'somebody' })).to.deep.equal([]);
      expect(await ids({ productId: 'website' })).to.deep.equal(all);
      expect(await ids({ productId: 'shared' })).to.deep.equal([]);
      expect(await ids({ from: made[3]?.at, to: made[1]?.at })).to.deep.equal([made[2]?.id, made[3]?.id]);
      const first = await portal.call(who, 'project.list', { limit: 2 });
      const second = await portal.call(who, 'project.list', { limit: 2, cursor: first.nextCursor ?? '' });
      const third = await portal.call(who, 'project.list', { limit: 2, cursor: second.nextCursor ?? '' });
      expect([...first.items, ...second.items, ...third.items].map(({ id }) => id)).to.deep.equal(all);
      expect(third).to.not.have.property('nextCursor');
      const ranged = await portal.call(who, 'project.list', {
        limit: 1,
        to: made[1]?.at ?? '',
        cursor: first.nextCursor ?? '',
      });
      expect(ranged.items.map(({ id }) => id)).to.deep.equal([made[2]?.id]);
      for (const bad of [{ limit: 201 }, { cursor: 'x' }, { from: 'yesterday' }, { status: 'lost' }])
        await refused(portal.call(who, 'project.list', bad as object), 'invalid');
    });

    it('shows each caller their own', async () => {
      const { portal } = suite;
      const orderId = randomUUID();
      await portal.project(orderId);
      for (const who of ['buyer', 'admin', 'vendor', 'manager', 'operator', 'service'] as const)
        expect((await portal.call(who, 'project.list', { orderId })).items, who).to.have.length(1);
      for (const who of ['stranger', 'otherOfOrg', 'idle', 'rival', 'vendorStaff', 'otherVendor'] as const)
        expect((await portal.call(who, 'project.list', { orderId })).items, who).to.have.length(0);
    });
  });

  describe('org.put, staff.put and product.put', () => {
    const staff = { userId: 's-1', org: 'studio', name: 'S', roles: ['designer'] as const, maxLoad: 3 };
    const product = { productId: 'p-1', name: 'P', vendorOrg: 'maker', templateId: 'basic', providers: [] };

    it('stores what it is given, again and again, as a full replacement', async () => {
      const { portal, database } = suite;
      for (let i = 0; i < 2; i++) {
        expect(await portal.call('service', 'org.put', { orgId: 'o-1', name: `O${i}` })).to.deep.equal({
          org: { orgId: 'o-1', name: `O${i}` },
        });
        const answer = await portal.call('operator', 'staff.put', {
          ...staff,
          roles: [...staff.roles],
          ...(i === 0 ? { dept: 'd', tags: ['t'] } : {}),
        });
        expect(answer.staff).to.deep.equal({
          userId: 's-1',
          org: 'studio',
          name: 'S',
          roles: ['designer'],
          active: true,
        });
        expect(await portal.call('vendor', 'product.put', { ...product, warrantyDays: 90 })).to.deep.equal({
          product: { productId: 'p-1', name: 'P', vendorOrg: 'maker', templateId: 'basic' },
        });
      }
      const stored = await database.connection
        .collection<{ _id: string; tags: string[] }>('staff')
        .findOne({ _id: 's-1' });
      expect(stored).to.include({ dept: null, accepting: true });
      expect(stored?.tags).to.deep.equal([]);
    });

    it('stores what a company is suggested by, and forgets what is left out', async () => {
      const { portal, database } = suite;
      const orgs = database.connection.collection<{ _id: string }>('orgs');
      const org = { orgId: 'o-2', name: 'O', categories: ['Design', 'Logos'], regions: ['Zhejiang'], rating: 4.5 };
      expect(await portal.call('service', 'org.put', org)).to.deep.equal({ org });
      const { orgId: _id, ...stored } = org;
      expect(await orgs.findOne({ _id })).to.deep.equal({ _id, ...stored });
      await portal.call('service', 'org.put', { orgId: _id, name: 'P' });
      expect(await orgs.findOne({ _id })).to.deep.equal({ _id, name: 'P' });
      for (const bad of [{ rating: 5.1 }, { rating: -1 }, { categories: [''] }, { regions: Array(101).fill('r') }])
        await refused(portal.call('service', 'org.put', { ...org, ...bad }), 'invalid');
    });

    it('keeps no number before there is a vault for numbers', async () => {
      const { portal, database } = suite;
      await portal.call('service', 'staff.put', { ...staff, roles: [...staff.roles], phone: '13900001111' });
      await portal.call('service', 'project.create', {
        orderId: randomUUID(),
        productId: 'website',
        buyer: { ...buyer, contact: { phone: '13900001111', email: 'secret@example.com' } },
      });
      expect(await database.dump()).to.not.match(/13900001111|secret@example/);
    });

    it('refuses what does not hang together', async () => {
      const { portal } = suite;
      await refused(portal.call('service', 'staff.put', { ...staff, roles: ['designer'], org: 'nobody' }), 'not_found');
      await refused(portal.call('service', 'staff.put', { ...staff, roles: [] }), 'invalid');
      await refused(portal.call('service', 'staff.put', { ...staff, roles: ['designer'], maxLoad: 51 }), 'invalid');
      await refused(
        portal.call('service', 'staff.put', { ...staff, roles: ['designer'], tags: Array(6).fill('t') }),
        'invalid',
      );
      await refused(
        portal.call('service', 'staff.put', {
          ...staff,
          roles: ['designer'],
          leave: { from: '2026-12-02', to: '2026-12-01' },
        }),
        'invalid',
      );
      await refused(portal.call('service', 'product.put', { ...product, vendorOrg: 'nobody' }), 'not_found');
      await refused(portal.call('service', 'product.put', { ...product, templateId: 'nothing' }), 'not_found');
      const twice = [
        { org: 'studio', maxLoad: 1 },
        { org: 'studio', maxLoad: 2 },
      ];
      await refused(portal.call('service', 'product.put', { ...product, providers: twice }), 'invalid');
      await refused(
        portal.call('service', 'product.put', { ...product, providers: [{ org: 'studio', weight: 0, maxLoad: 1 }] }),
        'invalid',
      );
    });

    it("lets a vendor's admin put its own products, and no one else's", async () => {
      const { portal } = suite;
      await portal.call('vendor', 'product.put', { ...product, productId: 'p-2' });
      await refused(portal.call('manager', 'product.put', { ...product, productId: 'p-2' }), 'forbidden');
      await refused(portal.call('otherVendor', 'product.put', { ...product, productId: 'p-2' }), 'forbidden');
      await refused(
        portal.call('otherVendor', 'product.put', { ...product, productId: 'p-2', vendorOrg: 'maker-2' }),
        'not_found',
      );
      await portal.call('service', 'product.put', { ...product, productId: 'p-2', vendorOrg: 'maker-2' });
      await portal.call('otherVendor', 'product.put', { ...product, productId: 'p-2', vendorOrg: 'maker-2' });
    });
  });
});
