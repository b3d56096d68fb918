import { RoomError } from '../../shared/contract/errors.ts';
import type { Opportunity } from '../../shared/contract/opportunities.ts';
import type { Proposal } from '../../shared/contract/proposals.ts';
import { PAGE_MAX } from '../../shared/contract/limits.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { LiveRoom } from '../core/api.ts';
import { Emitter } from '../core/emitter.ts';
import { asRoomError } from '../core/failure.ts';
import type {
  LiveOpportunity,
  NewProposal,
  NewRecord,
  OpportunityCommand,
  OpportunityInput,
} from '../core/opportunity-api.ts';
import { newUuid } from './chance.ts';
import type { Session } from './session.ts';
import type { Timers } from './timers.ts';

/** Refusals that mean that the demand does not stand as the caller saw it. */
const STALE: readonly string[] = ['conflict', 'forbidden', 'read_only', 'not_found'];
/** A demand that may have changed without an answer is looked at after this long and up to twice this long. */
const LOOK_AFTER_MS = 1_000;

export interface OpportunityParts {
  session: Session;
  timers: Timers;
  random: () => number;
  /** The demand's room, which tells how it stands at every join. */
  room(): LiveRoom;
  /** Told what a command answered; tells this demand in turn. */
  came(opportunity: Opportunity): void;
  onFault(fault: unknown): void;
}

/** What is known of one demand, and the commands on it: decided on what the caller saw, they go out at once or not at all. */
export class OpportunityActs implements LiveOpportunity {
  readonly id: string;
  readonly #parts: OpportunityParts;
  readonly #emitter: Emitter<{ change: Opportunity }>;
  #state: Opportunity | undefined;
  #watching: (() => void) | undefined;

  constructor(id: string, parts: OpportunityParts) {
    this.id = id;
    this.#parts = parts;
    this.#emitter = new Emitter((fault) => parts.onFault(fault));
  }

  get state(): Opportunity | undefined {
    this.#take(this.#parts.room().snapshot.opportunity);
    return this.#state;
  }

  on(name: 'change', listener: (state: Opportunity) => void): () => void {
    const off = this.#emitter.on(name, listener);
    this.#watching ??= this.#parts.room().on('change', ({ opportunity }) => this.came(opportunity));
    return () => {
      off();
      if (this.#emitter.has('change')) return;
      this.#watching?.();
      this.#watching = undefined;
    };
  }

  /** How it stands, out of a room, an event or an answer; what is older than what is known changes nothing. */
  came(state: Opportunity | undefined): void {
    if (this.#take(state) && this.#state !== undefined) this.#emitter.emit('change', this.#state);
  }

  /** The client closes. */
  end(): void {
    this.#emitter.clear();
    this.#watching?.();
    this.#watching = undefined;
  }

  async refresh(): Promise<Opportunity> {
    const { opportunity } = await this.#parts.session.request('opportunity.get', { opportunityId: this.id });
    this.#parts.came(opportunity);
    return opportunity;
  }

  change<Name extends OpportunityCommand>(name: Name, input: OpportunityInput<Name>): Promise<Opportunity> {
    return this.#do(async () => {
      // Every input of these commands is what the caller gives and the demand's id.
      const given = { ...input, opportunityId: this.id } as CommandInput<Name>;
      const { opportunity } = await this.#parts.session.request<OpportunityCommand>(name, given);
      this.#parts.came(opportunity);
      return opportunity;
    });
  }

  record(record: NewRecord): ReturnType<LiveOpportunity['record']> {
    const input = this.#once(record);
    return this.#do(async () => (await this.#parts.session.request('opportunity.record', input)).entry);
  }

  propose(proposal: NewProposal): Promise<Proposal> {
    const input = this.#once(proposal);
    return this.#do(async () => (await this.#parts.session.request('proposal.send', input)).proposal);
  }

  withdraw(input: Parameters<LiveOpportunity['withdraw']>[0]): Promise<Proposal> {
    const opportunityId = this.id;
    return this.#do(
      async () => (await this.#parts.session.request('proposal.withdraw', { ...input, opportunityId })).proposal,
    );
  }

  async proposals(): Promise<Proposal[]> {
    const all: Proposal[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#parts.session.request('proposal.list', {
        opportunityId: this.id,
        limit: PAGE_MAX,
        ...(cursor === undefined ? {} : { cursor }),
      });
      all.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return all;
  }

  /** Takes it over unless it is older; answers whether it is newer. */
  #take(state: Opportunity | undefined): boolean {
    const held = this.#state?.version ?? 0;
    if (state === undefined || state.version < held) return false;
    this.#state = state;
    return state.version > held;
  }

  #once<Input extends { readonly clientId?: string }>(input: Input) {
    return { ...input, opportunityId: this.id, clientId: input.clientId ?? newUuid(this.#parts.random) };
  }

  async #do<Result>(send: () => Promise<Result>): Promise<Result> {
    const { session } = this.#parts;
    if (!session.online) throw new RoomError('unavailable', 'There is no connection; nothing was done');
    try {
      return await send();
    } catch (fault) {
      const error = asRoomError(fault, 'internal');
      if (STALE.includes(error.code)) await this.refresh().catch(() => this.#lookSoon());
      else if (error.retryable && error.code !== 'rate_limited') this.#lookSoon();
      throw error;
    }
  }

  #lookSoon(): void {
    const { session, timers, random } = this.#parts;
    if (!session.online) return;
    timers.set(`look ${this.id}`, LOOK_AFTER_MS * (1 + random()), () => void this.refresh().catch(() => undefined));
  }
}
