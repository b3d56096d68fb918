import { TYPING_TTL_MS } from '../../shared/contract/limits.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import type { Clock } from '../clock.ts';

/** User ids are one side's own: two sides may each have somebody of the same id. */
export type Typist = Pick<Person, 'userId' | 'side'>;

/** Another server's word holds a little longer than its mark: what it renews is on its way. */
const ELSEWHERE_TTL_MS = TYPING_TTL_MS + 2_000;

/** Where somebody types in a stream: the ends of the marks, one by this server's connections and one by other servers' word. */
interface Mark {
  here?: () => void;
  elsewhere?: () => void;
}

export interface TypingParts {
  clock: Clock;
  /** Told when somebody begins to type in a stream, at whatever server, and when they have stopped at all of them. */
  announce(roomId: string, stream: string, userId: string, typing: boolean): void;
  /** Told of what happens at this server, renewals included. */
  onHere?(roomId: string, stream: string, typist: Typist, typing: boolean): void;
}

/** Who is typing where; a mark that is not renewed ends by itself. */
export class Typing {
  readonly #parts: TypingParts;
  /** Of each person in each room, by stream. */
  readonly #marks = new Map<string, Map<string, Mark>>();

  constructor(parts: TypingParts) {
    this.#parts = parts;
  }

  /** A connection of this server says so. */
  set(roomId: string, stream: string, typist: Typist, typing: boolean): void {
    const typed = this.#marks.get(keyOf(roomId, typist))?.get(stream)?.here !== undefined;
    this.#mark('here', roomId, stream, typist, typing);
    if (typing || typed) this.#parts.onHere?.(roomId, stream, typist, typing);
  }

  /** Another server says so. */
  heard(roomId: string, stream: string, typist: Typist, typing: boolean): void {
    this.#mark('elsewhere', roomId, stream, typist, typing);
  }

  /** Ends all that somebody was typing in a room at this server: they are gone from it. */
  drop(roomId: string, typist: Typist): void {
    for (const [stream, { here }] of [...(this.#marks.get(keyOf(roomId, typist)) ?? [])]) {
      if (here !== undefined) this.set(roomId, stream, typist, false);
    }
  }

  close(): void {
    for (const streams of this.#marks.values()) {
      for (const { here, elsewhere } of streams.values()) {
        here?.();
        elsewhere?.();
      }
    }
    this.#marks.clear();
  }

  #mark(where: keyof Mark, roomId: string, stream: string, typist: Typist, typing: boolean): void {
    const key = keyOf(roomId, typist);
    const streams = this.#marks.get(key) ?? new Map<string, Mark>();
    const known = streams.get(stream);
    const mark = known ?? {};
    mark[where]?.();
    delete mark[where];
    if (typing) {
      mark[where] = this.#parts.clock.after(where === 'here' ? TYPING_TTL_MS : ELSEWHERE_TTL_MS, () => {
        if (where === 'here') this.set(roomId, stream, typist, false);
        else this.heard(roomId, stream, typist, false);
      });
    }
    const types = mark.here !== undefined || mark.elsewhere !== undefined;
    if (types) streams.set(stream, mark);
    else streams.delete(stream);
    if (streams.size > 0) this.#marks.set(key, streams);
    else this.#marks.delete(key);
    // A renewal is nothing new to anybody.
    if (types !== (known !== undefined)) this.#parts.announce(roomId, stream, typist.userId, types);
  }
}

const keyOf = (roomId: string, { side, userId }: Typist): string => `${roomId}/${side}:${userId}`;
