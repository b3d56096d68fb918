import type { EventEntry } from '../../shared/contract/entries.ts';
import type { Opportunity, PlazaCard } from '../../shared/contract/opportunities.ts';
import type { Proposal } from '../../shared/contract/proposals.ts';
import type { CommandInput, CommandName } from '../../shared/contract/registry.ts';

/** What is done to a demand as a whole. */
export type OpportunityCommand =
  | 'opportunity.grab'
  | 'opportunity.assign'
  | 'opportunity.accept'
  | 'opportunity.reject'
  | 'opportunity.terminate'
  | 'opportunity.revoke'
  | 'opportunity.close';

type OfOne<Name extends CommandName> = Omit<CommandInput<Name>, 'opportunityId' | 'clientId'>;

/** What a command on a demand needs beside its id. */
export type OpportunityInput<Name extends OpportunityCommand> = OfOne<Name>;
/** What goes out once under its `clientId`, however often it is sent; a new one is made where none is given. */
type Once<Input> = Input & { readonly clientId?: string };
export type NewDemand = Once<Omit<CommandInput<'opportunity.create'>, 'clientId'>>;
export type NewRecord = Once<OfOne<'opportunity.record'>>;
export type NewProposal = Once<OfOne<'proposal.send'>>;

/** One demand: what is known of it, and what is done to it. */
export interface LiveOpportunity {
  readonly id: string;
  /** The newest state that was heard of, as a room, an event or an answer told it; undefined before the first. It is never put back by an older one. */
  readonly state: Opportunity | undefined;
  /** Told each newer state. Events come while the demand's room is open. */
  on(name: 'change', listener: (state: Opportunity) => void): () => void;
  /** Asks how it stands now. */
  refresh(): Promise<Opportunity>;
  /**
   * Grabs, accepts, revokes, ... it. Never put off: without a connection this rejects with `unavailable` at once, and so do `record`, `propose` and
   * `withdraw`. A refusal that says that it stands otherwise (`conflict`, `forbidden`, `read_only`) comes after `state` shows how.
   */
  change<Name extends OpportunityCommand>(name: Name, input: OpportunityInput<Name>): Promise<Opportunity>;
  /** Adds a communication record, which renews the window. */
  record(record: NewRecord): Promise<EventEntry>;
  propose(proposal: NewProposal): Promise<Proposal>;
  withdraw(input: OfOne<'proposal.withdraw'>): Promise<Proposal>;
  /** All proposals that the caller may see, newest first. */
  proposals(): Promise<Proposal[]>;
}

/** The plaza as one reader has paged through it. Nothing is asked for before `load`. */
export interface Plaza {
  readonly cards: readonly PlazaCard[];
  /** The hour at which the plaza took in what is shown, and the next one; ISO 8601 by the service's clock. Undefined before the first answer. */
  readonly refreshedAt: string | undefined;
  readonly nextRefreshAt: string | undefined;
  readonly hasMore: boolean;
  /** Begins anew with the first page. Of two that overlap the later one counts. */
  load(): Promise<void>;
  /** Adds the next page. */
  more(): Promise<void>;
  /** Takes a demand for the caller's company; its card goes, also when it turns out to be taken or not there any more. */
  grab(opportunityId: string): Promise<Opportunity>;
}

export type PlazaFilter = Pick<CommandInput<'opportunity.plaza'>, 'category' | 'region' | 'limit'>;

/** Demands, from their publication on. */
export interface Opportunities {
  /** Publishes a demand. Rejects with `invalid` and each fault, also for a code that does not fit the phone. */
  publish(demand: NewDemand): Promise<{ opportunityId: string; roomId: string }>;
  /** The demand's one object, however often it is asked for. */
  one(opportunityId: string): LiveOpportunity;
  plaza(filter?: PlazaFilter): Plaza;
}
