import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { NodeInput } from '../../shared/contract/templates.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import { PNG, postFile } from '../support/files.ts';
import { message, people } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { refused } from '../support/wire-suite.ts';
import { expectWhole, logOf } from './delivery-checks.ts';
import { stageFrom } from './delivery-stage.ts';
import { type Reader, REASON, Walk } from './delivery-walk.ts';

/** Thursday 5 November 2026, 10:00 in Shanghai. */
const START = '2026-11-05T10:00:00+08:00';
const BEGINNING = ['buyer entered demand', 'provider_admin entered demand'];
const INSIDE = ['buyer', 'admin', 'vendor', 'operator'] as const;

describe('A delivery, and who is in it', () => {
  const stage = stageFrom(START);

  /** Has the vendor's own template written and published by its admin. @returns its id */
  async function template(posting: CommandInput<'template.create'>['posting'], nodes: NodeInput[]): Promise<string> {
    const { portal } = stage();
    const { template: draft } = await portal.call('vendor', 'template.create', {
      name: 'Ours',
      ...(posting === undefined ? {} : { posting }),
      nodes,
    });
    await portal.call('vendor', 'template.publish', { templateId: draft.id });
    return draft.id;
  }

  it('goes back twice, with a file of each visit, before it is confirmed', async () => {
    const specialist = await stage().staff('specialist-1', 'delivery_specialist');
    const walk = await Walk.begin(stage(), await stage().product('simplest'), {
      inside: INSIDE,
      outside: [specialist],
    });
    await walk.play({ rejections: 2 });
    const { nodes } = walk.reader('buyer').project;
    expect(nodes.map(({ id, visit, status }) => [id, visit, status])).to.deep.equal([
      ['assign', 1, 'done'],
      ['demand', 1, 'done'],
      ['dispatch', 1, 'done'],
      ['deliverable', 3, 'done'],
      ['finish', 3, 'done'],
    ]);
    const admin = walk.reader('admin');
    expect(admin.events('file.added').map(({ body }) => body['visit'])).to.deep.equal([1, 2, 3]);
    expect(admin.events('node.rejected').map(({ body }) => [body['visit'], body['reason']])).to.deep.equal([
      [1, REASON],
      [2, REASON],
    ]);
    await expectWhole(walk, [
      ...BEGINNING,
      ...['', '#2', '#3'].flatMap((visit) => [
        `current_operator entered deliverable${visit}`,
        `buyer entered finish${visit}`,
      ]),
    ]);
  });

  it('is given to another provider in the middle: the earlier one is out at once, the next one completes it', async () => {
    const productId = await stage().product('basic');
    const walk = await Walk.begin(stage(), productId, { inside: INSIDE });
    const { projectId } = walk;
    const { sub: userId, name } = people.designer;
    await walk.reader('admin').client.call('member.add', { roomId: projectId, userId, name });
    const [admin, designer] = [walk.reader('admin'), await walk.enter(people.designer)];
    const [buyer, vendor] = [walk.reader('buyer'), walk.reader('vendor')];
    await walk.play({ to: 'delivery' });
    const { entry: note } = await admin.client.call('message.send', message(projectId, 'ours', { stream: 'provider' }));

    await stage().product('basic', { productId, providers: ['studio', 'rivals'].map((org) => ({ org, maxLoad: 9 })) });
    expect(vendor.project.projectActions).to.deep.equal(['changeProvider']);
    const revoked = [admin, designer].map(({ client }) => client.next('access.revoked'));
    await vendor.client.call('project.changeProvider', { projectId, org: 'rivals', remark: 'Too slow.' });
    for (const event of await Promise.all(revoked)) expect(event.roomId).to.equal(projectId);
    walk.leave([admin, designer]);
    const rival = await walk.enter(people.rival);
    const second = await buyer.sees(({ run }) => run === 2);
    await walk.follow(second.version);
    expect([second.provider?.org, second.current]).to.deep.equal(['rivals', 'demand']);
    expect(second.nodes.map(({ id, visit, status }) => [id, visit, status])).to.deep.equal([
      ['assign', 2, 'done'],
      ['demand', 2, 'active'],
      ['delivery', 1, 'pending'],
      ['finish', 0, 'pending'],
    ]);

    await walk.play();
    for (const reader of [rival, vendor, buyer]) {
      const events = async (run: number) => (await logOf(walk, reader, run)).map(({ body }) => body.event);
      expect(await events(1), `run 1 for ${reader.who.sub}`).to.deep.equal([
        'project.created',
        'node.entered',
        'provider.assigned',
        'node.entered',
        'node.done',
        'node.entered',
      ]);
      expect((await events(2)).slice(0, 4), `run 2 for ${reader.who.sub}`).to.deep.equal([
        'provider.changed',
        'node.entered',
        'provider.assigned',
        'node.entered',
      ]);
    }
    const [change] = rival.events('provider.changed');
    expect(change?.body).to.deep.include({ remark: 'Too slow.', run: 2 });
    expect(change?.actor.id).to.equal(people.vendor.sub);
    expect(rival.entries('provider').map(({ id }) => id)).to.not.include(note.id);
    for (const { client } of [admin, designer]) await expectOut(client, projectId);
    await expectWhole(walk, [
      ...BEGINNING,
      'current_operator entered delivery',
      ...BEGINNING.map((notice) => `${notice}#2`),
      'current_operator entered delivery#2',
      'buyer entered finish',
    ]);
  });

  /** Since the access was revoked nothing of the project has come, and nothing can be read. */
  async function expectOut(client: Reader['client'], projectId: string): Promise<void> {
    await client.flush();
    const at = client.received.findIndex((one) => one.name === 'access.revoked');
    expect(client.received.slice(at + 1)).to.deep.equal([]);
    await refused(client.call('project.get', { projectId }), 'not_found');
    await refused(client.call('project.log', { projectId, run: 1 }), 'not_found');
    await refused(client.call('room.join', { roomId: projectId }), 'not_found');
    expect((await client.call('project.list', { limit: 200 })).items.map(({ id }) => id)).to.not.include(projectId);
  }

  it('is claimed by staff of the role, whose department is looked in first for whom it is dispatched to', async () => {
    const productId = await stage().product('bespoke');
    const [north, south] = [
      await stage().staff('manager-north', 'account_manager', { dept: 'north' }),
      await stage().staff('manager-south', 'account_manager', { dept: 'south' }),
    ];
    const own = await stage().staff('expert-north', 'delivery_specialist', { dept: 'north', maxLoad: 2 });
    // In no department of a claimer, with room for more: the smaller load of all.
    const other = await stage().staff('expert-east', 'delivery_specialist', { dept: 'east', maxLoad: 50 });
    await stage().portal.call('admin', 'staff.update', { userId: 'specialist-1', accepting: false });
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

  it('lets who works the current node write on the provider’s side, where the vendor’s template says so', async () => {
    const templateId = await template('current-operator', [
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
    const { portal } = stage();
    const { template } = await portal.call('vendor', 'template.create', {
      name: 'Timed',
      nodes: [
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
      ],
    });
    await portal.call('vendor', 'template.publish', { templateId: template.id });
    const tester = await stage().staff('tester-1', 'tester');
    const walk = await Walk.begin(stage(), await stage().product(template.id), {
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
