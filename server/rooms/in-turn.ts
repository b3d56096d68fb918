/** Has work that belongs together done one after the other, in the order in which it was asked for; work under other keys does not wait for it. */
export class InTurn {
  readonly #last = new Map<string, Promise<void>>();

  /** Settles as the work does, after all that was asked for under its key before, however that ended. */
  run(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(work);
    this.#last.set(key, mine);
    const forget = () => {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }
}
