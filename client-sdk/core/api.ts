import type { Call } from '../../shared/contract/calls.ts';
import type { Entry } from '../../shared/contract/entries.ts';
import type { RoomError, WireError } from '../../shared/contract/errors.ts';
import type { FileInfo } from '../../shared/contract/files.ts';
import type { ServerEvents } from '../../shared/contract/events.ts';
import type { Opportunity } from '../../shared/contract/opportunities.ts';
import type { Project } from '../../shared/contract/projects.ts';
import type { Person, Role, Side } from '../../shared/contract/primitives.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type { Room } from '../../shared/contract/rooms.ts';
import type { LiveCalls } from './call-api.ts';
import type { Opportunities } from './opportunity-api.ts';
import type { Transport } from './transport.ts';
import type { Clock } from './clock.ts';

/**
 * Why a token is asked for: the first one, one that is running out (or has, while disconnected), or one that the server
 * did not accept.
 */
export type TokenReason = 'initial' | 'expiring' | 'rejected';

/** What the page or the machine reports about the network and its own sleep. */
export interface PageSignals {
  /** True when the platform says that there is no network; that is a hint and can be wrong. */
  offline(): boolean;
  /** `wake`: the page came back from the background or from sleep. Answers a function that stops watching. */
  watch(listener: (signal: 'online' | 'offline' | 'wake') => void): () => void;
}

/** A message as the outbox keeps it over a reload. */
export interface StoredMessage {
  clientId: string;
  roomId: string;
  stream: string;
  text: string;
  attachments?: string[];
  replyTo?: string;
  mentions?: string[];
  /** Milliseconds since 1970 by the clock of the client. */
  createdAt: number;
  /** Orders messages that were written within one millisecond. */
  order: number;
  error?: WireError;
}

/** Where unsent messages wait: one record a message, so that two tabs never overwrite each other. `owner` is the user's id. */
export interface OutboxStorage {
  load(owner: string): StoredMessage[] | Promise<StoredMessage[]>;
  put(owner: string, message: StoredMessage): void | Promise<void>;
  remove(owner: string, clientId: string): void | Promise<void>;
}

export interface ClientOptions {
  /** The service's origin, such as `https://rooms.example`; with or without a trailing slash. */
  url: string;
  /** Gives a token. Asked for one at a time; it has 10 seconds; a failure is tried again, unless it is a RoomError that cannot be retried. */
  getToken: (reason: TokenReason) => string | Promise<string>;
  transport?: Transport;
  clock?: Clock;
  /** Numbers from 0 up to, not including, 1. */
  random?: () => number;
  /** In memory unless given. */
  storage?: OutboxStorage;
  /** The browser's events where there are any, unless given. */
  signals?: PageSignals;
  /** Milliseconds that a command may wait for its ack; 10,000 unless given. */
  deadlineMs?: number;
  /** Milliseconds of silence after which an open room compares its heads with the server's; 20,000 unless given. */
  livenessMs?: number;
}

/** Where the connection stands; times are milliseconds since 1970 by the client's clock. */
export type ClientState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting'; readonly attempt: number }
  | { readonly status: 'online'; readonly since: number }
  | { readonly status: 'waiting'; readonly retryAt: number; readonly attempt: number }
  | { readonly status: 'offline' }
  | { readonly status: 'failed'; readonly error: RoomError }
  | { readonly status: 'closed' };

/** Who the token says its bearer is; read from the token without verifying it, for display and for telling own entries. */
export interface Identity {
  readonly userId: string;
  readonly name?: string;
  readonly side?: Side;
  readonly org?: string;
  readonly roles?: readonly Role[];
}

export interface ClientEvents {
  state: ClientState;
  /** Something happened in a room that this client has not opened. */
  inbox: ServerEvents['inbox'];
  tokenExpiring: ServerEvents['auth.expiring'];
  draining: ServerEvents['server.draining'];
  /** What a provider has asked the operators and is not answered, as it now stands; to operators. */
  desk: ServerEvents['desk'];
  /** The server had cut off a connection of this client, and why; told once, as a rule when the next one stands. Nothing is lost by it. */
  cut: ServerEvents['connection.cut'];
  /** A failure that no promise carries: a token that could not be had, a storage that refused. */
  error: RoomError;
}

/** A file on its way to a stream. */
export interface UploadOptions {
  roomId: string;
  /** `public` unless given. */
  stream?: string;
  file: Blob;
  /** The file's own name unless given. */
  name?: string;
  signal?: AbortSignal;
  /** Bytes of the file that were sent, of how many; called where the platform tells, which Node does not. */
  onProgress?: (sent: number, total: number) => void;
}

/** A connection to the service for one person, and the rooms opened over it. It starts nothing before `connect`. */
export interface Client {
  readonly state: ClientState;
  /** Known once a token has been had. */
  readonly me: Identity | undefined;
  /** Connects and stays connected. Also begins anew after `failed`. Does nothing when connected, connecting or closed. */
  connect(): void;
  /** Ends everything: no socket, timer or listener is left when the promise resolves. Unsent messages stay in the storage. */
  close(): Promise<void>;
  /**
   * Calls a command. Rejects with a RoomError: the server's, or `unavailable` when there is no connection, it broke, or no
   * ack came within the deadline; then the command may have been obeyed all the same, and `details` is `{ unanswered: true }`.
   */
  call<Name extends CommandName>(
    name: Name,
    input: CommandInput<Name>,
    options?: { deadlineMs?: number },
  ): Promise<CommandOutput<Name>>;
  /**
   * Brings a file to a stream, over HTTP and without needing a connection; what it gives can be attached to a message. Rejects with a RoomError: the
   * server's, `unavailable` when the file could not be sent, `conflict` when it was aborted. Nothing is tried again by itself.
   */
  upload(options: UploadOptions): Promise<FileInfo>;
  /** An address from which the caller can open a file for some minutes, and nobody else. Rejects as `call` does. */
  fileLink(fileId: string): Promise<{ url: string; expiresAt: string }>;
  on<Name extends keyof ClientEvents>(name: Name, listener: (payload: ClientEvents[Name]) => void): () => void;
  /** The room's one object, however often it is asked for. */
  room(roomId: string): LiveRoom;
  /** Demands: published, found in the plaza, and acted on. */
  readonly opportunities: Opportunities;
}

/** `resuming`: it was open, the connection broke, and what is shown may lag. `revoked`: access was withdrawn. */
export type RoomStatus = 'closed' | 'opening' | 'open' | 'resuming' | 'revoked' | 'failed';

export type PendingState = 'pending' | 'sending' | 'sent' | 'failed';

/** An own message that the timeline does not show yet. `sent`: stored by the server, its entry is still to be shown. */
export interface PendingMessage {
  readonly clientId: string;
  readonly stream: string;
  readonly text: string;
  readonly attachments?: readonly string[];
  readonly replyTo?: string;
  readonly mentions?: readonly string[];
  readonly createdAt: number;
  readonly state: PendingState;
  readonly attempts: number;
  /** Why it failed, or why the last attempt did. */
  readonly error?: RoomError;
}

/** One stream as a reader sees it. */
export interface StreamView {
  readonly stream: string;
  /** The highest seq that the server is known to have. */
  readonly head: number;
  /** In order of seq and without holes; edits and recalls are applied to their message and are not listed themselves. */
  readonly entries: readonly Entry[];
  /** Own messages that are not among `entries` yet, in the order of sending. */
  readonly pending: readonly PendingMessage[];
  readonly unread: number;
  /** Up to where the caller has read, as far as it is known. */
  readonly readSeq: number;
  /** The lowest seq that is held; 0 when nothing is. */
  readonly oldestSeq: number;
  readonly hasOlder: boolean;
  readonly canWrite: boolean;
  /** How far the others have read, by user id, as far as it was heard of. */
  readonly receipts: ReadonlyMap<string, number>;
  /** Entries known to be missing (exclusive, inclusive); they are being fetched. */
  readonly gap?: { readonly after: number; readonly upTo: number };
}

/** What a room shows at one moment. Immutable, and the same object until something changes. */
export interface RoomSnapshot {
  readonly roomId: string;
  readonly status: RoomStatus;
  readonly error?: RoomError;
  readonly revokedReason?: string;
  readonly room: Room | undefined;
  readonly me: { readonly side: Side; readonly canWrite: readonly string[] } | undefined;
  /** By name of the stream, in the server's order; only streams that the caller reads. Has no prototype. */
  readonly streams: { readonly [stream: string]: StreamView };
  readonly online: readonly Person[];
  /** Who is typing, by name of the stream; without the caller. */
  readonly typing: { readonly [stream: string]: readonly { readonly userId: string; readonly name: string }[] };
  /** The delivery project with what the caller may do now: never older than what was shown before. */
  readonly project: Project | undefined;
  /** The opportunity, as much of it as the caller may know, with what they may do now: likewise. */
  readonly opportunity: Opportunity | undefined;
  /** The calls of its streams, as far back as entries are held and those that were looked up, in the order in which they were asked for, with what the caller may do to each now. */
  readonly calls: readonly Call[];
}

export interface RoomEvents {
  change: RoomSnapshot;
  /** An entry that came after the room was opened, once each and in the order of its stream. `resume`: it had been missed. */
  entry: { readonly entry: Entry; readonly cause: 'live' | 'resume' };
  presence: ServerEvents['presence'];
  typing: ServerEvents['typing'];
  receipt: ServerEvents['receipt'];
  project: Project;
  opportunity: Opportunity;
  /** A call that an entry which came after the room was opened tells of, as it now stands. */
  call: Call;
  revoked: { readonly roomId: string; readonly stream?: string; readonly reason: string };
  error: RoomError;
}

export interface SendOptions {
  /** `public` unless given; for a provider in an opportunity that is open its own lane. */
  stream?: string;
  replyTo?: string;
  mentions?: string[];
  attachments?: string[];
}

export interface SentMessage {
  readonly clientId: string;
  /** The entry as stored; rejects with the RoomError when the server refuses it for good, or the message is discarded. */
  readonly settled: Promise<Entry>;
}

/** Something done at the node of a project, at the visit that the caller saw. */
export type NodeAct = Omit<CommandInput<'node.act'>, 'projectId'>;

/** What is done to a project as a whole. */
export type ProjectCommand =
  | 'project.pause'
  | 'project.resume'
  | 'project.changeOperator'
  | 'project.changeProvider'
  | 'project.dispatch'
  | 'project.close';

/** One room, joined again by itself after every reconnect, as long as somebody holds it open. */
export interface LiveRoom {
  readonly roomId: string;
  readonly snapshot: RoomSnapshot;
  /** Masked calls between the people of its two sides; how they stand is in the snapshot. */
  readonly calls: LiveCalls;
  /** Counts one more holder; resolves when the room is open, rejects when it cannot be (`not_found`, ...). */
  open(): Promise<void>;
  /** Counts one holder less; the last one leaves the room and drops its content. */
  close(): void;
  on<Name extends keyof RoomEvents>(name: Name, listener: (payload: RoomEvents[Name]) => void): () => void;
  /**
   * Puts a message into the outbox, from where it is sent as soon as it can be, in order and once. Throws `invalid` for a
   * text that cannot be sent, and `rate_limited` when 500 messages are waiting. Does not need the room to be open.
   */
  send(text: string, options?: SendOptions): SentMessage;
  /** Sends a failed message again under the same clientId. Throws `not_found` when there is no such message. */
  retry(clientId: string): SentMessage;
  /** Takes an unsent or failed message out of the outbox; false when it is on its way or gone. */
  discard(clientId: string): boolean;
  edit(entryId: string, text: string): Promise<Entry>;
  recall(entryId: string): Promise<Entry>;
  /**
   * Acts on a node of the room's project. It is never put off: without a connection it rejects with `unavailable` at once, and
   * when the connection breaks meanwhile it is not known whether it was obeyed, until the room is shown again. A refusal that
   * says that the project stands otherwise (`conflict`, `forbidden`, `read_only`) comes after the snapshot shows how.
   */
  act(act: NodeAct): Promise<Project>;
  /** Pauses, resumes, dispatches, ... the room's project, in the same manner as `act`. */
  change<Name extends ProjectCommand>(name: Name, input: Omit<CommandInput<Name>, 'projectId'>): Promise<Project>;
  /** Marks a stream as read; shown at once, told to the server when it can be, never backwards. */
  markRead(stream: string, seq: number): void;
  /** Says that the caller is (still) typing, or stopped. May be called on every key. */
  typing(stream: string, on: boolean): void;
  /** Loads the page before what is held; answers whether there is still more. */
  older(stream: string): Promise<boolean>;
}
