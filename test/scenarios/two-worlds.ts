import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { ServerEvents } from '../../shared/contract/events.ts';
import type { CommandName } from '../../shared/contract/registry.ts';
import { post, type Received, type TestClient, until } from '../support/client.ts';
import { proposalInput, publish, seedCompetitors, third } from '../support/demands.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { message, people, type PersonName, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import type { Who } from '../support/tokens.ts';

/** Something that was shown: an answer, or what came by itself. */
interface Shown {
  step: string;
  what: string;
  value: unknown;
}

/** Ids of a competitor's things, for which the observer asks: real ones where there is a competitor, else ones that look the same. */
export interface Foreign {
  entryId: string;
  fileId: string;
  proposalId: string;
  engagementId: string;
  callId: string;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{24}\b/g;

/**
 * A marketplace in which the studio follows a demand. Its admin watches from inside the room and from outside, and everything that it is shown is kept. The same
 * story with and without competitors must show it the same.
 */
export class World {
  readonly competes: boolean;
  readonly clock: ManualClock;
  readonly shown: Shown[] = [];
  readonly #server: TestService;
  readonly #watchers: { name: string; client: TestClient }[] = [];
  #step = '';
  portal: Portal;
  demand = '';

  private constructor(competes: boolean, clock: ManualClock, server: TestService, portal: Portal) {
    this.competes = competes;
    this.clock = clock;
    this.#server = server;
    this.portal = portal;
  }

  static async open(competes: boolean): Promise<World> {
    const clock = new ManualClock(Date.UTC(2026, 10, 20, 2, 10));
    const server = await startTestService({ overrides: { clock } });
    const portal = new Portal(server.service.url);
    const world = new World(competes, clock, server, portal);
    await portal.seed();
    await seedCompetitors(portal);
    return world;
  }

  async close(): Promise<void> {
    this.portal.close();
    await this.#server.stop();
  }

  /** Something that happens in both worlds; what the studio is shown meanwhile is kept. */
  async step(name: string, work: () => Promise<unknown>): Promise<void> {
    this.#step = name;
    this.clock.advance(60_000);
    await work();
    await this.#settle();
  }

  /** Something that competitors do, or that is done with them. Nobody of the studio is sent anything by it. */
  async competitors(name: string, work: () => Promise<unknown>): Promise<void> {
    await this.#settle();
    if (!this.competes) return;
    await work();
    for (const { name: who, client } of this.#watchers) {
      await client.flush();
      expect(this.#aboutIt(client.received), `${who}, after ${name}`).to.deep.equal([]);
    }
  }

  /** Time passes, and what is due by then happens. */
  async pass(ms: number): Promise<void> {
    await this.step(`${ms} ms pass`, async () => {
      this.clock.advance(ms);
      await this.#server.context.sweeps.timeouts();
    });
  }

  async watch(who: PersonName | Who, name: string, joins: boolean): Promise<TestClient> {
    const client = await this.portal.connect(who);
    if (joins) this.keep(`${name} joins`, await client.answer('room.join', { roomId: this.demand }));
    if (!joins) {
      const { room } = await client.call('room.get', { roomId: this.demand });
      for (const { stream, head } of room.streams) this.#heads.set(stream, head);
    }
    this.#watchers.push({ name, client });
    return client;
  }

  keep(what: string, value: unknown): void {
    this.shown.push({ step: this.#step, what, value });
  }

  /** Asks over both transports, and keeps both answers. */
  async ask(who: PersonName, client: TestClient, name: CommandName, input: Record<string, unknown>): Promise<void> {
    const what = `${who}: ${name} ${Object.keys(input).join()}`;
    this.keep(what, await client.answer(name, input));
    this.keep(`${what}, HTTP`, await post(this.portal.url, await this.portal.token(who), name, input));
  }

  call: Portal['call'] = (who, name, input) => this.portal.call(who, name, input);

  /** What was shown, with ids numbered in the order in which they first appeared, and without cursors, which hold ids. */
  transcript(): { step: string; what: string; value: string }[] {
    const ids = new Map<string, string>();
    return this.shown.map(({ step, what, value }) => ({
      step,
      what,
      value: JSON.stringify(value, (key, inner: unknown) => (key === 'nextCursor' ? '<cursor>' : inner)).replaceAll(
        UUID,
        (id) => {
          const known = ids.get(id) ?? `<id ${ids.size}>`;
          ids.set(id, known);
          return known;
        },
      ),
    }));
  }

  /** All that is on its way has come; of several tidings of one stream the last one counts, since a server tells together what comes together. */
  async #settle(): Promise<void> {
    for (const watcher of this.#watchers) {
      const { client, name } = watcher;
      if (name.includes('outside')) await this.#told(client);
      await client.flush();
      const streamOf = ({ payload }: Received) => (payload as ServerEvents['inbox']).stream;
      const events = this.#aboutIt(client.received.splice(0));
      const kept = events.filter(
        (event, index) =>
          event.name !== 'inbox' ||
          !events.slice(index + 1).some((later) => later.name === 'inbox' && streamOf(later) === streamOf(event)),
      );
      const inbox = kept.filter((event) => event.name === 'inbox');
      inbox.sort((a, b) => (streamOf(a) < streamOf(b) ? -1 : 1));
      // Each stream is written for itself: how the entries of several fall between each other is chance, in either world.
      const entries = kept.filter((event) => event.name === 'entry');
      entries.sort((a, b) => streamOf(a).localeCompare(streamOf(b)));
      this.keep(`${name} is sent`, [
        ...kept.filter(({ name: event }) => event !== 'inbox' && event !== 'entry'),
        ...entries,
      ]);
      this.keep(`${name} is told`, inbox);
    }
  }

  /** The tidings of other rooms, such as that of the deal's project, come when they come. */
  #aboutIt(events: readonly Received[]): Received[] {
    return events.filter(
      ({ name, payload }) => name !== 'inbox' || (payload as ServerEvents['inbox']).roomId === this.demand,
    );
  }

  readonly #heads = new Map<string, number>();

  /** Waits until somebody who has not joined is told of the last entry of each stream that they read. */
  async #told(client: TestClient): Promise<void> {
    const answer = await client.answer('room.get', { roomId: this.demand });
    if (!answer.ok) return;
    for (const { stream, head } of answer.data.room.streams) {
      if (head === (this.#heads.get(stream) ?? 0)) continue;
      this.#heads.set(stream, head);
      await until(`${stream} is told of up to ${head}`, () =>
        client.all('inbox').some((told) => told.stream === stream && told.head === head),
      );
    }
  }
}

/** What the competitors do in between, and what is done with them: everything that there is. */
export class Competition {
  readonly #world: World;
  #rival: TestClient | undefined;
  readonly foreign: Foreign = {
    entryId: '0123456789abcdef01234567',
    fileId: '0123456789abcdef01234568',
    proposalId: randomUUID(),
    engagementId: randomUUID(),
    callId: 'abcdefghjkmnpqr',
  };

  constructor(world: World) {
    this.#world = world;
  }

  async comeFirst(): Promise<void> {
    const { portal, demand } = this.#world;
    await portal.call('rival', 'opportunity.grab', { opportunityId: demand });
    await portal.call('operator', 'opportunity.assign', { opportunityId: demand, org: 'atelier' });
  }

  async settleIn(): Promise<void> {
    const { portal, demand: roomId } = this.#world;
    await portal.call(third, 'opportunity.accept', { opportunityId: roomId });
    this.#rival = await portal.connect('rival');
    await this.#rival.call('room.join', { roomId });
    await portal.call('rival', 'member.add', { roomId, userId: 'rival-2', name: 'Ren' });
    const staff = await portal.connect({
      sub: 'rival-2',
      side: 'provider',
      org: 'rivals',
      name: 'Ren',
      roles: ['designer'],
    });
    await staff.call('room.join', { roomId });
    await staff.call('room.leave', { roomId });
    await portal.call('rival', 'member.remove', { roomId, userId: 'rival-2' });
  }

  async talk(): Promise<void> {
    const { portal, demand: roomId } = this.#world;
    const rival = this.#rival;
    await rival?.call('typing.set', { roomId, stream: 'lane:rivals', typing: true });
    const { entry } = await portal.call('rival', 'message.send', message(roomId, 'We are cheaper'));
    await portal.call('rival', 'message.edit', { roomId, entryId: entry.id, text: 'We are faster' });
    const file = await portal.upload('rival', { roomId, stream: 'lane:rivals' });
    await portal.call('rival', 'message.send', message(roomId, 'See', { attachments: [file.id] }));
    const asked = { roomId, to: people.buyer.sub, fromNumber: '+1 202 555 0123' };
    const { call } = await portal.call('rival', 'call.place', asked);
    Object.assign(this.foreign, { entryId: entry.id, fileId: file.id, callId: call.id });
    for (const stream of ['lane:rivals', 'lane:atelier'])
      await portal.call('buyer', 'message.send', message(roomId, 'What does it cost?', { stream }));
    await portal.call('rival', 'message.send', message(roomId, 'A note', { stream: 'notes:rivals' }));
    await portal.call('rival', 'message.send', message(roomId, 'A question', { stream: 'desk:rivals' }));
    await portal.call('operator', 'message.send', message(roomId, 'An answer', { stream: 'desk:rivals' }));
    await portal.call('operator', 'message.send', message(roomId, 'A remark', { stream: 'operator' }));
    for (const stream of ['public', 'lane:rivals']) await portal.call('rival', 'read.mark', { roomId, stream, seq: 1 });
  }

  async offer(): Promise<void> {
    const { portal, demand: opportunityId } = this.#world;
    const record = { opportunityId, connected: true, stage: 'price', text: 'They haggle' } as const;
    await portal.call('rival', 'opportunity.record', { ...record, clientId: randomUUID() });
    const input = proposalInput(opportunityId, 'rivals');
    const { proposal } = await portal.call('rival', 'proposal.send', input);
    const { proposal: withdrawn } = await portal.call('rival', 'proposal.send', proposalInput(opportunityId, 'rivals'));
    await portal.call('rival', 'proposal.withdraw', { opportunityId, proposalId: withdrawn.id });
    Object.assign(this.foreign, { proposalId: proposal.id, engagementId: proposal.engagementId });
    const declined = { opportunityId: await publish(portal), org: 'rivals' };
    await portal.call('operator', 'opportunity.assign', declined);
    await portal.call('rival', 'opportunity.reject', { opportunityId: declined.opportunityId, reason: 'other' });
  }

  async goAndCome(): Promise<void> {
    const { portal, demand: opportunityId } = this.#world;
    await portal.call(third, 'opportunity.terminate', { opportunityId, reason: 'price', remark: 'Too cheap' });
    await portal.call('operator', 'opportunity.assign', { opportunityId, org: 'atelier' });
    await portal.call(third, 'opportunity.reject', { opportunityId, reason: 'no_capacity' });
    for (let n = 0; n < 3; n++) {
      const who: Who = { ...third, sub: `later-${n}`, org: `later-${n}` };
      await portal.call(who, 'opportunity.grab', { opportunityId });
    }
    this.#rival?.close();
  }
}
