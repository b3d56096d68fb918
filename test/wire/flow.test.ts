import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { Project } from '../../shared/contract/projects.ts';
import { people, type PersonName } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

/** A demand as a buyer fills it in; the number is of a range that is reserved for examples. */
export const DEMAND = {
  contactName: 'Bao',
  phone: '+1 202 555 0123',
  email: 'bao@example.com',
  address: '1 Example Road',
  details: 'A site with eight pages',
};

describe('node.act, project.* and queue.list', () => {
  const suite = wireSuite();

  async function product(productId: string, more: Partial<CommandInput<'product.put'>> = {}): Promise<void> {
    await suite.portal.call('service', 'product.put', {
      productId,
      name: 'Website',
      vendorOrg: 'maker',
      templateId: 'basic',
      providers: [{ org: 'studio', maxLoad: 100 }],
      ...more,
    });
  }

  async function order(productId = 'website'): Promise<string> {
    const { projectId } = await suite.portal.call('service', 'project.create', {
      orderId: randomUUID(),
      productId,
      buyer: { id: people.buyer.sub, org: 'buyers', name: 'Bao' },
    });
    return projectId;
  }

  /** Does what is to be done at the current node, as its actions are shown to this caller. */
  async function act(
    who: PersonName,
    projectId: string,
    action: CommandInput<'node.act'>['action'],
    more: Partial<CommandInput<'node.act'>> = {},
  ): Promise<Project> {
    const { project } = await suite.portal.call(who, 'project.get', { projectId });
    const node = project.nodes.find(({ id }) => id === project.current);
    const input = { projectId, nodeId: node?.id ?? '', visit: node?.visit ?? 1, action, ...more };
    return (await suite.portal.call(who, 'node.act', input)).project;
  }

  it('walks the basic template from order to completion', async () => {
    const projectId = await order();
    const submitted = await act('buyer', projectId, 'submit', { form: DEMAND });
    expect(submitted.current).to.equal('delivery');
    const finished = await act('admin', projectId, 'finish');
    expect(finished.current).to.equal('finish');
    // Friday 10:00 in Shanghai, and fourteen working days.
    expect(finished.nodes.at(-1)?.dueAt).to.equal('2026-12-10T09:30:00.000Z');
    const rejected = await act('buyer', projectId, 'reject', { reason: 'The logo is missing.' });
    expect(rejected.current).to.equal('delivery');
    await act('admin', projectId, 'finish');
    const done = await act('buyer', projectId, 'confirm');
    expect([done.status, done.current, done.actions]).to.deep.equal(['completed', null, []]);
    const { items } = await suite.portal.call('vendor', 'project.log', { projectId });
    expect(items.map(({ body }) => body.event)).to.deep.equal([
      'project.created',
      'node.entered',
      'provider.assigned',
      'node.entered',
      'node.done',
      'node.entered',
      'node.done',
      'node.entered',
      'node.rejected',
      'node.entered',
      'node.done',
      'node.entered',
      'node.done',
      'project.completed',
    ]);
    await refused(
      suite.portal.call('buyer', 'node.act', { projectId, nodeId: 'finish', action: 'confirm', visit: 2 }),
      'read_only',
    );
    await refused(suite.portal.call('buyer', 'project.pause', { projectId }), 'read_only');
  });

  it('shows each viewer what they may do, live', async () => {
    const projectId = await order();
    const [buyer, admin] = [await suite.portal.connect('buyer'), await suite.portal.connect('admin')];
    for (const client of [buyer, admin]) await client.call('room.join', { roomId: projectId });
    const events = [buyer, admin].map((client) => client.next('project'));
    const { project } = await buyer.call('node.act', {
      projectId,
      nodeId: 'demand',
      action: 'submit',
      visit: 1,
      form: DEMAND,
    });
    const [toBuyer, toAdmin] = await Promise.all(events);
    expect(toBuyer).to.deep.equal(project);
    expect(toBuyer?.actions).to.deep.equal([]);
    expect(toBuyer?.projectActions).to.deep.equal(['pause']);
    expect(toAdmin?.actions.map(({ action }) => action)).to.deep.equal(['upload', 'finish']);
    expect(toAdmin?.version).to.equal(toBuyer?.version);
  });

  it('refuses a stale visit, a wrong side and a wrong form, and says why', async () => {
    const projectId = await order();
    const stale = await refused(
      suite.portal.call('buyer', 'node.act', { projectId, nodeId: 'demand', action: 'submit', visit: 2, form: DEMAND }),
      'conflict',
    );
    expect(stale.error.details).to.deep.include({ status: 'executing', current: 'demand', visit: 1 });
    await refused(act('admin', projectId, 'submit', { form: DEMAND }), 'forbidden');
    const wrong = await refused(act('buyer', projectId, 'submit', { form: { ...DEMAND, email: 'no' } }), 'invalid');
    expect(JSON.stringify(wrong.error.details)).to.contain('email');
    await refused(act('buyer', projectId, 'submit', { form: DEMAND, files: ['nothing'] }), 'invalid');
  });

  it('keeps the demand for its readers, the number for nobody', async () => {
    const projectId = await order();
    expect(await suite.portal.call('buyer', 'demand.get', { projectId })).to.deep.equal({ demand: null });
    await act('buyer', projectId, 'submit', { form: DEMAND });
    const { phone: _phone, ...shown } = { ...DEMAND, nodeId: 'demand', visit: 1, attachments: [] };
    for (const who of ['buyer', 'admin', 'operator'] as const)
      expect((await suite.portal.call(who, 'demand.get', { projectId })).demand).to.deep.equal(shown);
    const { email: _email, address: _address, ...watched } = shown;
    expect((await suite.portal.call('vendor', 'demand.get', { projectId })).demand).to.deep.equal(watched);
    const everything = await suite.database.connection.collection('rooms').find().toArray();
    expect(JSON.stringify(everything)).to.not.contain('555 0123');
  });

  it('gives staff to a dispatch, lets the admin change them, and takes the room from whom they replace', async () => {
    await product('simple', { templateId: 'simplest' });
    const specialist = (userId: string) => ({
      userId,
      org: 'studio',
      name: userId,
      roles: ['delivery_specialist' as const],
      maxLoad: 1,
    });
    const as = (sub: string) => ({
      sub,
      side: 'provider' as const,
      org: 'studio',
      name: sub,
      roles: ['delivery_specialist' as const],
    });
    const first = await order('simple');
    const queued = await act('buyer', first, 'submit', { form: DEMAND });
    expect([queued.current, queued.queued]).to.deep.equal(['dispatch', 'no_staff_with_role']);
    const { items } = await suite.portal.call('admin', 'queue.list', {});
    expect(items).to.deep.include({
      projectId: first,
      orderId: queued.orderId,
      reason: 'no_staff_with_role',
      role: 'delivery_specialist',
      since: queued.nodes.find(({ id }) => id === 'dispatch')?.enteredAt ?? '',
      place: 1,
    });
    // Whoever comes is given what waits at once, and not at the next full hour.
    for (const userId of ['sp-1', 'sp-2']) await suite.portal.call('service', 'staff.put', specialist(userId));
    const { project } = await suite.portal.call('admin', 'project.get', { projectId: first });
    expect([project.current, project.queued]).to.deep.equal(['deliverable', null]);
    expect(project.nodes.find(({ id }) => id === 'deliverable')?.operator?.userId).to.equal('sp-1');
    await suite.portal.call(as('sp-1'), 'room.get', { roomId: first });
    await refused(suite.portal.call(as('sp-2'), 'room.get', { roomId: first }), 'not_found');

    await suite.portal.call('admin', 'project.changeOperator', { projectId: first, userId: 'sp-2', remark: 'Ill.' });
    await refused(suite.portal.call(as('sp-1'), 'room.get', { roomId: first }), 'not_found');
    await suite.portal.call(as('sp-2'), 'room.get', { roomId: first });

    // sp-2 is full now; what comes next goes to sp-1, and what comes after that waits until somebody is free.
    const second = await order('simple');
    await act('buyer', second, 'submit', { form: DEMAND });
    const third = await order('simple');
    const waits = await act('buyer', third, 'submit', { form: DEMAND });
    expect(waits.queued).to.equal('staff_full');
    await suite.portal.call('operator', 'project.close', { projectId: second, reason: 'Paid back.' });
    const served = await suite.portal.call('buyer', 'project.get', { projectId: third });
    expect(served.project.current).to.equal('deliverable');
  });

  it('lets staff of the role find and claim an order, one of two at once', async () => {
    await product('to-order', { templateId: 'bespoke' });
    const manager = (sub: string) => ({
      sub,
      side: 'provider' as const,
      org: 'studio',
      name: sub,
      roles: ['account_manager' as const],
      dept: 'north',
    });
    const projectId = await order('to-order');
    const { orderId } = await act('buyer', projectId, 'submit', { form: DEMAND });
    const [one, two] = [manager('am-1'), manager('am-2')];
    for (const who of [one, two]) {
      const { items } = await suite.portal.call(who, 'project.list', { orderId });
      expect(items.map(({ actions }) => actions.map(({ action }) => action))).to.deep.equal([['claim']]);
      await refused(suite.portal.call(who, 'room.get', { roomId: projectId }), 'not_found');
    }
    const claims = [one, two].map((who) =>
      suite.portal.call(who, 'node.act', { projectId, nodeId: 'claim', action: 'claim', visit: 1 }).then(
        () => who.sub,
        () => undefined,
      ),
    );
    const winners = (await Promise.all(claims)).filter((sub) => sub !== undefined);
    expect(winners).to.have.length(1);
    const loser = winners[0] === one.sub ? two : one;
    await refused(suite.portal.call(loser, 'project.get', { projectId }), 'not_found');
  });

  it('lets the admin give an order that nobody claims to staff of the role', async () => {
    await product('unclaimed', { templateId: 'bespoke' });
    const account = { org: 'studio', maxLoad: 5, roles: ['account_manager' as const] };
    await suite.portal.call('service', 'staff.put', { userId: 'am-3', name: 'Three', ...account });
    const projectId = await order('unclaimed');
    await act('buyer', projectId, 'submit', { form: DEMAND });
    await refused(suite.portal.call('admin', 'project.dispatch', { projectId, userId: 'nobody' }), 'invalid');
    const { project } = await suite.portal.call('admin', 'project.dispatch', { projectId, userId: 'am-3' });
    expect(project.nodes.find(({ type }) => type === 'claim_order')?.status).to.equal('done');
  });

  it('gives the project to another provider as the next run, whose log and the earlier one can be read', async () => {
    await product('shared');
    const projectId = await order('shared');
    await act('buyer', projectId, 'submit', { form: DEMAND });
    await product('shared', { providers: ['studio', 'rivals'].map((org) => ({ org, maxLoad: 1 })) });
    await refused(
      suite.portal.call('vendor', 'project.changeProvider', { projectId, org: 'nobody', remark: 'Late.' }),
      'invalid',
    );
    const { project } = await suite.portal.call('vendor', 'project.changeProvider', {
      projectId,
      org: 'rivals',
      remark: 'Late.',
    });
    expect([project.run, project.provider?.org, project.current]).to.deep.equal([2, 'rivals', 'demand']);
    expect(project.nodes.find(({ id }) => id === 'demand')?.visit).to.equal(2);
    await refused(suite.portal.call('admin', 'project.get', { projectId }), 'not_found');
    const logOf = async (run: number) =>
      (await suite.portal.call('rival', 'project.log', { projectId, run })).items.map(({ body }) => body.event);
    expect(await logOf(1)).to.include('node.done');
    expect((await logOf(2))[0]).to.equal('provider.changed');
  });

  it('keeps the notes of the earlier provider from the next one, and from the earlier one what comes after', async () => {
    const { portal } = suite;
    await product('noted', { providers: [{ org: 'studio', maxLoad: 100 }] });
    const roomId = await order('noted');
    const note = (who: PersonName, text: string) =>
      portal.call(who, 'message.send', { roomId, stream: 'provider', clientId: randomUUID(), text });
    const canary = randomUUID();
    const { entry: old } = await note('admin', canary);
    await note('vendor', 'not mine to write').catch(() => undefined);
    await note('operator', canary);
    await product('noted', { providers: ['studio', 'rivals'].map((org) => ({ org, maxLoad: 100 })) });
    const vendor = await portal.connect('vendor');
    await vendor.call('room.join', { roomId });
    await portal.call('vendor', 'project.changeProvider', { projectId: roomId, org: 'rivals', remark: 'Slow.' });
    await note('rival', 'we begin');

    const rival = await portal.connect('rival');
    const joined = await rival.call('room.join', { roomId });
    const notes = joined.streams.find(({ stream }) => stream === 'provider');
    expect(
      notes?.entries.map(({ body }) => ('event' in body ? body.event : 'text' in body ? body.text : '')),
    ).to.deep.equal(['notes.handed_over', 'notification', 'we begin']);
    const stream = 'provider';
    const first = notes?.entries[0]?.seq ?? 0;
    expect(first).to.equal(4);
    const shown = [
      joined,
      await rival.call('entry.fetch', { roomId, stream }),
      await rival.call('entry.fetch', { roomId, stream, after: 0 }),
      await rival.call('entry.fetch', { roomId, stream, before: first }),
      await rival.call('room.join', { roomId, since: { provider: 0 } }),
      await rival.call('room.list', {}),
      await rival.answer('message.edit', { roomId, entryId: old.id, text: 'x' }),
      await rival.answer('message.send', { roomId, stream, clientId: randomUUID(), text: 'x', replyTo: old.id }),
    ];
    expect(JSON.stringify(shown)).to.not.contain(canary);
    const { items } = await rival.call('room.list', {});
    // The hand-over and the notification to its admin, and nothing that stood before.
    expect(items.find(({ id }) => id === roomId)?.unread['provider']).to.equal(2);
    const whole = await portal.call('vendor', 'entry.fetch', { roomId, stream });
    expect(whole.entries.map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(JSON.stringify(whole)).to.contain(canary);
    await vendor.flush();
    expect(
      vendor
        .all('entry')
        .filter((entry) => entry.stream === stream)
        .map(({ seq }) => seq),
    ).to.deep.equal([4, 5, 6]);

    await portal.call('vendor', 'project.changeProvider', { projectId: roomId, org: 'studio', remark: 'Slower.' });
    const again = await portal.call('admin', 'entry.fetch', { roomId, stream, after: 0 });
    expect(again.entries.map(({ seq }) => seq)).to.deep.equal([7, 8]);
  });

  it('queues what no provider has room for, and gives it the first place that is free', async () => {
    await suite.portal.call('service', 'org.put', { orgId: 'scarce', name: 'Scarce' });
    await product('scarce', { providers: [{ org: 'scarce', maxLoad: 1 }] });
    const placed = [await order('scarce')];
    const waiting = [await order('scarce'), await order('scarce')];
    const stateOf = async (projectId: string) => {
      const { project } = await suite.portal.call('buyer', 'project.get', { projectId });
      return project.provider?.org ?? project.queued;
    };
    expect(await Promise.all([...placed, ...waiting].map(stateOf))).to.deep.equal([
      'scarce',
      'providers_full',
      'providers_full',
    ]);
    const { items } = await suite.portal.call('vendor', 'queue.list', {});
    expect(items.map(({ projectId, place }) => [projectId, place])).to.deep.equal(waiting.map((id, i) => [id, i + 1]));
    await suite.portal.call('operator', 'project.close', { projectId: placed[0] ?? '', reason: 'Cancelled.' });
    expect(await Promise.all(waiting.map(stateOf))).to.deep.equal(['scarce', 'providers_full']);
    const [, last = ''] = waiting;
    const by = (org: string) => suite.portal.call('vendor', 'project.dispatch', { projectId: last, org });
    await refused(by('scarce'), 'conflict');
    await refused(by('nobody'), 'invalid');
    // By hand also to a company that the product does not list.
    const { project } = await by('rivals');
    expect([project.provider?.org, project.queued, project.current]).to.deep.equal(['rivals', null, 'demand']);
  });

  it('pauses and resumes with the clock', async () => {
    const projectId = await order();
    await act('buyer', projectId, 'submit', { form: DEMAND });
    const before = await act('admin', projectId, 'finish');
    const dueAt = (project: Project) => project.nodes.at(-1)?.dueAt;
    const { project: paused } = await suite.portal.call('buyer', 'project.pause', { projectId, remark: 'Holidays' });
    expect([paused.status, dueAt(paused), paused.actions]).to.deep.equal(['paused', undefined, []]);
    await refused(act('buyer', projectId, 'confirm'), 'conflict');
    const { project: resumed } = await suite.portal.call('buyer', 'project.resume', { projectId });
    expect(dueAt(resumed)).to.equal(dueAt(before));
  });

  it('exports what it lists as CSV in which no cell is a formula', async () => {
    const buyer = { sub: 'csv-1', side: 'buyer' as const, org: 'csv', name: '=1+1' };
    await suite.portal.call('service', 'project.create', {
      orderId: 'csv, "1"',
      productId: 'website',
      buyer: { id: buyer.sub, org: buyer.org, name: buyer.name },
    });
    const { csv, rows, truncated } = await suite.portal.call(buyer, 'project.export', {});
    expect([rows, truncated]).to.deep.equal([1, false]);
    const [heading, row, end] = csv.split('\r\n');
    expect(heading?.split(',').slice(0, 3)).to.deep.equal(['order_id', 'business_id', 'product']);
    expect(row).to.match(/^"csv, ""1""",,Website,/);
    expect(row).to.contain(",'=1+1,");
    expect(end).to.equal('');
  });
});
