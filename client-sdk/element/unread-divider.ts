import type { StreamView } from '../index.ts';

/** Where the line "new" stands in a stream. It stays while the reader looks, though what it announced is read by then. */
export interface UnreadDivider {
  /** The last seq that was there when the stream was opened; what comes live after it needs no line. */
  readonly opened?: number;
  /** The line stands above the first entry after this seq. */
  readonly after?: number;
}

export const NO_DIVIDER: UnreadDivider = {};

/** What the reader does with a stream: looks at it at all, and sees its end. */
export interface Looking {
  readonly at: boolean;
  readonly end: boolean;
}

/** The line goes when the reader turns away and nothing is unread, so that the next one can stand where it belongs. */
export function nextDivider(
  divider: UnreadDivider,
  { entries, unread, readSeq }: Pick<StreamView, 'entries' | 'unread' | 'readSeq'>,
  looking: Looking,
): UnreadDivider {
  const opened = divider.opened ?? entries.at(-1)?.seq ?? 0;
  if (divider.after !== undefined) return unread === 0 && !looking.at ? { opened } : divider;
  const missed = unread > 0 && (!(looking.at && looking.end) || readSeq < opened);
  if (missed) return { opened: entries.at(-1)?.seq ?? opened, after: readSeq };
  return divider.opened === opened ? divider : { opened };
}
