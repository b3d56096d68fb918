import type { Entry } from '../../shared/contract/entries.ts';
import { fold } from '../../shared/model/fold.ts';
import { gapOf } from '../../shared/model/stream-log.ts';
import { countUnread } from '../../shared/model/unread.ts';
import type { PendingMessage, RoomSnapshot, StreamView } from './api.ts';
import { CallsView } from './calls-view.ts';
import type { OutboxMessage } from './outbox.ts';
import { type FoldedCalls, foldEntries } from './room-calls.ts';
import { hasOlder, type RoomState, type StreamState } from './room-state.ts';

interface CachedStream {
  readonly source: StreamState;
  readonly pending: readonly OutboxMessage[];
  readonly canWrite: boolean;
  readonly entries: readonly Entry[];
  readonly calls: FoldedCalls;
  readonly view: StreamView;
}

/**
 * Makes snapshots of a room. A part that did not change is the same object in the next snapshot, so that a page can
 * compare by identity and a long timeline is folded only when its own entries changed.
 */
export class RoomView {
  readonly #cache = new Map<string, CachedStream>();
  readonly #calls = new CallsView();

  /** See `CallsView`. */
  callerDials(callId: string): boolean {
    return this.#calls.callerDials(callId);
  }

  snapshot(
    roomId: string,
    state: RoomState,
    outbox: readonly OutboxMessage[],
    userId: string | undefined,
  ): RoomSnapshot {
    const streams: { [stream: string]: StreamView } = Object.create(null) as { [stream: string]: StreamView };
    for (const [stream, source] of state.streams) {
      const canWrite = state.me?.canWrite.includes(stream) ?? false;
      const pending = outbox.filter((message) => message.roomId === roomId && message.stream === stream);
      streams[stream] = this.#stream(stream, source, pending, canWrite, userId);
    }
    for (const stream of this.#cache.keys()) if (!state.streams.has(stream)) this.#cache.delete(stream);
    return {
      roomId,
      status: state.status,
      ...(state.error ? { error: state.error } : {}),
      ...(state.revokedReason === undefined ? {} : { revokedReason: state.revokedReason }),
      room: state.room,
      me: state.me,
      streams,
      online: [...state.presence.people.values()],
      typing: this.#typing(state, userId),
      project: state.project,
      opportunity: state.opportunity,
      calls: this.#calls.calls({
        folded: new Map([...this.#cache].map(([stream, { calls }]) => [stream, calls])),
        told: state.told,
        userId,
        me: state.me,
      }),
    };
  }

  #stream(
    stream: string,
    source: StreamState,
    pending: readonly OutboxMessage[],
    canWrite: boolean,
    userId: string | undefined,
  ): StreamView {
    const cached = this.#cache.get(stream);
    const samePending = cached?.pending.length === pending.length && pending.every((m, i) => m === cached.pending[i]);
    if (cached?.source === source && samePending && cached.canWrite === canWrite) return cached.view;
    const { log, mark, receipts } = source;
    const { entries, calls } = foldOnto(cached, log.entries);
    const gap = gapOf(log);
    const view: StreamView = {
      stream,
      head: log.head,
      entries,
      pending: pending.map(toPending),
      unread: countUnread(log, mark, userId),
      readSeq: mark?.seq ?? 0,
      oldestSeq: log.entries.length > 0 ? log.first : 0,
      hasOlder: hasOlder(source),
      canWrite,
      receipts,
      ...(gap ? { gap } : {}),
    };
    this.#cache.set(stream, { source, pending, canWrite, entries, calls, view });
    return view;
  }

  #typing(state: RoomState, userId: string | undefined): RoomSnapshot['typing'] {
    const typing: { [stream: string]: { userId: string; name: string }[] } = Object.create(null) as {
      [stream: string]: { userId: string; name: string }[];
    };
    const people = [...state.presence.people.values(), ...(state.room?.members ?? [])];
    const named = (id: string) => people.find((person) => person.userId === id)?.name ?? id;
    for (const [stream, people] of state.typing) {
      const others = [...people.keys()].filter((id) => id !== userId);
      if (others.length > 0) typing[stream] = others.map((id) => ({ userId: id, name: named(id) }));
    }
    return typing;
  }
}

type Folded = Pick<CachedStream, 'entries' | 'calls'>;

/** Folds anew only what has to be: entries that merely came to the end, and change none before, are put there. */
function foldOnto(cached: CachedStream | undefined, entries: readonly Entry[]): Folded {
  const past = cached?.source.log.entries;
  if (!past) return { entries: fold(entries), calls: foldEntries(entries) };
  if (past === entries) return cached;
  // Both are runs without holes: with the last entry in the same place, so are all before it.
  const continues = past.length > 0 && past.at(-1) === entries[past.length - 1];
  if (!continues) return { entries: fold(entries), calls: foldEntries(entries) };
  const added = entries.slice(past.length);
  const plain = added.every(({ kind }) => kind !== 'edit' && kind !== 'recall');
  return {
    entries: plain ? [...cached.entries, ...added] : fold(entries),
    calls: foldEntries(added, cached.calls),
  };
}

function toPending(message: OutboxMessage): PendingMessage {
  const { roomId: _r, order: _o, notBefore: _n, seq: _s, ...pending } = message;
  return pending;
}
