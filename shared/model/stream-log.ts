import type { Entry } from '../contract/entries.ts';

/** Entries beyond a gap that are kept until it closes; those above are fetched again. */
export const AHEAD_MAX = 1000;

/**
 * What one reader holds of a stream: a run of entries without holes, and beside it what arrived too early.
 *
 * The run covers `first` to `last` (nothing when `last` is `first - 1`). This is the only place where duplicates are
 * dropped and where a missing entry is noticed.
 */
export interface StreamLog {
  readonly entries: readonly Entry[];
  readonly first: number;
  readonly last: number;
  /** The highest seq that the server is known to have. */
  readonly head: number;
  /** Entries above `last + 1`, in order of seq, each once. */
  readonly ahead: readonly Entry[];
}

/** A log that begins with a page of the server: the newest entries, or all after some seq. `head` as the server gave it. */
export function logOfPage(entries: readonly Entry[], head: number): StreamLog {
  const first = entries[0]?.seq ?? head + 1;
  const empty: StreamLog = { entries: [], first, last: first - 1, head: first - 1, ahead: [] };
  return noteHead(receive(empty, entries), head);
}

/** Takes in entries in any order: next ones are appended, early ones wait, those already held are dropped. */
export function receive(log: StreamLog, incoming: readonly Entry[]): StreamLog {
  let { last, head } = log;
  let appended: Entry[] | undefined;
  let ahead: readonly Entry[] = log.ahead;
  for (const entry of incoming) {
    if (entry.seq <= last) continue;
    head = Math.max(head, entry.seq);
    if (entry.seq > last + 1) {
      ahead = keepAhead(ahead, entry);
      continue;
    }
    appended ??= [...log.entries];
    appended.push(entry);
    last = entry.seq;
    let waiting = 0;
    for (; waiting < ahead.length; waiting++) {
      const next = ahead[waiting] as Entry;
      if (next.seq > last + 1) break;
      if (next.seq === last + 1) {
        appended.push(next);
        last = next.seq;
      }
    }
    if (waiting > 0) ahead = ahead.slice(waiting);
  }
  if (!appended && ahead === log.ahead && head === log.head) return log;
  return { entries: appended ?? log.entries, first: log.first, last, head, ahead };
}

/** Puts an early entry in its place. When there are too many, the highest go: the gap below them is closed first. */
function keepAhead(ahead: readonly Entry[], entry: Entry): readonly Entry[] {
  let at = ahead.length;
  while (at > 0 && (ahead[at - 1] as Entry).seq > entry.seq) at--;
  if (ahead[at - 1]?.seq === entry.seq || at >= AHEAD_MAX) return ahead;
  return ahead.toSpliced(at, 0, entry).slice(0, AHEAD_MAX);
}

/** Puts a page of older entries before the run. A page that does not reach up to the run is not taken. */
export function prepend(log: StreamLog, page: readonly Entry[]): StreamLog {
  const older = page.filter((entry) => entry.seq < log.first);
  const contiguous = older.every((entry, index) => entry.seq === log.first - older.length + index);
  const first = older[0]?.seq;
  if (first === undefined || !contiguous) return log;
  return { ...log, entries: [...older, ...log.entries], first };
}

/** Learns of a head, from a join, a page or a comparison. A lower one than known says nothing. */
export function noteHead(log: StreamLog, head: number): StreamLog {
  return head > log.head ? { ...log, head } : log;
}

/** What is missing up to the head: entries after `after`, up to and with `upTo`; nothing when the run reaches the head. */
export function gapOf(log: StreamLog): { after: number; upTo: number } | undefined {
  if (log.head <= log.last) return undefined;
  return { after: log.last, upTo: (log.ahead[0]?.seq ?? log.head + 1) - 1 };
}
