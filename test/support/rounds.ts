/** How many times as many rounds as were asked for are played, at most, until all has been seen that should be. */
const PATIENCE = 10;

export type RoundsOptions = {
  count: number;
  /** Rounds that run beside each other. */
  atATime: number;
  /** Whether all has been seen that the rounds are to show; as long as it has not, more of them are played. */
  seen?: () => boolean;
};

/** Plays rounds one beside the other; each is told its number, from 0. */
export async function playRounds(
  { count, atATime, seen = () => true }: RoundsOptions,
  play: (round: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const isWanted = (): boolean => next < count || (next < count * PATIENCE && !seen());
  const player = async (): Promise<void> => {
    while (isWanted()) await play(next++);
  };
  await Promise.all(Array.from({ length: atATime }, player));
}

/**
 * Two that race again and again: whoever has won is held up longer the next time. So they come close to each other, on a fast machine
 * as on a slow one, and each of them wins sooner or later.
 */
export class Handicap {
  /** By how many of the waits the first is held up; below 0, the second. */
  #first = 0;

  /** Both at once, each held up by so many of `wait` as it is due. */
  async race<First, Second>(
    wait: () => Promise<unknown>,
    first: () => Promise<First>,
    second: () => Promise<Second>,
  ): Promise<[First, Second]> {
    const heldUp = async <Result>(waits: number, work: () => Promise<Result>): Promise<Result> => {
      for (let left = waits; left > 0; left--) await wait();
      return work();
    };
    return Promise.all([heldUp(this.#first, first), heldUp(-this.#first, second)]);
  }

  won(winner: 'first' | 'second'): void {
    this.#first += winner === 'first' ? 1 : -1;
  }
}
