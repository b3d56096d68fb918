/**
 * Counts work that is under way, so that an end can wait for it.
 *
 * It holds no promises. When a `Set` or a `Map` of V8 is rebuilt, its old table points to the new one, and goes on keeping what was in it alive until a full
 * collection of garbage: where things come and go with every message, that is the answer to every message.
 */
export class UnderWay {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** How much there is. */
  get size(): number {
    return this.#count;
  }

  /** Counts a piece of work until it is settled. What it fails with is its owner's to handle. */
  add(work: Promise<unknown>): void {
    this.#count += 1;
    work.then(this.#end, this.#end);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  readonly #end = (): void => {
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  };
}
