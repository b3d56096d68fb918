import type { Entry } from '../../shared/contract/entries.ts';

/** Entries drawn at first, drawn more at a time, and drawn at most, however long the timeline is. */
export const WINDOW_START = 60;
export const WINDOW_STEP = 40;
export const WINDOW_MAX = 200;

/** Which part of what is held is drawn, by seq. Without `from` it is the newest part; without `to` it reaches the end. */
export interface TimelineWindow {
  readonly from?: number;
  readonly to?: number;
}

export const NEWEST: TimelineWindow = {};

export interface Windowed {
  readonly shown: readonly Entry[];
  /** Held entries that are not drawn, before and after those that are. */
  readonly before: number;
  readonly after: number;
}

export function windowed(entries: readonly Entry[], window: TimelineWindow): Windowed {
  const [start, end] = bounds(entries, window);
  return { shown: entries.slice(start, end), before: start, after: entries.length - end };
}

/** Draws more of the past; what is then too much goes at the end. */
export function widenUp(entries: readonly Entry[], window: TimelineWindow): TimelineWindow {
  const [start, end] = bounds(entries, window);
  return between(entries, Math.max(0, start - WINDOW_STEP), end, 'start');
}

/** Draws more towards the end; what is then too much goes at the start. */
export function widenDown(entries: readonly Entry[], window: TimelineWindow): TimelineWindow {
  const [start, end] = bounds(entries, window);
  return between(entries, start, Math.min(entries.length, end + WINDOW_STEP), 'end');
}

/** Keeps the start where it is, whatever comes at the end: the reader is looking at it. */
export function pinned(entries: readonly Entry[], window: TimelineWindow): TimelineWindow {
  const [start, end] = bounds(entries, window);
  return between(entries, start, end, 'start');
}

/** Draws an entry that is held, with what stands around it. */
export function around(entries: readonly Entry[], seq: number): TimelineWindow {
  const at = indexOf(entries, seq);
  const start = Math.max(0, at - WINDOW_START / 2);
  return between(entries, start, Math.min(entries.length, start + WINDOW_START), 'start');
}

function between(entries: readonly Entry[], start: number, end: number, keep: 'start' | 'end'): TimelineWindow {
  const first = keep === 'end' ? Math.max(start, end - WINDOW_MAX) : start;
  const last = keep === 'start' ? Math.min(end, start + WINDOW_MAX) : end;
  const from = entries[first]?.seq;
  const to = last < entries.length ? entries[last - 1]?.seq : undefined;
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function bounds(entries: readonly Entry[], { from, to }: TimelineWindow): [start: number, end: number] {
  const end = to === undefined ? entries.length : indexOf(entries, to + 1);
  if (from === undefined) return [Math.max(0, end - WINDOW_START), end];
  const start = Math.min(indexOf(entries, from), end);
  return [start, Math.min(end, start + WINDOW_MAX)];
}

/** The first index whose seq is at least this one. */
function indexOf(entries: readonly Entry[], seq: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.seq ?? Number.POSITIVE_INFINITY) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
