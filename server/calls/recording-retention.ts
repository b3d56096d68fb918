import type { Clock } from '../clock.ts';
import type { FileStore } from '../files/file-store.ts';
import { type RecordingModel, recordingOf } from './recordings.ts';

export interface RecordingRetentionParts {
  model: RecordingModel;
  files: Pick<FileStore, 'copiesBefore' | 'dropCopy'>;
  /** How long they are kept, in milliseconds. */
  keptMs: number;
  /** The service's time. */
  clock: Pick<Clock, 'now'>;
  /** True from when on nothing more is begun. */
  stopping: () => boolean;
  /** Told how many were removed. */
  onRemoved: (recordings: number) => void;
}

/**
 * Removes recordings that were kept for long enough, whether calls are recorded still or not, and with them copies that a crash has left without anything that
 * names them. It may be done at any time, twice, and on several servers at once.
 */
export class RecordingRetention {
  readonly #parts: RecordingRetentionParts;

  constructor(parts: RecordingRetentionParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { files, clock, keptMs, onRemoved } = this.#parts;
    let removed = 0;
    for (;;) {
      const page = await files.copiesBefore(clock.now() - keptMs);
      if (page.length === 0) break;
      for (const copy of page) {
        if (this.#parts.stopping()) return;
        await this.#remove(copy);
      }
      removed += page.length;
    }
    if (removed > 0) onRemoved(removed);
  }

  /** What names it goes first: nobody is told of a file that is gone. */
  async #remove({ id, of }: { id: string; of: string }): Promise<void> {
    await this.#parts.model.updateOne({ _id: recordingOf(of), fileId: id }, { $set: { fileId: null } });
    await this.#parts.files.dropCopy(id);
  }
}
