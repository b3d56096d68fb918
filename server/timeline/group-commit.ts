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

/** The next entries of one stream, in their order. */
interface Waiting {
  docs: readonly EntryDoc[];
  resolve(written: Written): void;
  reject(error: unknown): void;
}

/** Tells those who wait what became of their entries. */
type Tell = () => void;

/** Entries in one shared command. */
const BATCH_MAX = 1_000;
/**
 * Shared commands begin at least so far apart: each costs the driver, the database and the disk as much as the entries of twenty. Only an entry
 * that comes right behind another one waits for it, in milliseconds.
 */
const APART_MS = 3;

/**
 * Writes entries with few commands: what waits at the same moment, of whatever streams, goes into one.
 *
 * A hole must be impossible, and the refusal of one stream must not hold up the others. So streams with a single entry share an unordered command:
 * nothing follows what is refused. Streams with several share an ordered one: n + 1 is not tried when n was refused, and the streams behind them,
 * which were not tried either, then get a command each.
 * While shared commands are under way the next ones gather, so that they grow with the load and cost an idle stream no wait.
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
  write(docs: readonly EntryDoc[]): Promise<Written> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ docs, resolve, reject });
      if (this.#underWay) return;
      this.#underWay = true;
      void this.#writeWaiting();
    });
  }

  async #writeWaiting(): Promise<void> {
    let tell: Tell | undefined;
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
      const writing = this.#writeTogether(this.#take());
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

  #take(): Waiting[] {
    let entries = 0;
    let streams = 0;
    for (const { docs } of this.#waiting) {
      entries += docs.length;
      if (streams > 0 && entries > BATCH_MAX) break;
      streams += 1;
    }
    return this.#waiting.splice(0, streams);
  }

  /** Never rejects. */
  async #writeTogether(batch: readonly Waiting[]): Promise<Tell> {
    const single = batch.filter(({ docs }) => docs.length === 1);
    const several = batch.filter(({ docs }) => docs.length > 1);
    const tells = await Promise.all([
      ...(single.length === 0 ? [] : [this.#writeSingle(single)]),
      ...(several.length === 0 ? [] : [this.#writeSeveral(several)]),
    ]);
    return () => {
      for (const tell of tells) tell();
    };
  }

  /** Streams with one entry each. */
  async #writeSingle(batch: readonly Waiting[]): Promise<Tell> {
    const faults = await this.#insert(batch, { ordered: false });
    if (faults instanceof Failure) return faults.tellTo(batch);
    const clashes = new Map(faults.map((fault) => [fault.index, clashOf(fault)]));
    return () => {
      batch.forEach(({ resolve }, index) => {
        const clash = clashes.get(index);
        resolve(clash === undefined ? { stored: 1 } : { stored: 0, clash });
      });
    };
  }

  /** Streams with several entries each. */
  async #writeSeveral(batch: readonly Waiting[]): Promise<Tell> {
    const faults = await this.#insert(batch, { ordered: true });
    if (faults instanceof Failure) return faults.tellTo(batch);
    const [fault] = faults;
    const tells: Tell[] = [];
    const untried: Waiting[] = [];
    let from = 0;
    for (const waiting of batch) {
      const { docs, resolve } = waiting;
      const refusedAt = fault === undefined ? Number.POSITIVE_INFINITY : fault.index - from;
      if (refusedAt >= docs.length) tells.push(() => resolve({ stored: docs.length }));
      else if (fault !== undefined && refusedAt >= 0)
        tells.push(() => resolve({ stored: refusedAt, clash: clashOf(fault) }));
      else untried.push(waiting);
      from += docs.length;
    }
    tells.push(...(await Promise.all(untried.map((waiting) => this.#writeSeveral([waiting])))));
    return () => {
      for (const tell of tells) tell();
    };
  }

  /** Gives the entries that unique indexes refused, by their place in the batch. */
  async #insert(batch: readonly Waiting[], options: { ordered: boolean }): Promise<mongo.WriteError[] | Failure> {
    try {
      await this.#entries.collection.insertMany(
        batch.flatMap(({ docs }) => docs),
        options,
      );
      return [];
    } catch (error) {
      const faults = refusals(error);
      return faults.length > 0 ? faults : new Failure(error);
    }
  }
}

/** What is stored is not known. */
class Failure {
  readonly #error: unknown;

  constructor(error: unknown) {
    this.#error = error;
  }

  tellTo(batch: readonly Waiting[]): Tell {
    return () => {
      for (const { reject } of batch) reject(this.#error);
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
