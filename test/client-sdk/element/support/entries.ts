import type { Entry, EventEntry, MessageEntry } from '../../../../shared/contract/entries.ts';
import type { StreamView } from '../../../../client-sdk/index.ts';

const DAY = Date.UTC(2026, 10, 20, 2);

/** A message of `by`, `minute` minutes into the day of these tests. */
export function message(seq: number, by: string, minute = seq, more: Partial<MessageEntry> = {}): MessageEntry {
  return {
    id: `entry-${seq}`,
    roomId: 'room',
    stream: 'public',
    seq,
    kind: 'message',
    at: new Date(DAY + minute * 60_000).toISOString(),
    actor: { id: by, name: by, side: 'buyer' },
    body: { text: `text ${seq}` },
    ...more,
  };
}

export function event(seq: number, name: string, body: Record<string, unknown> = {}): EventEntry {
  return {
    ...message(seq, 'system'),
    kind: 'project',
    actor: { id: 'system', name: 'System', side: 'service' },
    body: { ...body, event: name },
  };
}

export function view(entries: readonly Entry[], more: Partial<StreamView> = {}): StreamView {
  return {
    stream: 'public',
    head: entries.at(-1)?.seq ?? 0,
    entries,
    pending: [],
    unread: 0,
    readSeq: 0,
    oldestSeq: entries[0]?.seq ?? 0,
    hasOlder: false,
    canWrite: true,
    receipts: new Map(),
    ...more,
  };
}
