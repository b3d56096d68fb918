import type { EntryDoc, EntryModel } from './entry-store.ts';

const SWEPT_AT_ONCE = 100;

/**
 * Removes the wording of recalled messages from the database. No reader needs it to: a recall hides the wording at every read. It is removed
 * all the same, because what nobody may read should not lie around; a crash in between leaves it to the sweep of the next start. A recall says
 * when it is done, so that a sweep reads nothing but what is left.
 */
export class WordingEraser {
  readonly #entries: EntryModel;
  readonly #onError: (error: unknown) => void;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(entries: EntryModel, onError: (error: unknown) => void) {
    this.#entries = entries;
    this.#onError = onError;
  }

  async erase({ roomId, stream, seq }: Pick<EntryDoc, 'roomId' | 'stream' | 'seq'>): Promise<void> {
    await this.#entries.updateOne({ roomId, stream, seq }, { $unset: { 'body.text': 1 } });
    await this.#entries.updateMany({ roomId, stream, target: seq, kind: 'edit' }, { $unset: { 'body.text': 1 } });
    await this.#entries.updateOne({ roomId, stream, target: seq, kind: 'recall' }, { $set: { erased: true } });
  }

  /** Sweeps in the background, once: nobody waits for it. */
  start(): void {
    this.#sweeping = this.sweep().catch(this.#onError);
  }

  /** Does what crashes have left undone. */
  async sweep(): Promise<void> {
    let left: Pick<EntryDoc, 'roomId' | 'stream' | 'target'>[];
    do {
      left = await this.#entries
        .find({ erased: false }, { roomId: 1, stream: 1, target: 1 })
        .limit(SWEPT_AT_ONCE)
        .lean<Pick<EntryDoc, 'roomId' | 'stream' | 'target'>[]>();
      for (const { roomId, stream, target } of left) {
        if (this.#stopped) return;
        if (target !== undefined) await this.erase({ roomId, stream, seq: target });
      }
    } while (left.length === SWEPT_AT_ONCE);
  }

  /** Resolves when a sweep that is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sweeping;
  }
}
