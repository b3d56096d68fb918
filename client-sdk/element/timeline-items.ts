import type { Entry, EventEntry, MessageEntry } from '../../shared/contract/entries.ts';
import { isCallFact } from '../../shared/model/call/call-fact.ts';
import type { PendingMessage } from '../index.ts';
import { isEcho } from './opportunity/opportunity-line.ts';

/** One row of a timeline. `key` stays the same for as long as the row means the same, also while a message is being sent. */
export type TimelineItem =
  | { readonly type: 'day'; readonly key: string; readonly at: string }
  | { readonly type: 'unread'; readonly key: string }
  | { readonly type: 'event'; readonly key: string; readonly entry: EventEntry }
  /** All that a call tells is in the one row that its request has. */
  | { readonly type: 'call'; readonly key: string; readonly entry: EventEntry; readonly callId: string }
  | {
      readonly type: 'message';
      readonly key: string;
      readonly entry: MessageEntry;
      readonly own: boolean;
      /** Goes on from the row above: the author is not named again. */
      readonly continues: boolean;
    }
  | { readonly type: 'pending'; readonly key: string; readonly message: PendingMessage; readonly continues: boolean };

/** Messages of one author that are closer together than this are shown as one block. */
const BLOCK_MS = 5 * 60_000;

export interface TimelineSource {
  readonly entries: readonly Entry[];
  readonly pending: readonly PendingMessage[];
  readonly userId: string | undefined;
  /** The divider stands before the first entry above this seq; absent: there is none. */
  readonly unreadAfter: number | undefined;
  /** The calendar day of an instant, where the reader is. */
  readonly dayOf: (at: number) => string;
}

/** Lays out a stream: day separators, the unread divider, events, messages in blocks, and what is not stored yet. */
export function timelineItems({ entries, pending, userId, unreadAfter, dayOf }: TimelineSource): TimelineItem[] {
  const items: TimelineItem[] = [];
  let day: string | undefined;
  let author: { id: string; at: number } | undefined;
  let divided = unreadAfter === undefined;

  const enter = (at: number) => {
    const today = dayOf(at);
    if (today === day) return;
    day = today;
    author = undefined;
    items.push({ type: 'day', key: `day ${today}`, at: new Date(at).toISOString() });
  };
  const continues = (id: string, at: number) => {
    const goesOn = author?.id === id && at - author.at < BLOCK_MS;
    author = { id, at };
    return goesOn;
  };

  for (const entry of entries) {
    if (entry.kind === 'edit' || entry.kind === 'recall' || isEcho(entry) || isLaterOfCall(entry)) continue;
    const at = Date.parse(entry.at);
    enter(at);
    if (!divided && entry.seq > (unreadAfter ?? 0)) {
      divided = true;
      author = undefined;
      items.push({ type: 'unread', key: 'unread' });
    }
    if (entry.kind === 'message') {
      const own = entry.actor.id === userId;
      const key = own && entry.clientId !== undefined ? entry.clientId : entry.id;
      items.push({ type: 'message', key, entry, own, continues: continues(entry.actor.id, at) });
    } else {
      author = undefined;
      items.push(
        entry.kind === 'call' && isCallFact(entry.body)
          ? { type: 'call', key: entry.id, entry, callId: entry.body.callId }
          : { type: 'event', key: entry.id, entry },
      );
    }
  }
  for (const message of pending) {
    enter(message.createdAt);
    const goesOn = continues(userId ?? '', message.createdAt);
    items.push({ type: 'pending', key: message.clientId, message, continues: goesOn });
  }
  return items;
}

const isLaterOfCall = ({ kind, body }: Entry): boolean =>
  kind === 'call' && 'event' in body && isCallFact(body) && body.event !== 'call.requested';
