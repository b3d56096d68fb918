import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type NodeInput, type Template, TEMPLATES_MAX } from '../../shared/contract/templates.ts';
import { builtInTemplates } from '../../shared/model/flow/built-in-templates.ts';
import { type PersonName, people } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

/** A flow that can be published. */
const NODES: NodeInput[] = [
  { type: 'submit_demand', name: 'Demand' },
  { type: 'generic', name: 'Work', side: 'provider' },
  { type: 'finish', name: 'Done', timeoutDays: 3.5, autoAdvance: true },
];
const BUILT_IN = builtInTemplates.map(({ id }) => id);

describe('template.*', () => {
  const suite = wireSuite();

  async function draft(who: PersonName = 'vendor', nodes = NODES): Promise<Template> {
    return (await suite.portal.call(who, 'template.create', { name: 'Ours', nodes })).template;
  }
  async function published(who: PersonName = 'vendor'): Promise<Template> {
    const { id } = await draft(who);
    return (await suite.portal.call(who, 'template.publish', { templateId: id })).template;
  }
  const get = async (who: PersonName, templateId: string) =>
    (await suite.portal.call(who, 'template.get', { templateId })).template;
  const ids = async (who: PersonName, filter: object = {}) =>
    (await suite.portal.call(who, 'template.list', { limit: 200, ...filter })).items.map(({ id }) => id);

  it('keeps a draft with what the author left out, over both transports', async () => {
    const { portal } = suite;
    const socket = await portal.connect('vendor');
    const { template } = await socket.call('template.create', { name: 'Ours', nodes: NODES });
    expect(template).to.include({ name: 'Ours', status: 'draft', builtIn: false, posting: 'any-staff' });
    expect(template.nodes.map(({ type, side, role }) => [type, side, role])).to.deep.equal([
      ['assign_provider', 'system', undefined],
      ['submit_demand', 'buyer', undefined],
      ['generic', 'provider', 'provider_admin'],
      ['finish', 'buyer', undefined],
    ]);
    expect(new Set(template.nodes.map(({ id }) => id)).size).to.equal(4);
    expect(await get('vendor', template.id)).to.deep.equal(template);
    expect((await socket.call('template.get', { templateId: template.id })).template).to.deep.equal(template);
  });

  it('is a flow that a project can carry: its steps are bounded, also inside of containers', async () => {
    const step = (n: number): NodeInput => ({ type: 'generic', name: `Step ${n}`, side: 'provider' });
    const box = (n: number): NodeInput => ({
      type: 'container',
      name: `Box ${n}`,
      children: Array.from({ length: 50 }, (_, i) => step(i)),
    });
    await draft('vendor', [box(1), box(2), { type: 'finish', name: 'Done' }]);
    await refused(draft('vendor', [box(1), box(2), box(3), { type: 'finish', name: 'Done' }]), 'invalid');
  });

  it('changes what an update names, and nothing else', async () => {
    const { portal } = suite;
    const before = await draft();
    const templateId = before.id;
    const renamed = await portal.call('vendor', 'template.update', { templateId, name: 'Renamed' });
    expect(renamed.template).to.deep.equal({ ...before, name: 'Renamed' });
    const strict = await portal.call('vendor', 'template.update', { templateId, posting: 'current-operator' });
    expect(strict.template).to.deep.equal({ ...before, name: 'Renamed', posting: 'current-operator' });
    expect((await portal.call('vendor', 'template.update', { templateId })).template).to.deep.equal(strict.template);
    const [first] = (await portal.call('vendor', 'template.update', { templateId, nodes: NODES.slice(1) })).template
      .nodes;
    expect(first?.type).to.equal('assign_provider');
  });

  it('loses none of many updates at once', async () => {
    const { portal } = suite;
    const { id: templateId } = await draft();
    const names = Array.from({ length: 10 }, (_, i) => `Name ${i}`);
    await Promise.all([
      ...names.map((name) => portal.call('vendor', 'template.update', { templateId, name })),
      portal.call('vendor', 'template.update', { templateId, posting: 'current-operator' }),
    ]);
    const stored = await get('vendor', templateId);
    expect(stored.posting).to.equal('current-operator');
    expect(names).to.include(stored.name);
  });

  it('publishes for good: no later change, also of those that come at the same time', async () => {
    const { portal } = suite;
    for (let round = 0; round < 10; round++) {
      const { id: templateId, nodes } = await draft();
      const broken = portal.call('vendor', 'template.update', { templateId, nodes: [{ type: 'confirm', name: 'C' }] });
      const [update, publish] = await Promise.allSettled([
        broken,
        portal.call('vendor', 'template.publish', { templateId }),
      ]);
      const stored = await get('vendor', templateId);
      // Whichever was first, what is published was found good, and what was answered with ok is what is stored.
      if (publish.status === 'fulfilled') {
        expect(update.status).to.equal('rejected');
        expect(stored).to.deep.include({ status: 'published', nodes });
      } else expect(stored.status).to.equal('draft');
    }
    const { id: templateId } = await published();
    await refused(portal.call('vendor', 'template.update', { templateId, name: 'Changed' }), 'read_only');
    await refused(portal.call('vendor', 'template.update', { templateId: 'basic', name: 'Changed' }), 'read_only');
    const again = await portal.call('vendor', 'template.publish', { templateId });
    expect(again.template).to.deep.equal(await get('vendor', templateId));
    expect(again.template).to.include({ name: 'Ours', status: 'published' });
  });

  it('refuses to publish with every fault, its node and its rule; the draft stays one', async () => {
    const { portal } = suite;
    const { id: templateId } = await draft('vendor', [
      { id: 'dispatch', type: 'dispatch_order', name: 'Dispatch', role: 'designer' },
      { id: 'check', type: 'confirm', name: 'Check', side: 'buyer', rejectable: true, autoAdvance: true },
      { id: 'test', type: 'generic', name: 'Test', side: 'provider', role: 'tester' },
    ]);
    const { error } = await refused(portal.call('vendor', 'template.publish', { templateId }), 'conflict');
    const faults = error.details as { nodeId: string; rule: string; message: string }[];
    expect(faults.map(({ nodeId, rule }) => [nodeId, rule])).to.have.deep.members([
      ['test', 'ends_with_finish'],
      ['check', 'not_rejectable_after_claim_or_dispatch'],
      ['check', 'auto_advance_needs_timeout'],
      ['test', 'role_brought_in'],
    ]);
    for (const { message } of faults) expect(message).to.be.a('string').and.not.equal('');
    expect((await get('vendor', templateId)).status).to.equal('draft');
  });

  it('copies a built-in template, or a published one, into a draft of its own', async () => {
    const { portal } = suite;
    const { template } = await portal.call('vendor', 'template.copy', { templateId: 'contract', name: 'My contract' });
    const builtIn = builtInTemplates.find(({ id }) => id === 'contract');
    expect(template).to.deep.equal({
      ...builtIn,
      id: template.id,
      name: 'My contract',
      status: 'draft',
      builtIn: false,
    });
    await portal.call('vendor', 'template.update', { templateId: template.id, nodes: NODES });
    expect(await get('vendor', 'contract')).to.deep.equal(builtIn);
    const source = await published();
    const copy = await portal.call('vendor', 'template.copy', { templateId: source.id, name: 'Again' });
    expect(copy.template).to.deep.equal({ ...source, id: copy.template.id, name: 'Again', status: 'draft' });
    await portal.call('vendor', 'template.publish', { templateId: copy.template.id });
  });

  it("lists the built-in ones, the platform's published and the caller's own, the newest first", async () => {
    const mine = await draft('otherVendor');
    const done = await published('otherVendor');
    const common = await published('operator');
    const unfinished = await draft('service');
    const theirs = await published('vendor');
    const own = await ids('otherVendor');
    expect(own.slice(0, 6)).to.deep.equal(BUILT_IN);
    expect(own.slice(6)).to.deep.equal([common.id, done.id, mine.id]);
    expect(await ids('otherVendor', { status: 'draft' })).to.deep.equal([mine.id]);
    expect(await ids('otherVendor', { status: 'published' })).to.deep.equal([...BUILT_IN, common.id, done.id]);
    expect(await ids('otherVendor', { builtIn: true })).to.deep.equal(BUILT_IN);
    expect(await ids('otherVendor', { builtIn: false })).to.deep.equal([common.id, done.id, mine.id]);
    expect(await ids('operator')).to.deep.equal([...BUILT_IN, unfinished.id, common.id]);
    expect(await ids('service', { status: 'draft' })).to.deep.equal([unfinished.id]);
    for (const who of ['buyer', 'admin', 'vendorStaff'] as const)
      expect(await ids(who), who).to.deep.equal([...BUILT_IN, common.id]);
    expect(await ids('manager')).to.include(theirs.id);
  });

  it('pages a list by its cursor, across the shelves and by size', async () => {
    const { portal } = suite;
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await portal.call('vendor', 'template.list', {
        limit: 4,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.items.length).to.be.within(1, 4);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).to.deep.equal(await ids('vendor'));
    for (const bad of ['x', Buffer.from('[9,1]').toString('base64url'), Buffer.from('[1,"a"]').toString('base64url')])
      await refused(portal.call('vendor', 'template.list', { cursor: bad }), 'invalid');
    const words = 'w'.repeat(1000);
    const large: NodeInput[] = NODES.map((node) => ({
      ...node,
      notify: Array.from({ length: 20 }, () => ({ to: 'buyer' as const, when: 'entered' as const, message: words })),
    }));
    const author = { ...people.vendor, sub: 'large', org: 'maker-3' };
    for (let i = 0; i < 12; i++) await portal.call(author, 'template.create', { name: `Large ${i}`, nodes: large });
    const first = await portal.call(author, 'template.list', { limit: 200, builtIn: false });
    expect(JSON.stringify(first.items).length).to.be.lessThan(600_000);
    const rest = await portal.call(author, 'template.list', {
      limit: 200,
      builtIn: false,
      cursor: first.nextCursor ?? '',
    });
    expect(rest).to.not.have.property('nextCursor');
    const names = [...first.items, ...rest.items]
      .filter(({ name }) => name.startsWith('Large'))
      .map(({ name }) => name);
    expect(names).to.deep.equal(Array.from({ length: 12 }, (_, i) => `Large ${11 - i}`));
  });

  it('bounds how many one owner keeps, also when they come at once', async () => {
    const { portal, database } = suite;
    const author = { ...people.vendor, sub: 'many', org: 'maker-4' };
    const templates = database.connection.collection<{ _id: string }>('templates');
    const all = Array.from({ length: TEMPLATES_MAX - 2 }, (_, i) => ({
      _id: `many-${i}`,
      owner: 'vendor:maker-4',
      number: i + 1,
      name: 'N',
      status: 'draft',
      posting: 'any-staff',
      nodes: [],
      version: 1,
    }));
    await templates.insertMany(all);
    const made = await Promise.allSettled(
      Array.from({ length: 5 }, () => portal.call(author, 'template.copy', { templateId: 'basic', name: 'C' })),
    );
    expect(made.filter(({ status }) => status === 'fulfilled')).to.have.length(2);
    const refusal = await refused(portal.call(author, 'template.create', { name: 'N', nodes: NODES }), 'conflict');
    expect(refusal.error.details).to.deep.equal({ templates: TEMPLATES_MAX });
    expect(await templates.countDocuments({ owner: 'vendor:maker-4' })).to.equal(TEMPLATES_MAX);
    await draft('vendor');
  });

  it('refuses nodes that make no sense, and stores nothing of them', async () => {
    const { portal } = suite;
    const before = await ids('vendor', { status: 'draft' });
    const bad: object[] = [
      { name: '', nodes: NODES },
      { name: 'N', nodes: [] },
      { name: 'N', nodes: [{ type: 'party', name: 'P' }] },
      { name: 'N', nodes: [{ type: 'finish', name: 'F', timeoutDays: 1.25 }] },
      { name: 'N', nodes: [{ type: 'finish', name: 'F', children: [{ type: 'container', name: 'C', children: [] }] }] },
      { name: 'N', nodes: NODES, owner: 'platform' },
    ];
    for (const input of bad) await refused(portal.call('vendor', 'template.create', input as never), 'invalid');
    expect(await ids('vendor', { status: 'draft' })).to.deep.equal(before);
  });

  describe('product.put', () => {
    const put = (who: PersonName, templateId: string, vendorOrg = 'maker') =>
      suite.portal.call(who, 'product.put', {
        productId: `of-${vendorOrg}`,
        name: 'P',
        vendorOrg,
        templateId,
        providers: [],
      });

    it("takes a built-in template, the platform's published or the vendor's own published", async () => {
      const own = await published('vendor');
      const common = await published('operator');
      for (const templateId of ['bespoke', own.id, common.id])
        for (const who of ['vendor', 'service'] as const)
          expect((await put(who, templateId)).product.templateId, `${who} ${templateId}`).to.equal(templateId);
    });

    it('gives projects the steps of a template that their vendor wrote', async () => {
      const { portal } = suite;
      const own = await published('vendor');
      await put('vendor', own.id);
      const buyer = { id: people.buyer.sub, org: people.buyer.org, name: people.buyer.name };
      const order = { orderId: 'by-own-template', productId: 'of-maker', buyer };
      const { projectId } = await portal.call('service', 'project.create', order);
      const { project } = await portal.call('buyer', 'project.get', { projectId });
      expect(project.template).to.deep.include({ id: own.id, name: 'Ours' });
      expect(project.nodes.map(({ id, name }) => [id, name])).to.deep.equal(
        own.nodes.map(({ id, name }) => [id, name]),
      );
    });

    it("refuses drafts and other vendors' with not_found, whoever asks", async () => {
      const theirs = await published('otherVendor');
      const unfinished = await draft('vendor');
      const common = await draft('operator');
      for (const templateId of [theirs.id, unfinished.id, common.id, 'nothing'])
        for (const who of ['vendor', 'service', 'operator'] as const) await refused(put(who, templateId), 'not_found');
      await put('service', theirs.id, 'maker-2');
      // Once published it is remembered by this server, and is no other vendor's for that.
      await refused(put('service', theirs.id), 'not_found');
    });
  });

  it('shows whom a template notifies, and with what words, to those who write templates alone', async () => {
    const { portal } = suite;
    const canary = 'Tell nobody of the discount.';
    const notify = [{ to: 'operator' as const, when: 'entered' as const, message: canary }];
    const nodes: NodeInput[] = [
      { type: 'container', name: 'Box', children: [{ type: 'generic', name: 'Work', side: 'provider', notify }] },
      { type: 'finish', name: 'Done', notify },
    ];
    const { id } = await draft('operator', nodes);
    await portal.call('operator', 'template.publish', { templateId: id });
    expect(JSON.stringify(await get('vendor', id))).to.contain(canary);
    for (const who of ['buyer', 'admin', 'designer'] as const) {
      const shown = [await get(who, id), await portal.call(who, 'template.list', { limit: 200 })];
      expect(JSON.stringify(shown)).to.not.contain('notify').and.not.contain(canary);
    }
  });
});
