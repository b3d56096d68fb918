import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { commandNames, commands } from '../../shared/contract/registry.ts';
import type { TestClient } from '../support/client.ts';
import { DAY_MS, HOUR_MS, proposalInput, publish } from '../support/demands.ts';
import { message, people } from '../support/portal.ts';
import { Competition, type Foreign, World } from './two-worlds.ts';

describe('Competitors of one demand', () => {
  const worlds: World[] = [];
  before(async () => {
    for (const competes of [false, true]) worlds.push(await live(competes));
  });
  after(async () => {
    for (const world of worlds) await world.close();
  });

  /** One story: the studio grabs a demand, talks, records, asks, proposes and wins; between its steps competitors do all there is to do, where there are any. */
  async function live(competes: boolean): Promise<World> {
    const world = await World.open(competes);
    const { portal } = world;
    const others = new Competition(world);
    // Two more demands of the studio's: what its lists are sorted by.
    const older = await publish(portal, { kind: 'targeted', org: 'studio', title: 'The older one' });
    world.clock.advance(1_000);
    world.demand = await publish(portal, {
      shareContact: true,
      contactName: 'Bao',
      email: 'bao@example.com',
      phone: '+1 202 555 0101',
    });
    world.clock.advance(1_000);
    const newer = await publish(portal, { kind: 'targeted', org: 'studio', title: 'The newer one' });
    for (const one of [older, newer]) await world.call('admin', 'opportunity.accept', { opportunityId: one });
    await world.pass(HOUR_MS);
    await world.competitors('they come first', () => others.comeFirst());
    const opportunityId = world.demand;
    const roomId = world.demand;
    await world.step('the studio grabs it', async () =>
      world.keep('grab', await world.call('admin', 'opportunity.grab', { opportunityId })),
    );
    await world.call('admin', 'member.add', { roomId, userId: people.designer.sub, name: people.designer.name });
    const inside = await world.watch('admin', 'the admin', true);
    const staff = await world.watch('designer', 'its staff', true);
    await world.watch('admin', 'the admin outside', false);
    await world.competitors('they settle in', () => others.settleIn());
    const buyer = await portal.connect('buyer');
    await world.step('the buyer comes and talks', async () => {
      await buyer.call('room.join', { roomId });
      await buyer.call('message.send', message(roomId, 'Good morning', { stream: 'lane:studio' }));
    });
    await world.competitors('they talk', () => others.talk());
    await world.step('the studio answers', async () => {
      await inside.call('message.send', message(roomId, 'Good morning to you'));
      await inside.call('read.mark', { roomId, stream: 'lane:studio', seq: 3 });
      await buyer.call('read.mark', { roomId, stream: 'lane:studio', seq: 3 });
    });
    await world.competitors('they offer', () => others.offer());
    await world.pass(6 * DAY_MS);
    await world.step('the studio records, asks and proposes', async () => {
      const record = { connected: true, stage: 'price', text: 'x' } as const;
      for (const one of [older, opportunityId]) {
        const input = { opportunityId: one, clientId: randomUUID(), ...record };
        world.keep('record', await world.call('admin', 'opportunity.record', input));
        world.clock.advance(1_000);
      }
      await inside.call('message.send', message(roomId, 'May we?', { stream: 'desk:studio' }));
      await world.call('operator', 'message.send', message(roomId, 'You may', { stream: 'desk:studio' }));
      world.keep('propose', await world.call('admin', 'proposal.send', proposalInput(opportunityId, 'studio')));
    });
    await world.step('the studio follows another one as well', () =>
      world.call('admin', 'opportunity.record', {
        opportunityId: newer,
        clientId: randomUUID(),
        connected: false,
        stage: 'ready',
        text: 'x',
      }),
    );
    await world.competitors('they go and come', () => others.goAndCome());
    // Days go by, in which the rivals wait for their proposal to be paid.
    await world.pass(2 * DAY_MS);
    await world.step('the studio looks around', async () => {
      await lookAround(world, inside, others.foreign);
      await lookAround(world, staff, others.foreign, 'designer');
    });
    await world.step('the studio wins', async () => {
      const { items } = await world.call('buyer', 'proposal.list', { opportunityId });
      const proposalId = items.find(({ provider }) => provider.org === 'studio')?.id ?? '';
      const payment = { opportunityId, proposalId, paymentId: 'pay-1', orderId: 'order-1' };
      const { projectId } = await world.call('service', 'opportunity.reportPaid', payment);
      world.clock.advance(1_000);
      await buyer.call('message.send', message(projectId, 'Now it is yours'));
    });
    await world.step('and looks around again', () => lookAround(world, inside, others.foreign));
    return world;
  }

  /** Asks for everything there is, rightly and wrongly, of its own and of what is a competitor's. */
  async function lookAround(
    world: World,
    client: TestClient,
    foreign: Foreign,
    who: 'admin' | 'designer' = 'admin',
  ): Promise<void> {
    const roomId = world.demand;
    const opportunityId = world.demand;
    const ask = (name: (typeof commandNames)[number], input: Record<string, unknown>) =>
      world.ask(who, client, name, input);
    for (const stream of ['public', 'operator', 'lane', 'notes', 'desk'].flatMap((family) =>
      family.length > 5 ? [family] : ['studio', 'rivals', 'atelier', 'nobody'].map((org) => `${family}:${org}`),
    )) {
      await ask('entry.fetch', { roomId, stream });
      await ask('entry.fetch', { roomId, stream, before: 1_000, limit: 200 });
      await ask('read.mark', { roomId, stream, seq: 9_999 });
      await ask('typing.set', { roomId, stream, typing: false });
      if (!stream.endsWith('studio')) await ask('message.send', { ...message(roomId, 'x'), stream });
    }
    for (const [name, input] of [
      ['room.list', {}],
      ['room.list', { kind: 'opportunity', limit: 1 }],
      ['room.get', { roomId }],
      ['member.list', { roomId }],
      ['member.add', { roomId, userId: people.rival.sub, name: 'Rui' }],
      ['member.remove', { roomId, userId: people.rival.sub }],
      ['opportunity.get', { opportunityId }],
      ['opportunity.list', {}],
      ['opportunity.list', { status: 'quoted' }],
      ['opportunity.list', { seeking: true }],
      ['proposal.list', { opportunityId }],
      ['proposal.withdraw', { opportunityId, proposalId: foreign.proposalId }],
      ['proposal.send', { ...proposalInput(opportunityId, 'rivals') }],
      ['opportunity.grab', { opportunityId }],
      ['opportunity.accept', { opportunityId }],
      ['opportunity.reject', { opportunityId, reason: 'other' }],
      ['opportunity.suggest', { opportunityId }],
      ['opportunity.assign', { opportunityId, org: 'rivals' }],
      ['opportunity.reportPaid', { opportunityId, proposalId: foreign.proposalId, paymentId: 'p', orderId: 'o' }],
      ['message.edit', { roomId, entryId: foreign.entryId, text: 'x' }],
      ['message.recall', { roomId, entryId: foreign.entryId }],
      ['message.send', { ...message(roomId, 'x'), stream: 'desk:nobody', replyTo: foreign.entryId }],
      ['file.link', { fileId: foreign.fileId }],
      ['call.list', { roomId }],
      ['call.list', { roomId, stream: 'lane:rivals' }],
      ['call.cancel', { roomId, callId: foreign.callId }],
      ['call.approve', { roomId, callId: foreign.callId }],
      ['call.place', { roomId, stream: 'lane:rivals', to: people.buyer.sub }],
      ['call.place', { roomId, to: people.rival.sub }],
      ['desk.list', {}],
      ['project.list', {}],
      ['project.export', {}],
      ['queue.list', {}],
      ['product.list', {}],
      ['product.get', { productId: 'shop-rivals' }],
      ['staff.list', {}],
      ['staff.list', { org: 'rivals' }],
      ['template.list', {}],
    ] as const)
      await ask(name, input);
    // And every command that writes with what does not fit it.
    for (const name of commandNames)
      if (commands[name].writes) await ask(name, { roomId, opportunityId, projectId: roomId, surprise: 1 });
  }

  it('shows the studio the same whether it has competitors or not: answers, refusals, events, counts, versions and order', () => {
    const [alone, competing] = worlds.map((world) => world.transcript());
    expect(alone?.length).to.be.greaterThan(300);
    for (const [index, shown] of (alone ?? []).entries()) expect(competing?.[index], shown.what).to.deep.equal(shown);
    expect(competing?.length).to.equal(alone?.length);
  });

  it('names none of them to it, nor anything of theirs', () => {
    const [, competing] = worlds;
    const everything = JSON.stringify(competing?.shown);
    const named = /rival-|"Rivals"|Atelier|third-1|later-|Ren\b|cheaper|faster|haggle|What does it cost|A remark/;
    expect(named.exec(everything)?.[0]).to.equal(undefined);
    // And there is something that could have been told.
    expect(everything).to.include('Good morning to you');
  });

  it('although they were there', async () => {
    const [, competing] = worlds;
    const { opportunity } =
      (await competing?.call('operator', 'opportunity.get', { opportunityId: competing.demand })) ?? {};
    expect(opportunity?.engagements?.map(({ provider, status }) => `${provider.org} ${status}`)).to.deep.equal([
      'rivals lost',
      'atelier terminated',
      'studio won',
      'atelier rejected',
      'later-0 lost',
      'later-1 lost',
      'later-2 lost',
    ]);
  });
});
