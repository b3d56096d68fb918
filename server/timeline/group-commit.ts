import { mongo } from 'mongoose';
import { CLIENT_ID_INDEX, type EntryDoc, type EntryModel, SEQ_INDEX } from './entry-store.ts';
import { DUPLICATE_KEY } from '../storage/duplicate-key.ts';

/** Which unique index refused a document. */
export type Clash = 'seq' | 'client_id' | 'entry';

/** How many of a stream's entries are stored, and why the next one is not. */
export interface Written {
  stored: number;
  clash?: Clash;
}

interface Waiting {
  doc: EntryDoc;
  resolve(written: Written): void;
  reject(error: unknown): void;
}

const BATCH_MAX = 1_000;
/**
 * Shared commands begin at least so far apart: each costs the driver, the database and the disk as much as the entries of twenty. Only an entry
 * that comes right behind another one waits for it, in milliseconds.
 */
const APART_MS = 3;

/**
 * Writes entries with few commands: what waits at the same moment, of whatever streams, goes into one.
 *
 * A hole must be impossible, and the refusal of one stream must not hold up the others. So several entries of one stream are an ordered command
 * of their own: n + 1 is not tried when n was refused. Streams with a single entry share an unordered one: nothing follows what is refused.
 * While one shared command is under way the next one gathers, so that they grow with the load and cost an idle stream no wait.
 */
export class GroupCommit {
  readonly #entries: EntryModel;
  #waiting: Waiting[] = [];
  #underWay = false;
  #begun = Number.NEGATIVE_INFINITY;

  constructor(entries: EntryModel) {
    this.#entries = entries;
  }

  /**
   * Writes the next entries of a stream, in their order.
   * @throws when it is not known whether they are stored
   */
  write(docs: EntryDoc[]): Promise<Written> {
    const [doc] = docs;
    if (doc === undefined || docs.length > 1) return this.#writeInOrder(docs);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ doc, resolve, reject });
      if (this.#underWay) return;
      this.#underWay = true;
      void this.#writeWaiting();
    });
  }

  async #writeInOrder(docs: EntryDoc[]): Promise<Written> {
    try {
      await this.#entries.collection.insertMany(docs, { ordered: true });
      return { stored: docs.length };
    } catch (error) {
      const [fault] = refusals(error);
      if (fault === undefined) throw error;
      return { stored: fault.index, clash: clashOf(fault) };
    }
  }

  async #writeWaiting(): Promise<void> {
    let tell: (() => void) | undefined;
    while (this.#waiting.length > 0) {
      const early = this.#begun + APART_MS - performance.now();
      if (early > 0.5) {
        // There is time to hand on what is written.
        tell?.();
        tell = undefined;
        await new Promise((resolve) => setTimeout(resolve, early));
      }
      // Everything that arrives in this turn of the event loop goes into the command.
      else await nextTurn();
      this.#begun = performance.now();
      const writing = this.#writeTogether(this.#waiting.splice(0, BATCH_MAX));
      if (tell !== undefined) {
        // Handing entries on keeps this thread busy: the next command is on its way before that begins.
        await nextTurn();
        tell();
      }
      tell = await writing;
    }
    this.#underWay = false;
    tell?.();
  }

  /** Never rejects. What it gives tells each of the batch its own outcome. */
  async #writeTogether(batch: readonly Waiting[]): Promise<() => void> {
    const clashes = new Map<number, Clash>();
    try {
      await this.#entries.collection.insertMany(
        batch.map(({ doc }) => doc),
        { ordered: false },
      );
    } catch (error) {
      const faults = refusals(error);
      if (faults.length === 0) {
        return () => {
          for (const { reject } of batch) reject(error);
        };
      }
      for (const fault of faults) clashes.set(fault.index, clashOf(fault));
    }
    return () => {
      batch.forEach(({ resolve }, index) => {
        const clash = clashes.get(index);
        resolve(clash === undefined ? { stored: 1 } : { stored: 0, clash });
      });
    };
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The documents that unique indexes refused; none when the command failed in any other way, and what is stored is then not known. */
function refusals(error: unknown): mongo.WriteError[] {
  if (!(error instanceof mongo.MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined) return [];
  const faults = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  return faults.every(({ code }) => code === DUPLICATE_KEY) ? faults : [];
}

function clashOf({ errmsg = '' }: mongo.WriteError): Clash {
  if (errmsg.includes(CLIENT_ID_INDEX)) return 'client_id';
  return errmsg.includes(SEQ_INDEX) ? 'seq' : 'entry';
}
