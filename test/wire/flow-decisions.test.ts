import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { Project } from '../../shared/contract/projects.ts';
import { until } from '../support/client.ts';
import { message, people, type PersonName } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

/** A demand as a buyer fills it in; the number is of a range that is reserved for examples. */
const DEMAND = {
  contactName: 'Bao',
  phone: '+1 202 555 0123',
  email: 'bao@example.com',
  address: '1 Example Road',
  details: 'A site with eight pages',
};
const DAY = 24 * 3_600_000;

describe('what a flow decides when things come late, twice or crosswise', () => {
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

  async function state(projectId: string, who: PersonName | Who = 'operator'): Promise<Project> {
    return (await suite.portal.call(who, 'project.get', { projectId })).project;
  }

  /** Does it at the current node, at the visit that stands now. */
  async function act(
    who: PersonName | Who,
    projectId: string,
    action: CommandInput<'node.act'>['action'],
    more: Partial<CommandInput<'node.act'>> = {},
  ): Promise<Project> {
    const { nodes, current } = await state(projectId);
    const node = nodes.find(({ id }) => id === current);
    const input = { projectId, nodeId: node?.id ?? '', visit: node?.visit ?? 1, action, ...more };
    return (await suite.portal.call(who, 'node.act', input)).project;
  }

  const eventsOf = async (projectId: string): Promise<string[]> =>
    (await suite.portal.call('operator', 'project.log', { projectId })).items.map(({ body }) => body.event);

  it('has confirmed itself at its due instant, whoever comes between that and the next sweep', async () => {
    await suite.portal.call('service', 'org.put', { orgId: 'one-man', name: 'One Man' });
    await product('due', { providers: [{ org: 'one-man', maxLoad: 1 }] });
    const admin = { ...people.admin, sub: 'one', org: 'one-man' };
    const [projectId, waiting] = [await order('due'), await order('due')];
    await act('buyer', projectId, 'submit', { form: DEMAND });
    const { nodes } = await act(admin, projectId, 'finish');
    const dueAt = Date.parse(nodes.at(-1)?.dueAt ?? '');
    suite.clock.advance(dueAt - suite.clock.now());
    await refused(act('buyer', projectId, 'reject', { reason: 'I have thought better of it.' }), 'read_only');
    const done = await state(projectId);
    expect([done.status, done.nodes.at(-1)?.status]).to.deep.equal(['completed', 'done']);
    expect((await eventsOf(projectId)).slice(-3)).to.deep.equal(['node.timed_out', 'node.done', 'project.completed']);
    // What that freed is used, although the one who came was refused.
    await until('the next one has the place', async () => (await state(waiting)).provider?.org === 'one-man');
  });

  it('says in the log that a step was late, also when it was done before a sweep saw it', async () => {
    const { template } = await suite.portal.call('vendor', 'template.create', {
      name: 'Timed',
      nodes: [
        { type: 'generic', name: 'Work', side: 'provider', timeoutDays: 1 },
        { type: 'finish', name: 'End' },
      ],
    });
    await suite.portal.call('vendor', 'template.publish', { templateId: template.id });
    await product('timed', { templateId: template.id });
    const projectId = await order('timed');
    suite.clock.advance(7 * DAY);
    await act('admin', projectId, 'finish');
    expect((await eventsOf(projectId)).slice(-3)).to.deep.equal(['node.timed_out', 'node.done', 'node.entered']);
  });

  it('tells whoever dispatches too late that somebody was faster, and what stands now', async () => {
    const projectId = await order();
    const late = await refused(
      suite.portal.call('vendor', 'project.dispatch', { projectId, org: 'studio' }),
      'conflict',
    );
    expect(late.error.details).to.deep.include({ current: 'demand', status: 'executing' });
    await refused(suite.portal.call('vendor', 'project.dispatch', { projectId, userId: 'designer-1' }), 'forbidden');
    await refused(suite.portal.call('admin', 'project.dispatch', { projectId, org: 'studio' }), 'forbidden');
    await refused(suite.portal.call('admin', 'project.dispatch', { projectId, userId: 'designer-1' }), 'conflict');
  });

  it('says how a project stands to whoever may not do what they want', async () => {
    const projectId = await order();
    const changes = [
      ['admin', 'project.changeOperator', { projectId, userId: 'designer-1', remark: 'Ill.' }],
      ['vendor', 'project.changeProvider', { projectId, org: 'rivals', remark: 'Late.' }],
      ['admin', 'project.dispatch', { projectId, userId: 'designer-1' }],
    ] as const;
    const { error } = await refused(suite.portal.call('designer', 'project.get', { projectId }), 'not_found');
    expect(error.details).to.equal(undefined);
    await suite.portal.call('operator', 'project.close', { projectId, reason: 'Paid back.' });
    for (const [who, name, input] of changes) {
      const closed = await refused(suite.portal.call(who, name, input), 'read_only');
      expect(closed.error.details, name).to.deep.include({ status: 'cancelled', current: null });
    }
  });

  it('is read-only when closed, also where only who works the current step writes', async () => {
    const { template } = await suite.portal.call('vendor', 'template.create', {
      name: 'Strict',
      posting: 'current-operator',
      nodes: [
        { type: 'generic', name: 'Work', side: 'provider' },
        { type: 'finish', name: 'End' },
      ],
    });
    await suite.portal.call('vendor', 'template.publish', { templateId: template.id });
    await product('strict', { templateId: template.id });
    const roomId = await order('strict');
    await suite.portal.call('admin', 'member.add', { roomId, userId: 'designer-1', name: 'Dan' });
    const say = (who: PersonName) => suite.portal.call(who, 'message.send', message(roomId, 'Hello'));
    await say('admin');
    await refused(say('designer'), 'forbidden');
    await suite.portal.call('operator', 'project.close', { projectId: roomId, reason: 'Paid back.' });
    for (const who of ['admin', 'designer', 'buyer'] as const) await refused(say(who), 'read_only');
    await refused(say('vendor'), 'forbidden');
    await say('operator');
  });

  it('dispatches an order in the department in which the directory has who claimed it', async () => {
    await suite.portal.call('service', 'org.put', { orgId: 'halves', name: 'Halves' });
    await product('halves', { templateId: 'bespoke', providers: [{ org: 'halves', maxLoad: 10 }] });
    const put = (userId: string, role: 'account_manager' | 'delivery_specialist', dept: string) =>
      suite.portal.call('service', 'staff.put', {
        userId,
        org: 'halves',
        name: userId,
        roles: [role],
        dept,
        maxLoad: 9,
      });
    await put('claims', 'account_manager', 'south');
    for (const dept of ['north', 'south', 'west']) await put(`in-${dept}`, 'delivery_specialist', dept);
    const claimer: Who = { sub: 'claims', side: 'provider', org: 'halves', name: 'C', roles: ['account_manager'] };
    for (let n = 0; n < 3; n++) {
      const projectId = await order('halves');
      await act('buyer', projectId, 'submit', { form: DEMAND });
      const claimed = await act(claimer, projectId, 'claim');
      expect(claimed.nodes.find(({ id }) => id === 'confirm-demand')?.operator?.userId).to.equal('in-south');
    }
  });

  it('answers a claim over the maximum load with the present state', async () => {
    await product('over', { templateId: 'bespoke' });
    const full = { userId: 'full', org: 'studio', name: 'Full', roles: ['account_manager' as const], maxLoad: 0 };
    await suite.portal.call('service', 'staff.put', full);
    const projectId = await order('over');
    await act('buyer', projectId, 'submit', { form: DEMAND });
    const who: Who = { sub: 'full', side: 'provider', org: 'studio', name: 'Full', roles: ['account_manager'] };
    const { error } = await refused(act(who, projectId, 'claim'), 'conflict');
    expect(error.details).to.deep.include({ status: 'executing', current: 'claim', visit: 1 });
  });

  it('names the field of a form in which a file is named that is not there', async () => {
    const projectId = await order();
    const form = { ...DEMAND, attachments: ['nothing'] };
    const { error } = await refused(act('buyer', projectId, 'submit', { form }), 'invalid');
    expect(error.details).to.deep.equal([
      { path: 'form.attachments.0', reason: 'there is no such file in this stream' },
    ]);
  });
});
