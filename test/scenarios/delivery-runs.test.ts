import { expect } from 'chai';
import { describe, it } from 'mocha';
import { message, people } from '../support/portal.ts';
import { refused } from '../support/wire-suite.ts';
import { expectWhole, logOf } from './delivery-checks.ts';
import { stageFrom } from './delivery-stage.ts';
import { type Reader, REASON, Walk } from './delivery-walk.ts';

/** Thursday 5 November 2026, 10:00 in Shanghai. */
const START = '2026-11-05T10:00:00+08:00';
const BEGINNING = ['buyer entered demand', 'provider_admin entered demand'];
const INSIDE = ['buyer', 'admin', 'vendor', 'operator'] as const;

describe('A delivery that goes back', () => {
  const stage = stageFrom(START);

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
});
