import { TYPING_TTL_MS } from '../../shared/contract/limits.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import type { Clock } from '../clock.ts';
import { STREAMS_OF_PROJECT } from '../rooms/access.ts';

/** User ids are one side's own: two sides may each have somebody of the same id. */
type Typist = Pick<Person, 'userId' | 'side'>;

/** Who is typing where; a mark that is not renewed ends by itself. */
export class Typing {
  readonly #clock: Clock;
  readonly #announce: (roomId: string, stream: string, userId: string, typing: boolean) => void;
  readonly #ends = new Map<string, () => void>();

  constructor(clock: Clock, announce: (roomId: string, stream: string, userId: string, typing: boolean) => void) {
    this.#clock = clock;
    this.#announce = announce;
  }

  set(roomId: string, stream: string, typist: Typist, typing: boolean): void {
    const { userId } = typist;
    const key = keyOf(roomId, stream, typist);
    const end = this.#ends.get(key);
    end?.();
    this.#ends.delete(key);
    if (typing) {
      this.#ends.set(
        key,
        this.#clock.after(TYPING_TTL_MS, () => {
          this.#ends.delete(key);
          this.#announce(roomId, stream, userId, false);
        }),
      );
    }
    // A renewal is nothing new to anybody.
    if (typing === (end === undefined)) this.#announce(roomId, stream, userId, typing);
  }

  /** Ends all that somebody was typing in a room: they are gone from it. */
  drop(roomId: string, typist: Typist): void {
    for (const stream of STREAMS_OF_PROJECT) {
      if (this.#ends.has(keyOf(roomId, stream, typist))) this.set(roomId, stream, typist, false);
    }
  }

  close(): void {
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
  }
}

const keyOf = (roomId: string, stream: string, { side, userId }: Typist): string =>
  `${roomId}/${stream}/${side}:${userId}`;
