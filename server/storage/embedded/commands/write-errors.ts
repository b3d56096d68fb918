import { MongoError } from '../errors.ts';
import type { Doc } from '../semantics/index.ts';

/** The faults of single statements of a batch: they do not fail the command, they are told in its reply. */
export class WriteErrors {
  readonly #ordered: boolean;
  readonly #errors: Doc[] = [];

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** Runs one statement; false when the batch ends with it. A fault that is not MongoDB's own is ours, and fails everything. */
  attempt(index: number, statement: () => void): boolean {
    try {
      statement();
      return true;
    } catch (error) {
      if (!(error instanceof MongoError)) throw error;
      this.#errors.push({
        index,
        code: error.code,
        errmsg: error.message,
        ...(error.keyPattern ? { keyPattern: error.keyPattern } : {}),
        ...(error.keyValue ? { keyValue: error.keyValue } : {}),
      });
      return !this.#ordered;
    }
  }

  reply(): Doc {
    return this.#errors.length > 0 ? { writeErrors: this.#errors } : {};
  }
}
