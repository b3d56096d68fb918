import type { Call } from '../../shared/contract/calls.ts';
import type { Entry } from '../../shared/contract/entries.ts';
import type { RoomError } from '../../shared/contract/errors.ts';
import type { ServerEvents } from '../../shared/contract/events.ts';
import type { Opportunity } from '../../shared/contract/opportunities.ts';
import type { Project } from '../../shared/contract/projects.ts';
import type { Side } from '../../shared/contract/primitives.ts';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import type { Room } from '../../shared/contract/rooms.ts';
import { applyList, applyPresence, askedForList, NOBODY, type Presence } from '../../shared/model/presence.ts';
import { logOfPage, noteHead, prepend, receive, type StreamLog } from '../../shared/model/stream-log.ts';
import type { ReadMark } from '../../shared/model/unread.ts';
import type { RoomStatus } from './api.ts';
import { withSubject } from './room-subject.ts';

const NOTHING = { project: undefined, opportunity: undefined };

/** Entries that arrive before the room's first answer and wait for it; what is beyond is fetched. */
export const EARLY_MAX = 1000;

/**
 * The server tells when a typing mark ends, but not that it was renewed. This long after it began, that word is taken to
 * have been lost on the way.
 */
export const TYPING_SHOWN_MAX_MS = 30_000;

export interface StreamState {
  readonly log: StreamLog;
  readonly mark: ReadMark | undefined;
  /** How far others have read, by user id. */
  readonly receipts: ReadonlyMap<string, number>;
  /** True once a page before the run came back empty: what stands there, if anything, is not for this reader. */
  readonly begins: boolean;
}

/** Everything that one reader holds of a room. */
export interface RoomState {
  readonly status: RoomStatus;
  readonly error?: RoomError;
  readonly revokedReason?: string;
  readonly room: Room | undefined;
  readonly me: { readonly side: Side; readonly canWrite: readonly string[] } | undefined;
  readonly project: Project | undefined;
  readonly opportunity: Opportunity | undefined;
  /** Calls as commands have answered them, by their ids. */
  readonly told: ReadonlyMap<string, Call>;
  readonly streams: ReadonlyMap<string, StreamState>;
  readonly presence: Presence;
  /** By stream, then user id: the instant at which the mark ends unless it is renewed. */
  readonly typing: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Entries of streams that no answer has named yet. */
  readonly early: readonly Entry[];
}

export const CLOSED_ROOM: RoomState = {
  status: 'closed',
  room: undefined,
  me: undefined,
  project: undefined,
  opportunity: undefined,
  told: new Map(),
  streams: new Map(),
  presence: NOBODY,
  typing: new Map(),
  early: [],
};

/** What the reader holds, by stream: `since` of a join. Nothing is held before the first answer. */
export function heldSince(state: RoomState): Record<string, number> | undefined {
  if (state.streams.size === 0) return undefined;
  return Object.fromEntries([...state.streams].map(([stream, { log }]) => [stream, log.last]));
}

/** A join is on its way. What is held stays visible meanwhile, and a room that is open on this connection stays so. */
export function joining(state: RoomState): RoomState {
  const status = state.status === 'open' ? 'open' : state.streams.size > 0 ? 'resuming' : 'opening';
  const { error: _e, revokedReason: _r, ...rest } = state;
  return { ...rest, status, presence: askedForList(state.presence) };
}

/** The connection is gone. Who was typing or reading along is no longer known to be. */
export function disconnected(state: RoomState): RoomState {
  if (state.status !== 'open' && state.status !== 'opening' && state.status !== 'resuming') return state;
  return { ...state, status: state.streams.size > 0 ? 'resuming' : 'opening', typing: new Map() };
}

/**
 * The join's answer. A stream that it no longer names is gone with its content. A server that holds less than what it was
 * asked `since` has lost entries; it is believed, and that stream begins anew.
 */
export function joined(
  state: RoomState,
  answer: CommandOutput<'room.join'>,
  since: Record<string, number> | undefined,
): RoomState {
  const streams = new Map<string, StreamState>();
  let serverLost = false;
  for (const { stream, entries, head } of answer.streams) {
    const held = state.streams.get(stream);
    const early = state.early.filter((entry) => entry.stream === stream);
    const asked = since !== undefined && Object.hasOwn(since, stream) ? since[stream] : undefined;
    const lostByServer = asked !== undefined && head < asked;
    serverLost ||= lostByServer;
    const log = held && !lostByServer ? noteHead(receive(held.log, entries), head) : logOfPage(entries, head);
    streams.set(stream, {
      log: receive(log, early),
      mark: held?.mark,
      receipts: held?.receipts ?? new Map(),
      begins: held !== undefined && !lostByServer && held.begins,
    });
  }
  return {
    ...state,
    status: 'open',
    ...withSubject(answer.room, serverLost ? NOTHING : state),
    told: serverLost ? CLOSED_ROOM.told : state.told,
    me: answer.me,
    streams,
    presence: applyList(state.presence, answer.online),
    early: [],
  };
}

/** An entry came, live or in an ack. One of a stream that is not known waits for the next join, which will name it. */
export function entryCame(state: RoomState, entry: Entry): RoomState {
  const held = state.streams.get(entry.stream);
  if (!held) {
    return state.early.length < EARLY_MAX ? { ...state, early: [...state.early, entry] } : state;
  }
  const quiet = entry.kind === 'message' ? typingChanged(state, entry.stream, entry.actor.id, undefined) : state;
  return withStream(quiet, entry.stream, { ...held, log: receive(held.log, [entry]) });
}

/** A page after what is held, or any other run of entries. */
export function pageCame(state: RoomState, stream: string, entries: readonly Entry[], head: number): RoomState {
  const held = state.streams.get(stream);
  if (!held) return state;
  return withStream(state, stream, { ...held, log: noteHead(receive(held.log, entries), head) });
}

/** A page before what is held; an empty one shows that the reader's part of the stream begins here. */
export function olderCame(state: RoomState, stream: string, entries: readonly Entry[], head: number): RoomState {
  const held = state.streams.get(stream);
  if (!held) return state;
  const begins = held.begins || entries.length === 0;
  return withStream(state, stream, { ...held, begins, log: noteHead(prepend(held.log, entries), head) });
}

/** The room as the server has it now: shows what became of it, and streams that went. */
export function compared(state: RoomState, { room, me }: CommandOutput<'room.get'>): RoomState {
  const streams = new Map<string, StreamState>();
  for (const { stream } of room.streams) {
    const held = state.streams.get(stream);
    if (held) streams.set(stream, held);
  }
  return { ...state, ...withSubject(room, state), me, streams };
}

/**
 * True when the server has a stream or an entry that was never heard of. Then the room is joined again, not merely the
 * entry fetched: whatever kept it from coming may have ended the room on the server's side of the connection.
 */
export function isBehind(state: RoomState, room: Room): boolean {
  return room.streams.some(({ stream, head }) => head > (state.streams.get(stream)?.log.head ?? -1));
}

export function hasOlder({ log, begins }: StreamState): boolean {
  return log.first > 1 && !begins;
}

/** The caller has read up to `seq`, by their own word or by the server's, which then also says what is unread. */
export function markCame(state: RoomState, stream: string, seq: number, unread?: number): RoomState {
  const held = state.streams.get(stream);
  if (!held) return state;
  const before = held.mark;
  if (before && (seq < before.seq || (seq === before.seq && unread === undefined))) return state;
  return withStream(state, stream, {
    ...held,
    mark: { seq, unread: unread ?? 0, countedTo: Math.max(seq, held.log.last) },
  });
}

export function receiptCame(state: RoomState, receipt: ServerEvents['receipt'], userId: string | undefined): RoomState {
  const { stream, seq } = receipt;
  if (receipt.userId === userId) return markCame(state, stream, seq);
  const held = state.streams.get(stream);
  if (!held || (held.receipts.get(receipt.userId) ?? 0) >= seq) return state;
  return withStream(state, stream, { ...held, receipts: new Map(held.receipts).set(receipt.userId, seq) });
}

export function presenceCame(state: RoomState, change: ServerEvents['presence']): RoomState {
  const next = { ...state, presence: applyPresence(state.presence, change) };
  if (change.online) return next;
  return [...state.typing.keys()].reduce((all, stream) => typingChanged(all, stream, change.userId, undefined), next);
}

export function typingCame(
  state: RoomState,
  { stream, userId, typing }: ServerEvents['typing'],
  now: number,
): RoomState {
  return typingChanged(state, stream, userId, typing ? now + TYPING_SHOWN_MAX_MS : undefined);
}

/** Ends typing marks that were not renewed. */
export function typingExpired(state: RoomState, now: number): RoomState {
  let next = state;
  for (const [stream, people] of state.typing) {
    for (const [userId, until] of people) if (until <= now) next = typingChanged(next, stream, userId, undefined);
  }
  return next;
}

/** The next instant at which a typing mark ends. */
export function typingEndsAt(state: RoomState): number | undefined {
  const ends = [...state.typing.values()].flatMap((people) => [...people.values()]);
  return ends.length > 0 ? Math.min(...ends) : undefined;
}

/** Access to one stream was withdrawn: it goes, with all that was held of it. */
export function streamRevoked(state: RoomState, stream: string): RoomState {
  const streams = new Map(state.streams);
  const typing = new Map(state.typing);
  streams.delete(stream);
  typing.delete(stream);
  return {
    ...state,
    streams,
    typing,
    room: state.room && { ...state.room, streams: state.room.streams.filter((known) => known.stream !== stream) },
    me: state.me && { ...state.me, canWrite: state.me.canWrite.filter((writable) => writable !== stream) },
  };
}

/** Access to the room was withdrawn: nothing of it stays. */
export function roomRevoked(reason: string): RoomState {
  return { ...CLOSED_ROOM, status: 'revoked', revokedReason: reason };
}

export function roomFailed(state: RoomState, error: RoomError): RoomState {
  return { ...state, status: 'failed', error };
}

/** What in a flow brings people into the room, takes them out of it, or changes what they may write: a company, who works a step, and the end. */
const CHANGES_ROOM = [
  'provider.assigned',
  'provider.changed',
  'order.claimed',
  'order.dispatched',
  'operator.changed',
  'node.done',
  'node.rejected',
  'project.closed',
];

/** True for an entry after which the room may have other members, the reader other rights, or an opportunity another state: which, the room itself says. */
export function changesRoom({ kind, body }: Entry): boolean {
  if (kind === 'notice') return 'event' in body && body.event.startsWith('member.');
  if (kind === 'opportunity' || kind === 'engagement' || kind === 'proposal') return true;
  return (kind === 'node' || kind === 'project') && 'event' in body && CHANGES_ROOM.includes(body.event);
}

/** Entries that came to the end of a stream's run between two states, in order. */
export function appendedSince(before: RoomState, after: RoomState): Entry[] {
  const appended: Entry[] = [];
  for (const [stream, { log }] of after.streams) {
    const past = before.streams.get(stream)?.log;
    if (past && past.last < log.last) appended.push(...log.entries.slice(past.last + 1 - log.first));
  }
  return appended;
}

function withStream(state: RoomState, stream: string, next: StreamState): RoomState {
  if (state.streams.get(stream) === next) return state;
  return { ...state, streams: new Map(state.streams).set(stream, next) };
}

function typingChanged(state: RoomState, stream: string, userId: string, until: number | undefined): RoomState {
  const before = state.typing.get(stream);
  if (until === undefined && !before?.has(userId)) return state;
  const people = new Map(before);
  if (until === undefined) people.delete(userId);
  else people.set(userId, until);
  const typing = new Map(state.typing);
  if (people.size > 0) typing.set(stream, people);
  else typing.delete(stream);
  return { ...state, typing };
}
