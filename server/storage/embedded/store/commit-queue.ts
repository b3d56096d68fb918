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
  readonly #env: Store;
  readonly #onFailure: () => void;
  #waiting: WriteTask[] = [];
  #scheduled = false;
  #isOccupied = false;

  /** `onFailure` puts the memory back in line with the disk when a group is lost. */
  constructor(env: Store, onFailure: () => void) {
    this.#env = env;
    this.#onFailure = onFailure;
  }

  push(task: WriteTask): void {
    this.#waiting.push(task);
    this.#schedule();
  }

  /** Puts commands in front of those that came meanwhile. */
  #wait(tasks: readonly WriteTask[]): void {
    this.#waiting = [...tasks, ...this.#waiting];
    if (this.#waiting.length > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#isOccupied) return;
    this.#scheduled = true;
    // The check phase follows the poll phase: every command that is in a socket's buffer now is in the queue then.
    setImmediate(() => {
      const room = this.#env.room();
      if (room) void this.#waitForRoom(room);
      else this.#commit();
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
    this.#commit();
  }

  /** Runs a command of much, alone; the others wait meanwhile. */
  async #writeThrough(task: WriteTask): Promise<void> {
    this.#isOccupied = true;
    let failure: unknown;
    try {
      await this.#env.quiet();
      this.#env.writeThrough(() => task.run());
    } catch (error) {
      failure = error ?? new Error('the transaction failed');
      this.#onFailure();
    }
    this.#isOccupied = false;
    if (this.#waiting.length > 0) this.#schedule();
    task.done(failure);
  }

  /** Runs what waits, at once; for the end. */
  flush(): void {
    while (this.#waiting.length > 0) this.#commit();
  }

  #commit(): void {
    this.#scheduled = false;
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    let taken = 0;
    let failure: unknown;
    let culprit: WriteTask | undefined;
    try {
      this.#env.write(() => {
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
        // One command broke midway and took the group with it: it fails alone, the others are run anew without it.
        const broken = culprit;
        const others = group.filter((task) => task !== broken);
        if (failure instanceof GroupTooLarge) {
          void this.#writeThrough(broken);
          this.#wait(others);
        } else {
          this.#wait(others);
          broken.done(failure);
        }
        return;
      }
      taken = group.length;
    }
    if (taken < group.length) this.#wait(group.slice(taken));
    for (const task of group.slice(0, taken)) task.done(failure);
  }
}
