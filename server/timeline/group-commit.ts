import { mongo } from 'mongoose';
import { type Clock, steadyClock } from '../clock.ts';
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
  docs: EntryDoc[];
  resolve(written: Written): void;
  reject(error: unknown): void;
}

/** Tells those who wait what became of their entries. */
type Tell = () => void;

/** Entries in one shared command. */
const BATCH_MAX = 1_000;
/** Commands begin at least so far apart, in milliseconds. Only an entry that comes right behind another one waits for it. */
const APART_MS = 3;
/**
 * The same while others write too: a command costs the driver, the database and the disk as much as the entries of twenty, so it is worth less time than anybody
 * notices to have it shared.
 */
const APART_IN_COMPANY_MS = 20;
/** No more than this is waited for: under load nobody waits for the clock. */
const ENOUGH = 8;
/** Commands under way: while one is on its way to the disk, the database works on another. A second one begins for `ENOUGH` entries, not for fewer. */
const AT_A_TIME = 2;
/**
 * Others write, where of the last few writes so many are of other authors and not older than this, in milliseconds. Who writes alone, one entry after the other,
 * in however many streams, would only be slower.
 */
const COMPANY = 3;
const LATELY = 8;
const LATELY_MS = 50;

/**
 * Writes entries with few commands: what waits at the same moment, of whatever streams, goes into one.
 *
 * A hole must be impossible, and the refusal of one stream must not hold up the others. So streams with a single entry share an unordered command:
 * nothing follows what is refused. Streams with several share an ordered one: n + 1 is not tried when n was refused, and the streams behind them,
 * which were not tried either, then get a command each.
 * While commands are under way the next entries gather, so that they grow with the load and cost an idle stream no wait. Until its command begins, more
 * entries of a stream can join those that wait: they do not wait for the one after it.
 */
export class GroupCommit {
  readonly #entries: EntryModel;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  /** Entries in `#waiting`. */
  #gathered = 0;
  /** Told how many they are now. */
  #onGathered: ((entries: number) => void) | undefined;
  /** The last writes: by whom, and when their command began. */
  readonly #lately: { author: string; at: number }[] = [];
  /** Something that waits is late already. */
  #isUrgent = false;
  #underWay = false;
  #begun = Number.NEGATIVE_INFINITY;

  /** @param clock by which commands are kept apart */
  constructor(entries: EntryModel, clock: Clock = steadyClock) {
    this.#entries = entries;
    this.#clock = clock;
  }

  /**
   * Writes the next entries of a stream, in their order.
   * @param docs more may join them until their command begins
   * @param isUrgent waits for no company: the numbers were taken by another server once already, and it may be faster again
   * @throws when it is not known whether they are stored
   */
  write(docs: EntryDoc[], isUrgent = false): Promise<Written> {
    return new Promise((resolve, reject) => {
      this.#isUrgent ||= isUrgent;
      this.#waiting.push({ docs, resolve, reject });
      this.#gather(docs.length);
      if (this.#underWay) return;
      this.#underWay = true;
      void this.#writeWaiting();
    });
  }

  /**
   * Adds entries behind those of their stream that wait.
   * @param docs the array with which they were given to `write`
   * @param next gives the entries, and is called only where they are in time
   * @returns false once the command has begun
   */
  join(docs: EntryDoc[], next: () => readonly EntryDoc[]): boolean {
    if (!this.#waiting.some((waiting) => waiting.docs === docs)) return false;
    const more = next();
    docs.push(...more);
    this.#gather(more.length);
    return true;
  }

  #gather(entries: number): void {
    this.#gathered += entries;
    this.#onGathered?.(this.#gathered);
  }

  async #writeWaiting(): Promise<void> {
    /** Under way, in the order in which they began. */
    const commands: Promise<Tell>[] = [];
    let tell: Tell | undefined;
    const handOn = (): void => {
      tell?.();
      tell = undefined;
    };
    do {
      if (this.#waiting.length > 0) {
        const isPatient = !this.#isUrgent && this.#gathered < ENOUGH && this.#isInCompany();
        if (this.#isEarly(isPatient ? APART_IN_COMPANY_MS : APART_MS)) {
          // There is time for it.
          handOn();
          await this.#wait(APART_MS);
          if (isPatient && !this.#isUrgent) await this.#wait(APART_IN_COMPANY_MS, ENOUGH);
        }
        // Everything that arrives in this turn of the event loop goes into the command.
        await nextTurn();
        this.#begun = this.#clock.now();
        commands.push(this.#writeTogether(this.#take()));
        // Handing entries on keeps this thread busy: the next command is on its way before that begins.
        if (tell !== undefined) await nextTurn();
      }
      handOn();
      for (let [oldest] = commands; oldest !== undefined; [oldest] = commands) {
        tell = commands.length < AT_A_TIME ? await this.#overOrEnough(oldest) : await oldest;
        if (tell === undefined) break;
        void commands.shift();
        if (this.#waiting.length > 0 && (commands.length === 0 || this.#gathered >= ENOUGH)) break;
        handOn();
      }
    } while (this.#waiting.length > 0 || commands.length > 0);
    this.#underWay = false;
    handOn();
  }

  /** Resolves with what to tell once a command is over, or with nothing when before that enough wait for another one beside it. */
  async #overOrEnough(command: Promise<Tell>): Promise<Tell | undefined> {
    let cancel: (() => void) | undefined;
    const enough = new Promise<undefined>((resolve) => {
      this.#onGathered = (entries) => {
        if (entries < ENOUGH) return;
        this.#onGathered = undefined;
        const begin = () => resolve(undefined);
        if (this.#isEarly(APART_MS)) cancel = this.#clock.after(this.#begun + APART_MS - this.#clock.now(), begin);
        else begin();
      };
      this.#onGathered(this.#gathered);
    });
    try {
      return await Promise.race([command, enough]);
    } finally {
      this.#onGathered = undefined;
      cancel?.();
    }
  }

  /** Says whether the last command began less long ago than this, in milliseconds. */
  #isEarly(apartMs: number): boolean {
    return this.#begun + apartMs - this.#clock.now() > 0.5;
  }

  #isInCompany(): boolean {
    const author = this.#waiting[0]?.docs[0]?.actor.id;
    const since = this.#clock.now() - LATELY_MS;
    return this.#lately.filter((one) => one.at > since && one.author !== author).length >= COMPANY;
  }

  /** Resolves so many milliseconds after the last command began, or when so many entries wait. */
  async #wait(apartMs: number, enough = Number.POSITIVE_INFINITY): Promise<void> {
    if (!this.#isEarly(apartMs) || this.#gathered >= enough) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(this.#begun + apartMs - this.#clock.now(), resolve);
      this.#onGathered = (entries) => {
        if (entries < enough && !this.#isUrgent) return;
        cancel();
        resolve();
      };
    });
    this.#onGathered = undefined;
  }

  #take(): Waiting[] {
    let entries = 0;
    let streams = 0;
    for (const { docs } of this.#waiting) {
      if (streams > 0 && entries + docs.length > BATCH_MAX) break;
      entries += docs.length;
      streams += 1;
    }
    this.#gathered -= entries;
    this.#isUrgent = false;
    const taken = this.#waiting.splice(0, streams);
    const last = taken.slice(-LATELY).flatMap(({ docs }) => docs.slice(-LATELY));
    this.#lately.push(...last.map(({ actor }) => ({ author: actor.id, at: this.#begun })));
    this.#lately.splice(0, this.#lately.length - LATELY);
    return taken;
  }

  /** Never rejects. Told is in the order in which was asked, whatever goes into which command. */
  async #writeTogether(batch: readonly Waiting[]): Promise<Tell> {
    const single = batch.filter(({ docs }) => docs.length === 1);
    const several = batch.filter(({ docs }) => docs.length > 1);
    const tells = new Map<Waiting, Tell>();
    await Promise.all([
      ...(single.length === 0 ? [] : [this.#writeSingle(single, tells)]),
      ...(several.length === 0 ? [] : [this.#writeSeveral(several, tells)]),
    ]);
    return () => {
      for (const waiting of batch) tells.get(waiting)?.();
    };
  }

  /** Streams with one entry each. */
  async #writeSingle(batch: readonly Waiting[], tells: Map<Waiting, Tell>): Promise<void> {
    const faults = await this.#insert(batch, { ordered: false });
    if (faults instanceof Failure) {
      faults.tellTo(batch, tells);
      return;
    }
    const clashes = new Map(faults.map((fault) => [fault.index, clashOf(fault)]));
    batch.forEach((waiting, index) => {
      const clash = clashes.get(index);
      tells.set(waiting, () => waiting.resolve(clash === undefined ? { stored: 1 } : { stored: 0, clash }));
    });
  }

  /** Streams with several entries each. */
  async #writeSeveral(batch: readonly Waiting[], tells: Map<Waiting, Tell>): Promise<void> {
    const faults = await this.#insert(batch, { ordered: true });
    if (faults instanceof Failure) {
      faults.tellTo(batch, tells);
      return;
    }
    const [fault] = faults;
    const untried: Waiting[] = [];
    let from = 0;
    for (const waiting of batch) {
      const { docs } = waiting;
      const refusedAt = fault === undefined ? Number.POSITIVE_INFINITY : fault.index - from;
      if (refusedAt >= docs.length) tells.set(waiting, () => waiting.resolve({ stored: docs.length }));
      else if (fault !== undefined && refusedAt >= 0)
        tells.set(waiting, () => waiting.resolve({ stored: refusedAt, clash: clashOf(fault) }));
      else untried.push(waiting);
      from += docs.length;
    }
    await Promise.all(untried.map((waiting) => this.#writeSeveral([waiting], tells)));
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

  tellTo(batch: readonly Waiting[], tells: Map<Waiting, Tell>): void {
    for (const waiting of batch) tells.set(waiting, () => waiting.reject(this.#error));
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
