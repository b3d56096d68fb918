import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { type Client, createClient, type LiveRoom } from '../../client-sdk/index.ts';
import type { Calls } from '../../server/calls/calls.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import { Refused, until, within } from '../support/client.ts';
import { demandInput, HOUR_MS, proposalInput, third } from '../support/demands.ts';
import { people, type Portal } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { complete, differences, shown } from './lived-room.ts';

/** The commands of which these histories are made, by the beginnings of their names. */
export const OF_DEMANDS = ['opportunity.', 'proposal.', 'desk.', 'phone.'] as const;

const PROVIDERS = { admin: people.admin, rival: people.rival, third } as const;
export type Provider = keyof typeof PROVIDERS;
const READERS = { buyer: people.buyer, operator: people.operator, stranger: people.stranger, ...PROVIDERS } as const;
export type Reader = keyof typeof READERS;
export const READER_NAMES = Object.keys(READERS) as Reader[];
export const PROVIDER_NAMES = Object.keys(PROVIDERS) as Provider[];
/** What a history may be answered with; anything else is a fault. */
const EXPECTED = ['forbidden', 'not_found', 'conflict', 'read_only', 'invalid', 'rate_limited', 'unavailable'];

/** One thing that somebody does, whether they may or not. */
export type Act =
  | { do: 'grab' | 'accept' | 'reject' | 'record' | 'terminate' | 'propose' | 'withdraw'; who: Provider }
  | { do: 'assign' | 'pay'; whom: Provider }
  | { do: 'say'; who: Reader; family: 'public' | 'lane' | 'notes' | 'desk' | 'operator'; whom: Provider }
  | { do: 'open' | 'leave' | 'look'; who: Reader }
  | { do: 'revoke' | 'close' | 'code' }
  | { do: 'call'; who: 'buyer' | Provider; whom: Provider }
  /** The last call that was asked for is talked through, and over. */
  | { do: 'talk' }
  | { do: 'later'; hours: number };

/** Of a range that is reserved for examples. */
const PHONE = '+1 202 555 0123';

/** One demand's room, and everybody who looks at it. */
export class LivedDemand {
  readonly #portal: Portal;
  readonly #used: Set<CommandName>;
  readonly #id: string;
  readonly #hear: Calls['hear'];
  readonly #callIds: string[] = [];
  readonly #people = new Map<Reader, { client: Client; room: LiveRoom }>();
  /** What each provider has said where it alone is heard. */
  readonly #said = new Map<string, Provider>();

  private constructor(portal: Portal, used: Set<CommandName>, hear: Calls['hear'], id: string) {
    this.#hear = hear;
    this.#portal = portal;
    this.#used = used;
    this.#id = id;
  }

  static async open(portal: Portal, used: Set<CommandName>, hear: Calls['hear']): Promise<LivedDemand> {
    const { opportunityId } = await portal.call('buyer', 'opportunity.create', demandInput({ phone: PHONE }));
    used.add('opportunity.create');
    const demand = new LivedDemand(portal, used, hear, opportunityId);
    for (const reader of READER_NAMES) demand.#people.set(reader, demand.#enter(reader));
    await Promise.all([...demand.#people.values()].map(({ room }) => room.open().catch(() => undefined)));
    return demand;
  }

  async carryOut(one: Act): Promise<void> {
    const opportunityId = this.#id;
    switch (one.do) {
      case 'grab':
      case 'accept':
        await this.#call(one.who, `opportunity.${one.do}`, { opportunityId });
        return;
      case 'reject':
        await this.#call(one.who, 'opportunity.reject', { opportunityId, reason: 'region' });
        return;
      case 'terminate':
        await this.#call(one.who, 'opportunity.terminate', { opportunityId, reason: 'price', remark: 'Too little' });
        return;
      case 'record': {
        const text = this.#secret(one.who);
        const record = { opportunityId, clientId: randomUUID(), connected: true, stage: 'price', text } as const;
        await this.#call(one.who, 'opportunity.record', record);
        return;
      }
      case 'propose': {
        const input = proposalInput(opportunityId, this.#orgOf(one.who), { name: this.#secret(one.who) });
        await this.#call(one.who, 'proposal.send', input);
        return;
      }
      case 'withdraw': {
        const proposalId = await this.#openProposal(one.who);
        await this.#call(one.who, 'proposal.withdraw', { opportunityId, proposalId });
        return;
      }
      case 'assign':
        await this.#call('operator', 'opportunity.assign', { opportunityId, org: this.#orgOf(one.whom) });
        return;
      case 'pay': {
        const proposalId = await this.#openProposal(one.whom);
        const [paymentId, orderId] = [randomUUID(), randomUUID()];
        const payment = { opportunityId, proposalId, paymentId, orderId };
        await this.#as(people.service, 'opportunity.reportPaid', payment);
        return;
      }
      case 'say': {
        const org = this.#orgOf(one.who in PROVIDERS ? (one.who as Provider) : one.whom);
        const stream = one.family === 'public' || one.family === 'operator' ? one.family : `${one.family}:${org}`;
        const text = one.who in PROVIDERS ? this.#secret(one.who as Provider) : `${one.who} ${randomUUID()}`;
        await this.#call(one.who, 'message.send', { roomId: opportunityId, stream, text, clientId: randomUUID() });
        return;
      }
      case 'open': {
        const { room } = this.#person(one.who);
        if (room.snapshot.status === 'open') return;
        room.close();
        await room.open().catch(() => undefined);
        return;
      }
      case 'leave':
        this.#person(one.who).room.close();
        return;
      case 'look':
        await this.#look(one.who);
        return;
      case 'revoke':
        await this.#call('buyer', 'opportunity.revoke', { opportunityId });
        return;
      case 'close':
        await this.#call('operator', 'opportunity.close', { opportunityId, reason: 'It is over' });
        return;
      case 'code':
        await this.#call('buyer', 'phone.sendCode', { phone: PHONE });
        return;
      case 'call': {
        const org = this.#orgOf(one.who === 'buyer' ? one.whom : one.who);
        const to = one.who === 'buyer' ? PROVIDERS[one.whom].sub : people.buyer.sub;
        const asked = { roomId: opportunityId, stream: `lane:${org}`, to, fromNumber: PHONE };
        const placed = await this.#call(one.who, 'call.place', asked);
        if (placed !== undefined) this.#callIds.push(placed.call.id);
        return;
      }
      case 'talk': {
        const callId = this.#callIds.at(-1) ?? 'nothing';
        await this.#hear({ callId, word: { type: 'connected' } });
        await this.#hear({ callId, word: { type: 'over' } });
        return;
      }
      case 'later':
        await this.#call('operator', 'clock.advance', { ms: one.hours * HOUR_MS });
    }
  }

  /** Compares what each reader shows with what a fresh one is shown. */
  async compare(): Promise<void> {
    for (const reader of READER_NAMES) {
      const fresh = this.#enter(reader);
      try {
        await this.#compareWith(reader, fresh.room);
      } finally {
        await fresh.client.close();
      }
    }
  }

  async close(): Promise<void> {
    // Their phones are free for the next history.
    for (const callId of this.#callIds) await this.#hear({ callId, word: { type: 'ended', state: 'failed' } });
    await Promise.all([...this.#people.values()].map(({ client }) => client.close()));
  }

  async #compareWith(reader: Reader, fresh: LiveRoom): Promise<void> {
    const { room } = this.#person(reader);
    try {
      await within(fresh.open(), `${reader} to open the room`);
    } catch (error) {
      if (!(error instanceof RoomError) || error.code !== 'not_found') throw error;
      await until(`${reader} has lost the room`, () => !['open', 'opening', 'resuming'].includes(room.snapshot.status));
      expect(room.snapshot.streams, `${reader} has lost the room`).to.deep.equal({});
      return;
    }
    if (['revoked', 'failed', 'closed'].includes(room.snapshot.status)) {
      room.close();
      await within(room.open(), `${reader} to open the room again`);
    }
    await within(complete(room), `${reader} to load the history`);
    await within(complete(fresh), `${reader} to load the history afresh`);
    const found = () => differences(shown(room.snapshot), shown(fresh.snapshot)).join('\n');
    await until('they are the same', () => found() === '').catch(() => undefined);
    expect(found(), `${reader}, after it and afresh`).to.equal('');
    if (!(reader in PROVIDERS)) return;
    const held = JSON.stringify(room.snapshot);
    for (const [text, provider] of this.#said)
      if (provider !== reader) expect(held, `${reader} holds what ${provider} has said`).not.to.include(text);
    for (const name of PROVIDER_NAMES)
      if (name !== reader) expect(held, `${reader} knows of ${name}`).not.to.include(`:${this.#orgOf(name)}`);
  }

  async #look(reader: Reader): Promise<void> {
    const opportunityId = this.#id;
    await this.#call(reader, 'opportunity.get', { opportunityId });
    await this.#call(reader, 'opportunity.list', { limit: 5 });
    await this.#call(reader, 'opportunity.plaza', { limit: 5 });
    await this.#call(reader, 'opportunity.suggest', { opportunityId });
    await this.#call(reader, 'proposal.list', { opportunityId, limit: 5 });
    await this.#call(reader, 'desk.list', { limit: 5 });
  }

  async #openProposal(provider: Provider): Promise<string> {
    const seen = await this.#call('operator', 'opportunity.get', { opportunityId: this.#id });
    const engagements = seen?.opportunity.engagements ?? [];
    const own = engagements.filter((engagement) => engagement.provider.org === this.#orgOf(provider));
    return own.flatMap(({ proposals }) => proposals).at(-1)?.id ?? 'nothing';
  }

  #secret(provider: Provider): string {
    const text = `${provider} ${randomUUID()}`;
    this.#said.set(text, provider);
    return text;
  }

  #orgOf(provider: Provider): string {
    return PROVIDERS[provider].org;
  }

  #enter(reader: Reader): { client: Client; room: LiveRoom } {
    const client = createClient({ url: this.#portal.url, getToken: () => this.#portal.token(READERS[reader]) });
    client.connect();
    return { client, room: client.room(this.#id) };
  }

  /** Calls as this person; what was obeyed is noted, and a refusal is an answer like any other. */
  async #call<Name extends CommandName>(
    reader: Reader,
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name> | undefined> {
    return this.#noted(name, this.#person(reader).client.call(name, input));
  }

  #as<Name extends CommandName>(
    who: Who,
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name> | undefined> {
    return this.#noted(name, this.#portal.call(who, name, input));
  }

  async #noted<Output>(name: CommandName, answer: Promise<Output>): Promise<Output | undefined> {
    try {
      const output = await answer;
      this.#used.add(name);
      return output;
    } catch (error) {
      if (error instanceof RoomError || error instanceof Refused)
        expect(error.code, String(error)).to.be.oneOf(EXPECTED);
      else throw error;
      return undefined;
    }
  }

  #person(reader: Reader): { client: Client; room: LiveRoom } {
    const person = this.#people.get(reader);
    if (person === undefined) throw new Error(`nobody is called ${reader}`);
    return person;
  }
}
