import type { StreamView } from '../index.ts';
import { NO_DIVIDER, nextDivider, type UnreadDivider } from './unread-divider.ts';

/** Where the reader is: in which stream, whether it can be seen, and whether its end can. */
export interface ReadingPlace {
  readonly stream: string;
  readonly visible: boolean;
  readonly end: boolean;
}

/** Follows what a reader has seen: places the dividers of every stream and says what is to be marked as read. */
export class Reading {
  readonly #dividers = new Map<string, UnreadDivider>();

  /** The seq above which the divider stands. */
  unreadAfter(stream: string): number | undefined {
    return this.#dividers.get(stream)?.after;
  }

  /** The reader has left the stream, or answered: nothing in it is new any more. */
  forget(stream: string): void {
    this.#dividers.delete(stream);
  }

  clear(): void {
    this.#dividers.clear();
  }

  /**
   * Takes in what there is. `moved`: a divider came or went and has to be drawn before anything counts as read, since its
   * first line may come into view instead of the end. `read`: the seq up to which the reader has now read.
   */
  look(views: Iterable<StreamView>, place: ReadingPlace): { moved: boolean; read?: { stream: string; seq: number } } {
    let moved = false;
    let read: { stream: string; seq: number } | undefined;
    for (const view of views) {
      const { stream, unread, entries } = view;
      const at = stream === place.stream && place.visible;
      const before = this.#dividers.get(stream) ?? NO_DIVIDER;
      const divider = nextDivider(before, view, { at, end: place.end });
      this.#dividers.set(stream, divider);
      const last = entries.at(-1);
      if (divider.after !== before.after) moved = true;
      else if (at && place.end && unread > 0 && last !== undefined) read = { stream, seq: last.seq };
    }
    return { moved, ...(read === undefined ? {} : { read }) };
  }
}
