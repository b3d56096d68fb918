import type { Actor, EntryKind } from '../../shared/contract/entries.ts';
import type { OpportunityStatus } from '../../shared/contract/opportunities.ts';
import type { Role, Side } from '../../shared/contract/primitives.ts';
import type { ProjectStatus } from '../../shared/contract/projects.ts';
import type { CrewMember } from '../../shared/model/flow/flow.ts';
import type { Opportunity } from '../../shared/model/opportunity/opportunity.ts';
import type { Floor } from '../timeline/read-marks.ts';
import type { NotificationDraft } from './notifications.ts';
import type { ProjectState, WaitingPlace } from './project-state.ts';

/** Somebody who has the room by name: added by their company, or called to a node of it. */
export interface Member {
  userId: string;
  name: string;
  side: Side;
  org?: string;
  roles?: Role[];
}

/** An entry that is decided and not yet in the timeline. */
export interface OutboxItem {
  /** Becomes the entry's `clientId`, so that putting it into the timeline twice stores it once. */
  key: string;
  stream: string;
  kind: EntryKind;
  actor: Actor;
  body: Record<string, unknown>;
  /** Of what happened in a flow: the run that it belongs to. */
  run?: number;
  /** The company to which the notes are handed over by this entry. */
  holder?: string;
  /** A notification that the entry tells, kept for other channels as well. */
  notification?: NotificationDraft;
  /** The correlation id of what decided it. */
  cause?: string;
}

/**
 * Whose list of rooms is sorted by which instant: a party's list must not move for a stream that it cannot read. By `provider` are sorted the lists of vendors and
 * portals too; providers' lists of opportunities are not, since each of them reads other streams (`LaneDoc`).
 */
export type ActivityOf = 'buyer' | 'provider' | 'operator';

/** The notes as they were handed over to a provider; the earlier one's are not for its eyes. */
export interface HandedOver {
  org: string;
  /** The run that began with it: a company can come to a project twice. */
  run: number;
  /** The last entry before the hand-over; null until the hand-over stands in the stream, and nothing of it is read by the provider before. */
  floor: Floor | null;
}

/** A room and what it is about, in one document: a change of state, of access and of the entries to come is one atomic write. */
interface RoomBase {
  _id: string;
  title: string;
  buyer: { id: string; org: string; name: string };
  members: Member[];
  /** Who finds the room in their list, and is told of what happens in it; follows from the parties and members (see `seatsOf`). */
  seats: string[];
  /** When the clock of what it is about changes something next. */
  wakeAt: Date | null;
  activity: Record<ActivityOf, Date>;
  outbox: OutboxItem[];
  /** The correlation id of the call, or of the run of a job, that changed it last: what made a step due, or wait. */
  cause?: string;
  /** Raised by each change; every change is a compare-and-set on it. */
  version: number;
  /** The database's own time of the last change: other servers learn of changes by it. */
  changedAt: Date;
  createdAt: Date;
}

export interface ProjectRoom extends RoomBase {
  kind: 'project';
  status: ProjectStatus;
  providerOrg: string | null;
  vendorOrg: string;
  project: ProjectState;
  /** Staff who hold a role in this run, by user id: their load. */
  crew: string[];
  /** Staff who are or were the operator of a step in this run: they are in the room. */
  workers: CrewMember[];
  /** The current due instant is a guess, until its year's calendar is known. */
  provisional: boolean;
  /** What the project waits for in a queue. */
  waiting: WaitingPlace | null;
  /** Since a change of provider: where the notes of the present one begin. Null for the first, who reads them all. */
  notes: HandedOver | null;
}

export interface OpportunityRoom extends RoomBase {
  kind: 'opportunity';
  status: OpportunityStatus;
  opportunity: Opportunity;
  /** Whose demand of that name it is: who publishes the same again gets this one. */
  publishedAs: string;
  /** How to reach the buyer, without numbers: those are in a vault. */
  contact?: { name?: string; email?: string };
  /** Ids of numbers in the vault: the buyer's (without a company), and those at which companies that follow can be reached. */
  numbers: { org: string | null; numberId: string }[];
  plaza: PlazaPlace | null;
  /** Since when the operators should find another provider for it. */
  seeking: { since: Date } | null;
}

/** A demand that the plaza shows, since when; or one that waits for the hour at which it will. */
export interface PlazaPlace {
  since?: Date;
  dueAt?: Date;
}

export type RoomDoc = ProjectRoom | OpportunityRoom;

/** A room by what it is about. */
export interface RoomOf {
  project: ProjectRoom;
  opportunity: OpportunityRoom;
}
