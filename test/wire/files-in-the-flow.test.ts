import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { Project } from '../../shared/contract/projects.ts';
import { getFile } from '../support/files.ts';
import { message, people, type PersonName } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

const DEMAND = {
  contactName: 'Bao',
  phone: '+1 202 555 0123',
  email: 'bao@example.com',
  address: '1 Example Road',
  details: 'A site with eight pages',
};

describe('Files at the steps of a flow', () => {
  const suite = wireSuite();

  async function order(templateId: string): Promise<string> {
    const { portal } = suite;
    const providers = ['studio', 'rivals'].map((org) => ({ org, weight: org === 'studio' ? 1000 : 1, maxLoad: 100 }));
    await portal.call('service', 'product.put', {
      productId: templateId,
      name: 'Website',
      vendorOrg: 'maker',
      templateId,
      providers: providers.slice(0, 1),
    });
    const { projectId } = await portal.call('service', 'project.create', {
      orderId: randomUUID(),
      productId: templateId,
      buyer: { id: people.buyer.sub, org: 'buyers', name: 'Bao' },
    });
    await portal.call('service', 'product.put', {
      productId: templateId,
      name: 'Website',
      vendorOrg: 'maker',
      templateId,
      providers,
    });
    return projectId;
  }

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

  const statusOf = async (who: PersonName, id: string) =>
    (await getFile(suite.portal.url, await suite.portal.token(who), id)).status;

  it('are taken by a demand and by a step that needs one, and are told with their names', async () => {
    const { portal } = suite;
    const roomId = await order('contract');
    const brief = await portal.upload('buyer', { roomId, name: 'brief.png' });
    await act('buyer', roomId, 'submit', { form: { ...DEMAND, attachments: [brief.id] } });
    await refused(act('admin', roomId, 'finish'), 'invalid');
    const elsewhere = await portal.upload('admin', { roomId: await portal.project() });
    const refusal = await refused(act('admin', roomId, 'upload', { files: [elsewhere.id] }), 'invalid');
    expect(refusal.error.details).to.deep.equal([{ path: 'files.0', reason: 'there is no such file in this stream' }]);
    const contract = await portal.upload('admin', { roomId, name: 'contract.png' });
    await act('admin', roomId, 'upload', { files: [contract.id] });
    const project = await act('admin', roomId, 'finish');
    expect(project.current).to.equal('delivery');
    const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.find(({ kind }) => kind === 'file')?.body).to.deep.include({ files: [contract] });
  });

  it('stay at their step when a message that showed them too is taken back', async () => {
    const { portal } = suite;
    const roomId = await order('contract');
    const brief = await portal.upload('buyer', { roomId });
    const take = async (who: 'buyer' | 'admin', id: string) => {
      const { entry } = await portal.call(who, 'message.send', message(roomId, 'look', { attachments: [id] }));
      await portal.call(who, 'message.recall', { roomId, entryId: entry.id });
    };
    await take('buyer', brief.id);
    expect(await statusOf('admin', brief.id)).to.equal(404);
    await act('buyer', roomId, 'submit', { form: { ...DEMAND, attachments: [brief.id] } });
    expect(await statusOf('admin', brief.id)).to.equal(200);
    const contract = await portal.upload('admin', { roomId });
    await act('admin', roomId, 'upload', { files: [contract.id] });
    await take('admin', contract.id);
    expect(await statusOf('buyer', contract.id)).to.equal(200);
  });

  it("of an earlier provider's notes are not for the next one, unless they are shown again", async () => {
    const { portal } = suite;
    const roomId = await order('basic');
    const stream = 'provider';
    const note = await portal.upload('admin', { roomId, stream });
    const remark = await portal.upload('operator', { roomId, stream });
    const open = await portal.upload('admin', { roomId });
    const { url } = await portal.call('admin', 'file.link', { fileId: open.id });
    await portal.call('admin', 'message.send', message(roomId, 'see', { stream, attachments: [note.id] }));
    await portal.call('vendor', 'project.changeProvider', { projectId: roomId, org: 'rivals', remark: 'Slow.' });
    expect(await statusOf('rival', open.id), 'the delivery goes on').to.equal(200);
    expect((await fetch(`${portal.url}${url}`)).status, 'by the link of who is out').to.equal(404);
    for (const { id } of [note, remark]) {
      expect(await statusOf('rival', id)).to.equal(404);
      await refused(portal.call('rival', 'file.link', { fileId: id }), 'not_found');
      const passedOn = portal.call('rival', 'message.send', message(roomId, 'x', { stream, attachments: [id] }));
      await refused(passedOn, 'invalid');
      expect(await statusOf('vendor', id)).to.equal(200);
      expect(await statusOf('admin', id)).to.equal(404);
    }
    await portal.call('operator', 'message.send', message(roomId, 'for you', { stream, attachments: [remark.id] }));
    expect([await statusOf('rival', remark.id), await statusOf('rival', note.id)]).to.deep.equal([200, 404]);
    const own = await portal.upload('rival', { roomId, stream });
    expect(await statusOf('rival', own.id)).to.equal(200);
  });
});
