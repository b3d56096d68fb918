import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PNG, postFile } from '../support/files.ts';
import { people } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { refused } from '../support/wire-suite.ts';
import { expectWhole } from './delivery-checks.ts';
import { stageFrom } from './delivery-stage.ts';
import { REASON, Walk } from './delivery-walk.ts';

/** Thursday 5 November 2026, 10:00 in Shanghai. */
const START = '2026-11-05T10:00:00+08:00';
const INSIDE = ['buyer', 'admin', 'vendor', 'operator'] as const;

describe('A delivery, and the staff who work it', () => {
  const stage = stageFrom(START);

  it('is claimed by staff of the role, whose department is looked in first for whom it is dispatched to', async () => {
    const productId = await stage().product('bespoke');
    const [north, south] = [
      await stage().staff('manager-north', 'account_manager', { dept: 'north' }),
      await stage().staff('manager-south', 'account_manager', { dept: 'south' }),
    ];
    const own = await stage().staff('expert-north', 'delivery_specialist', { dept: 'north', maxLoad: 2 });
    // In no department of a claimer, with room for more: the smaller load of all.
    const other = await stage().staff('expert-east', 'delivery_specialist', { dept: 'east', maxLoad: 50 });
    const given: (string | undefined)[] = [];
    for (const [claimer, staff] of [
      [north, own],
      [north, own],
      // The department is full now.
      [north, other],
    ] as const) {
      const walk = await Walk.begin(stage(), productId, { inside: INSIDE, outside: [claimer, staff] });
      const { orderId, projectId } = walk;
      await walk.play({ to: 'claim' });
      const found = async (who: Who) => (await stage().portal.call(who, 'project.list', { orderId })).items.length;
      expect(await found(south)).to.equal(1);
      await walk.play({ to: 'confirm-demand' });
      expect(await found(south)).to.equal(0);
      await refused(stage().portal.call(south, 'project.get', { projectId }), 'not_found');
      const [claimed] = walk.reader('buyer').events('order.claimed');
      expect(claimed?.body).to.deep.include({
        department: 'north',
        operator: { role: 'account_manager', userId: claimer.sub, name: claimer.name },
      });
      given.push(walk.reader('buyer').project.nodes.find(({ id }) => id === 'confirm-demand')?.operator?.userId);
    }
    expect(given).to.deep.equal([own.sub, own.sub, other.sub]);
  });

  it('waits for a provider and for staff, each with its reason, and goes on when there is one', async () => {
    const templateId = await stage().template('any-staff', [
      { type: 'submit_demand', name: 'Demand' },
      { id: 'find', type: 'dispatch_order', name: 'Find', role: 'service_agent', rule: 'provider_first' },
      { id: 'serve', type: 'generic', name: 'Serve', role: 'service_agent' },
      { id: 'end', type: 'finish', name: 'End' },
    ]);
    const agent = await stage().staff('agent-1', 'service_agent');
    // Away for the morning.
    const leave = { from: '2026-11-05', to: '2026-11-05T12:00' };
    await stage().portal.call(agent, 'staff.update', { userId: agent.sub, leave });
    const productId = await stage().product(templateId, { providers: [] });
    const walk = await Walk.begin(stage(), productId, {
      inside: ['buyer', 'vendor', 'operator'],
      outside: [agent],
    });
    const vendor = walk.reader('vendor');
    await walk.check();
    expect(walk.readers.map(({ project }) => project.queued)).to.deep.equal(walk.readers.map(() => 'no_provider'));
    expect(vendor.project.projectActions).to.include('dispatch');

    await stage().product(templateId, { productId });
    const assigned = await vendor.sees(({ provider }) => provider !== undefined);
    await walk.follow(assigned.version);
    expect([assigned.queued, assigned.provider?.org]).to.deep.equal([null, 'studio']);
    const admin = await walk.enter(people.admin);

    await walk.play({ to: 'find' });
    const waits = await admin.sees(({ queued }) => queued !== null);
    await walk.follow(waits.version);
    expect(waits.queued).to.equal('staff_full');
    await stage().moveTo('2026-11-05T11:59:59.999+08:00');
    await admin.client.flush();
    expect(admin.project).to.deep.equal(waits);
    await stage().tickTo('2026-11-05T12:00:00+08:00');
    const given = await admin.sees(({ current }) => current === 'serve');
    await walk.follow(given.version);
    expect(given.nodes.find(({ id }) => id === 'serve')?.operator?.userId).to.equal(agent.sub);
    await walk.callIn();
    await walk.play();
    await expectWhole(walk, []);
  });

  it('lets who works the current node write on the provider’s side, where the vendor’s template says so', async () => {
    const templateId = await stage().template('current-operator', [
      { type: 'submit_demand', name: 'Demand' },
      {
        type: 'container',
        name: 'Preparation',
        children: [
          { id: 'find', type: 'dispatch_order', name: 'Find', role: 'designer', rule: 'provider_first' },
          { id: 'draft', type: 'generic', name: 'Draft', role: 'designer' },
        ],
      },
      {
        type: 'container',
        name: 'Building',
        children: [
          { id: 'build', type: 'generic', name: 'Build', side: 'provider', needsUpload: true },
          { id: 'look', type: 'confirm', name: 'Look', side: 'buyer', rejectable: true },
        ],
      },
      { id: 'end', type: 'finish', name: 'End', timeoutDays: 3 },
    ]);
    const designer: Who = people.designer;
    for (const { sub: userId } of [people.idle, people.inactive])
      await stage().portal.call('admin', 'staff.update', { userId, accepting: false });
    const walk = await Walk.begin(stage(), await stage().product(templateId), {
      inside: INSIDE,
      outside: [designer],
    });
    const { projectId: roomId } = walk;

    /** Who writes into each stream, and who uploads, as each is answered. */
    const writers = async (): Promise<string[]> => {
      const may: string[] = [];
      for (const { who, client } of walk.readers) {
        for (const stream of ['public', 'provider']) {
          const answer = await client.answer('message.send', { roomId, stream, text: 'x', clientId: randomUUID() });
          if (answer.ok) may.push(`${who.sub} ${stream}`);
          // A buyer is not told that there are notes.
          else expect(answer.error.code).to.equal(who.side === 'buyer' ? 'not_found' : 'forbidden');
        }
        const { status } = await postFile(stage().portal.url, await stage().portal.token(who), { roomId, bytes: PNG });
        if (status === 200) may.push(`${who.sub} file`);
        else expect(status).to.equal(403);
      }
      return may;
    };
    const always = ['buyer-1 public', 'buyer-1 file', 'operator-1 public', 'operator-1 provider', 'operator-1 file'];
    const all = (sub: string) => ['public', 'provider', 'file'].map((where) => `${sub} ${where}`);
    const expectWriters = async (more: string[]) =>
      expect((await writers()).toSorted()).to.deep.equal([...always, ...more].toSorted());

    await expectWriters([]);
    await walk.play({ to: 'draft' });
    // The designer hears that it is theirs, and comes in.
    await walk.callIn();
    await expectWriters(all(designer.sub));
    await walk.play({ to: 'build' });
    await expectWriters(all(people.admin.sub));
    await walk.play({ to: 'look' });
    await expectWriters([]);
    await walk.act('reject', { reason: REASON });
    expect(walk.reader('buyer').project.current).to.equal('build');
    await expectWriters(all(people.admin.sub));
    await walk.play();
    const { nodes } = walk.reader('buyer').project;
    expect(nodes.map(({ within }) => within?.name)).to.deep.equal([
      undefined,
      undefined,
      'Preparation',
      'Preparation',
      'Building',
      'Building',
      undefined,
    ]);
    await expectWhole(walk, []);
  });
});

describe('A delivery whose staff are late', () => {
  const stage = stageFrom(START);
  // A day and a half from Thursday: Friday 6, 17:30 (1), and four and a quarter hours of Monday 9.
  const DUE = '2026-11-09T05:15:00.000Z';

  it('is taken on by the provider’s admin, and by the platform for a buyer, and the log names both', async () => {
    const templateId = await stage().template('any-staff', [
      { type: 'submit_demand', name: 'Demand' },
      { id: 'find', type: 'dispatch_order', name: 'Find', role: 'tester', rule: 'provider_first' },
      {
        id: 'test',
        type: 'generic',
        name: 'Test',
        role: 'tester',
        timeoutDays: 1.5,
        notify: [
          { to: 'tester', when: 'entered', message: 'your_turn' },
          { to: 'vendor', when: 'timed_out', message: '{node} is late' },
          { to: 'provider_admin', when: 'timed_out', message: 'timed_out' },
        ],
      },
      { id: 'end', type: 'finish', name: 'End', rejectable: true },
    ]);
    const tester = await stage().staff('tester-1', 'tester');
    const walk = await Walk.begin(stage(), await stage().product(templateId), {
      inside: INSIDE,
      outside: [tester],
    });
    await walk.play({ to: 'test' });
    await walk.callIn();
    const admin = walk.reader('admin');
    const finish = { nodeId: 'test', visit: 1, action: 'finish' } as const;
    expect(admin.project.nodes.find(({ id }) => id === 'test')).to.include({ dueAt: DUE, status: 'active' });
    await stage().moveTo('2026-11-09T13:14:59.999+08:00');
    expect(admin.project.actions).to.deep.equal([]);
    await refused(admin.client.call('node.act', { projectId: walk.projectId, ...finish }), 'forbidden');

    await stage().tickTo(DUE);
    const late = await admin.sees(({ overdue }) => overdue);
    await walk.follow(late.version);
    expect(late.actions.map(({ action }) => action)).to.deep.equal(['upload', 'finish']);
    for (const { project } of walk.readers) expect([project.overdue, project.current]).to.deep.equal([true, 'test']);
    await walk.act('finish', {}, 'admin');
    await walk.act('confirm', {}, 'operator');
    const done = walk.reader('vendor').events('node.done').slice(-2);
    expect(
      done.map(({ actor, body: { node, late: isLate, onBehalfOf } }) => [actor.id, node, isLate, onBehalfOf]),
    ).to.deep.equal([
      [people.admin.sub, { id: 'test', name: 'Test' }, true, undefined],
      [people.operator.sub, { id: 'end', name: 'End' }, undefined, 'buyer'],
    ]);
    // Who acts in the place of somebody does not become the operator.
    expect(walk.reader('buyer').project.nodes.find(({ id }) => id === 'test')?.operator?.userId).to.equal(tester.sub);
    await expectWhole(walk, [
      'tester entered test',
      'current_operator due_soon test',
      'vendor timed_out test',
      'provider_admin timed_out test',
    ]);
  });
});
