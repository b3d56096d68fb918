import type { Entry } from '../../shared/contract/entries.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { PendingMessage, StoredMessage } from './api.ts';
import { backoffMs } from './backoff.ts';

/** Messages that may wait at a time. */
export const OUTBOX_MAX = 500;
/** A message that waited longer over a reload is not sent without asking its author. */
export const OUTBOX_KEEP_MS = 7 * 24 * 3_600_000;
/** A fault of the server that comes back this often is taken for the message's own, so that the ones behind it pass. */
export const INTERNAL_TRIES_MAX = 8;

/** A message in the outbox. `seq` is known once the server has stored it. */
export interface OutboxMessage extends PendingMessage {
  readonly roomId: string;
  readonly order: number;
  /** Not to be tried before this instant. */
  readonly notBefore: number;
  readonly seq?: number;
}

/**
 * Messages in the order in which they were written. One at a time is on its way for each stream: with more, one that
 * has to be tried again would be overtaken by the next, and the server numbers by arrival.
 */
export type Outbox = readonly OutboxMessage[];

const laneOf = ({ roomId, stream }: OutboxMessage) => JSON.stringify([roomId, stream]);

const replaceOne = (outbox: Outbox, clientId: string, change: (message: OutboxMessage) => OutboxMessage): Outbox =>
  outbox.map((message) => (message.clientId === clientId ? change(message) : message));

export function findMessage(outbox: Outbox, clientId: string): OutboxMessage | undefined {
  return outbox.find((message) => message.clientId === clientId);
}

/** Messages of an earlier life of the page go before what was written since; those already there stay as they are. */
export function restore(outbox: Outbox, stored: readonly StoredMessage[], now: number): Outbox {
  const restored = stored
    .filter(({ clientId }) => !findMessage(outbox, clientId))
    .toSorted((a, b) => a.createdAt - b.createdAt || a.order - b.order)
    .map(({ error, ...message }): OutboxMessage => {
      const known = error && new RoomError(error.code, error.message, error);
      const failure =
        known ??
        (now - message.createdAt > OUTBOX_KEEP_MS
          ? new RoomError('unavailable', 'It waited for more than seven days')
          : undefined);
      const state = failure ? { state: 'failed' as const, error: failure } : { state: 'pending' as const };
      return { ...message, attempts: 0, notBefore: 0, ...state };
    });
  return [...restored, ...outbox];
}

/** The record that outlives the page; nothing for a message that the server has stored. */
export function toStored({
  state,
  attempts: _a,
  notBefore: _n,
  seq: _s,
  error,
  ...message
}: OutboxMessage): StoredMessage {
  const { attachments, mentions, ...rest } = message;
  return {
    ...rest,
    ...(attachments ? { attachments: [...attachments] } : {}),
    ...(mentions ? { mentions: [...mentions] } : {}),
    ...(state === 'failed' && error ? { error: error.toWire() } : {}),
  };
}

/** What may be sent now: the first unsent message of each stream that has none on its way; and when to look again. */
export function due(outbox: Outbox, now: number): { messages: OutboxMessage[]; lookAgainAt: number | undefined } {
  const busy = new Set<string>();
  const messages: OutboxMessage[] = [];
  let lookAgainAt: number | undefined;
  for (const message of outbox) {
    if (message.state === 'sent' || message.state === 'failed') continue;
    const lane = laneOf(message);
    if (busy.has(lane)) continue;
    busy.add(lane);
    if (message.state === 'sending') continue;
    if (message.notBefore <= now) messages.push(message);
    else lookAgainAt = Math.min(lookAgainAt ?? message.notBefore, message.notBefore);
  }
  return { messages, lookAgainAt };
}

export function markSending(outbox: Outbox, clientId: string): Outbox {
  return replaceOne(outbox, clientId, (message) => ({ ...message, state: 'sending' }));
}

/** The server has it. It stays until the timeline shows it. */
export function acknowledge(outbox: Outbox, clientId: string, entry: Entry): Outbox {
  return replaceOne(outbox, clientId, ({ error: _past, ...message }) => ({
    ...message,
    state: 'sent',
    seq: entry.seq,
  }));
}

/** The attempt failed: for good, or to be tried again under the same clientId. */
export function attemptFailed(outbox: Outbox, clientId: string, error: RoomError, now: number, dice: number): Outbox {
  return replaceOne(outbox, clientId, (message) => {
    if (message.state !== 'sending') return message;
    const attempts = message.attempts + 1;
    // A token that ran out is the connection's matter: it comes back with another one, or fails as a whole.
    const mayPass = error.retryable || error.code === 'unauthenticated';
    const final = !mayPass || (error.code === 'internal' && attempts >= INTERNAL_TRIES_MAX);
    if (final) return { ...message, attempts, error, state: 'failed' };
    const notBefore = now + backoffMs(message.attempts, dice, error.retryAfterMs);
    return { ...message, attempts, error, notBefore, state: 'pending' };
  });
}

/** A new connection is there: what waited for a better moment goes at once, but for what the server itself put off. */
export function connectedAgain(outbox: Outbox): Outbox {
  return outbox.map((message) =>
    message.state === 'pending' && message.error?.code !== 'rate_limited' ? { ...message, notBefore: 0 } : message,
  );
}

/** What the timeline of one stream shows by now: up to `last`, of which `entries` are new. */
export interface Shown {
  readonly roomId: string;
  readonly stream: string;
  readonly last: number;
  readonly entries: readonly Entry[];
  /** The caller, where known: somebody else's clientId means nothing. */
  readonly userId: string | undefined;
}

export function ownEntries({ entries, userId }: Shown): Entry[] {
  return entries.filter(({ actor }) => userId === undefined || actor.id === userId);
}

/** Messages that the timeline shows: by their own entry, or because it has come past their seq. */
export function shownBy(outbox: Outbox, shown: Shown): Outbox {
  const { roomId, stream, last } = shown;
  const clientIds = new Set(ownEntries(shown).flatMap(({ clientId }) => clientId ?? []));
  return outbox.filter(
    (message) =>
      message.roomId === roomId &&
      message.stream === stream &&
      (clientIds.has(message.clientId) || (message.seq !== undefined && message.seq <= last)),
  );
}

/** Sends a failed message again. */
export function again(outbox: Outbox, clientId: string): Outbox {
  return replaceOne(outbox, clientId, ({ error: _past, ...message }) =>
    message.state === 'failed' ? { ...message, state: 'pending', attempts: 0, notBefore: 0 } : message,
  );
}

export function without(outbox: Outbox, gone: Outbox): Outbox {
  if (gone.length === 0) return outbox;
  const clientIds = new Set(gone.map(({ clientId }) => clientId));
  return outbox.filter(({ clientId }) => !clientIds.has(clientId));
}
