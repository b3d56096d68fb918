import type { EntryDoc, EntryModel } from './entry-store.ts';

/**
 * Removes the wording of recalled messages from the database. No reader needs it to: a recall hides the wording at every read. It is removed
 * all the same, because what nobody may read should not lie around; a crash in between leaves it to `sweep`.
 */
export class WordingEraser {
  readonly #entries: EntryModel;

  constructor(entries: EntryModel) {
    this.#entries = entries;
  }

  async erase({ roomId, stream, seq }: Pick<EntryDoc, 'roomId' | 'stream' | 'seq'>): Promise<void> {
    await this.#entries.updateOne({ roomId, stream, seq }, { $unset: { 'body.text': 1 } });
    await this.#entries.updateMany({ roomId, stream, target: seq, kind: 'edit' }, { $unset: { 'body.text': 1 } });
  }

  /** Does again what a crash may have left undone since `since`. */
  async sweep(since: Date): Promise<void> {
    const recalls = await this.#entries.find({ kind: 'recall', at: { $gte: since } }).lean<EntryDoc[]>();
    for (const { roomId, stream, target } of recalls)
      if (target !== undefined) await this.erase({ roomId, stream, seq: target });
  }
}
