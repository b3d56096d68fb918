import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { Refused, TestClient, until } from '../support/client.ts';
import { message, people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { refused } from '../support/wire-suite.ts';

describe('A right withdrawn, on this server and on another', () => {
  let database: SharedDatabase;
  let servers: TestService[] = [];
  let portal: Portal;

  before(async () => {
    database = await createSharedDatabase();
    servers = [await startTestService({ database }), await startTestService({ database })];
    portal = new Portal(servers[0]?.service.url ?? '');
    await portal.seed();
  });
  afterEach(() => {
    expect(portal.faults()).to.deep.equal([]);
    portal.close();
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  /** A person's connections on both servers, with the room open. */
  async function onBoth(who: 'designer' | 'colleague' | 'admin', roomId: string): Promise<TestClient[]> {
    const clients = await Promise.all(servers.map(({ service }) => portal.connect(who, { url: service.url })));
    for (const client of clients) await client.call('room.join', { roomId });
    return clients;
  }

  it('a member who is removed', async () => {
    const roomId = await portal.project();
    await portal.call('buyer', 'member.add', { roomId, userId: people.colleague.sub, name: 'Bo' });
    const clients = await onBoth('colleague', roomId);
    const revoked = clients.map((client) => client.next('access.revoked'));
    await portal.call('buyer', 'member.remove', { roomId, userId: people.colleague.sub });
    await Promise.all(revoked);
    const [here, there] = servers.map(({ service }) => new Portal(service.url));
    await here?.call('admin', 'message.send', message(roomId, 'here'));
    await there?.call('admin', 'message.send', message(roomId, 'there'));
    for (const client of clients) {
      await client.flush();
      const at = client.received.findIndex(({ name }) => name === 'access.revoked');
      expect(client.received.slice(at + 1)).to.deep.equal([]);
      await refused(client.call('room.join', { roomId, since: { public: 0 } }), 'not_found');
    }
  });

  it('a person whom the directory calls inactive: every connection ends, and none begins', async () => {
    const roomId = await portal.project();
    const { sub, org, name, roles } = people.designer;
    const put = (active: boolean) =>
      portal.call('service', 'staff.put', { userId: sub, org, name, roles: [...roles], maxLoad: 5, active });
    await portal.call('admin', 'member.add', { roomId, userId: sub, name });
    const clients = await onBoth('designer', roomId);
    const ended = clients.map((client) => client.disconnected());
    await put(false);
    await Promise.all(ended);
    for (const client of clients)
      expect(client.all('access.revoked').map(({ roomId: id }) => id)).to.deep.equal([roomId]);
    for (const { service } of servers) {
      const refusal = await TestClient.connect(service.url, await portal.token('designer')).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal).to.be.instanceOf(Refused).and.have.property('code', 'unauthenticated');
      await refused(new Portal(service.url).call('designer', 'room.get', { roomId }), 'unauthenticated');
    }
    await put(true);
    for (const { service } of servers) {
      await until('this server has learnt that the person is back', async () => {
        const client = await portal.connect('designer', { url: service.url }).catch(() => undefined);
        await client?.call('room.join', { roomId });
        return client !== undefined;
      });
    }
  });

  it('the staff of a provider that is replaced', async () => {
    const roomId = await portal.project();
    await portal.call('admin', 'message.send', message(roomId, "the old provider's note", { stream: 'provider' }));
    await portal.call('admin', 'member.add', { roomId, userId: people.designer.sub, name: 'Dan' });
    const old = [...(await onBoth('admin', roomId)), ...(await onBoth('designer', roomId))];
    const buyers = await Promise.all(servers.map(({ service }) => portal.connect('buyer', { url: service.url })));
    for (const client of buyers) await client.call('room.join', { roomId });
    const revoked = old.map((client) => client.next('access.revoked'));
    const told = buyers.map((client) => client.next('project'));
    await portal.call('service', 'product.put', {
      productId: 'website',
      name: 'Website',
      vendorOrg: 'maker',
      templateId: 'basic',
      providers: ['studio', 'rivals'].map((org) => ({ org, maxLoad: 100_000 })),
    });
    await portal.call('vendor', 'project.changeProvider', { projectId: roomId, org: 'rivals', remark: 'Too slow.' });
    await Promise.all(revoked);
    for (const project of await Promise.all(told))
      expect(project.provider).to.deep.equal({ org: 'rivals', name: 'Rivals' });
    for (const client of old) {
      await refused(client.call('room.get', { roomId }), 'not_found');
      expect(JSON.stringify(client.all('project'))).to.not.contain('rivals');
    }
    const { room } = await portal.call('rival', 'room.get', { roomId });
    expect(room.members.map(({ org }) => org)).to.not.include('studio');
    await portal.call('rival', 'message.send', message(roomId, 'we go on'));
  });
});
