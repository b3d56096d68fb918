/**
 * Group commit: the write commands that wait at one moment share one transaction and one write to the disk, and are answered behind it.
 * Under load the group grows by itself, because more commands arrive while a group is on its way to the disk.
 */
import { type Environment, GroupTooLarge } from './environment.ts';

type Store = Pick<Environment, 'write' | 'writeThrough' | 'quiet' | 'room'>;

/** One write command: `run` is called inside the transaction and must leave nothing half done when it throws. */
export interface WriteTask {
  run(): void;
  /** Called after the commit, with the error when the transaction as a whole failed: then nothing of the group is stored. */
  done(failure: unknown): void;
}

/** Time after which a group takes no further command, in milliseconds, so that the first in it does not wait for ever. */
const MAX_GROUP_MS = 50;

export class CommitQueue {
  readonly #store: Store;
  readonly #onFailure: () => void;
  #waiting: WriteTask[] = [];
  #scheduled = false;
  /** A command of much, which is alone until this settles. */
  #through: Promise<void> | undefined;
  #ended: unknown;

  /** `onFailure` puts the memory back in line with the disk when a group is lost. */
  constructor(store: Store, onFailure: () => void) {
    this.#store = store;
    this.#onFailure = onFailure;
  }

  push(task: WriteTask): void {
    if (this.#ended !== undefined) {
      task.done(this.#ended);
      return;
    }
    this.#waiting.push(task);
    this.#schedule();
  }

  /** Puts commands in front of those that came meanwhile. */
  #wait(tasks: readonly WriteTask[]): void {
    this.#waiting = [...tasks, ...this.#waiting];
    if (this.#waiting.length > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#through) return;
    this.#scheduled = true;
    // The check phase follows the poll phase: every command that is in a socket's buffer now is in the queue then.
    setImmediate(() => {
      const room = this.#store.room();
      if (room) void this.#waitForRoom(room);
      else this.#commitWaiting();
    });
  }

  async #waitForRoom(room: Promise<void>): Promise<void> {
    try {
      await room;
    } catch (error) {
      this.#scheduled = false;
      for (const task of this.#waiting.splice(0)) task.done(error);
      return;
    }
    this.#commitWaiting();
  }

  /** Runs what waits, at once, up to a command of much. */
  flush(): void {
    while (!this.#through && this.#waiting.length > 0) this.#commitWaiting();
  }

  /** Refuses from now on what comes, with `reason`. Resolves when everything is answered. */
  async end(reason: unknown): Promise<void> {
    this.#ended = reason;
    this.flush();
    while (this.#through) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await this.#through;
      this.flush();
    }
  }

  #commitWaiting(): void {
    this.#scheduled = false;
    // Who ended meanwhile has run them, or waits for the command of much before it does.
    if (this.#through) return;
    this.#commit(this.#waiting.splice(0));
  }

  #commit(group: readonly WriteTask[]): void {
    if (group.length === 0) return;
    let taken = 0;
    let failure: unknown;
    let culprit: WriteTask | undefined;
    try {
      this.#store.write(() => {
        const until = performance.now() + MAX_GROUP_MS;
        for (const task of group) {
          culprit = task;
          task.run();
          culprit = undefined;
          taken += 1;
          if (performance.now() > until) break;
        }
      });
    } catch (error) {
      failure = error ?? new Error('the transaction failed');
      this.#onFailure();
      if (culprit) {
        this.#without(group, taken, failure);
        return;
      }
      taken = group.length;
    }
    if (taken < group.length) this.#wait(group.slice(taken));
    for (const task of group.slice(0, taken)) task.done(failure);
  }

  /** One command broke midway, the one behind `taken` others, and took the group with it. */
  #without(group: readonly WriteTask[], taken: number, failure: unknown): void {
    const [before, [broken, ...behind]] = [group.slice(0, taken), group.slice(taken)];
    if (!(failure instanceof GroupTooLarge)) {
      // It fails alone, the others are run anew without it.
      this.#wait([...before, ...behind]);
      broken?.done(failure);
    } else if (broken && taken === 0) {
      this.#through = this.#writeThrough(broken);
      this.#wait(behind);
    } else {
      // Together they are too much.
      this.#wait(group.slice(taken));
      this.#commit(before);
    }
  }

  /** Runs a command of much, alone; the others wait meanwhile. */
  async #writeThrough(task: WriteTask): Promise<void> {
    let failure: unknown;
    try {
      await this.#store.quiet();
      this.#store.writeThrough(() => task.run());
    } catch (error) {
      failure = error ?? new Error('the transaction failed');
      this.#onFailure();
    } finally {
      this.#through = undefined;
      if (this.#waiting.length > 0) this.#schedule();
      task.done(failure);
    }
  }
}
