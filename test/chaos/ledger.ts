import type { Entry } from '../../shared/contract/entries.ts';

/** Where a message was meant to go, and what was learnt of it. */
interface Tracked {
  author: string;
  roomId: string;
  stream: string;
  attempts: number;
  /** What the acks said: the same entry each time, if all is well. */
  acks: { id: string; seq: number }[];
}

/** What a run came to. The first six are 0, or a promise is broken. */
export interface Tally {
  /** Acknowledged, and not to be read afterwards as it was acknowledged. */
  lost: number;
  /** Stored a second time, or shown a second time to a client that lives on. */
  duplicates: number;
  /** Read though nobody sent it, or in another place, or acknowledged in two ways. */
  unexpected: number;
  /** Numbers that are missing in a stream, or were jumped over by a client that lives on. */
  holes: number;
  /** Streams that a client which lived through it shows otherwise than the database. */
  diverged: number;
  /** Sends that ended with a failure for whoever had trusted in them: what the SDK gave up, and what was sent once and had to succeed. */
  failed: number;
  tried: number;
  acked: number;
  read: number;
  /** Stored although an attempt had failed: found by its clientId, by a repeat or in the stream. */
  recovered: number;
  /** Given up without an ack and not stored: allowed, and told to the sender. */
  refused: number;
  /** The first few sentences on what is wrong. */
  faults: string[];
}

const FAULTS_MAX = 20;

/** Follows every message from the attempt to the last read. A message is known by its text, which no two have in common. */
export class Ledger {
  readonly #messages = new Map<string, Tracked>();
  readonly #faults: string[] = [];
  #duplicates = 0;
  #unexpected = 0;
  #holes = 0;
  #diverged = 0;
  #failed = 0;

  tried(text: string, message: Pick<Tracked, 'author' | 'roomId' | 'stream'>): void {
    if (this.#messages.has(text)) throw new Error(`two messages with the text ${text}`);
    this.#messages.set(text, { ...message, attempts: 0, acks: [] });
  }

  /** It leaves for a server, for the first time or again. */
  attempted(text: string): void {
    const message = this.#messages.get(text);
    if (message !== undefined) message.attempts += 1;
  }

  acked(text: string, { id, seq }: Pick<Entry, 'id' | 'seq'>): void {
    const message = this.#messages.get(text);
    if (message === undefined) return this.unexpected(`an ack for "${text}", which nobody sent`);
    const [first] = message.acks;
    if (first !== undefined && (first.id !== id || first.seq !== seq))
      this.unexpected(`"${text}" was acknowledged as ${first.seq} and as ${seq}`);
    message.acks.push({ id, seq });
  }

  duplicate(sentence: string): void {
    this.#duplicates += 1;
    this.#say(sentence);
  }

  unexpected(sentence: string): void {
    this.#unexpected += 1;
    this.#say(sentence);
  }

  holes(count: number, sentence: string): void {
    this.#holes += count;
    this.#say(sentence);
  }

  diverged(sentence: string): void {
    this.#diverged += 1;
    this.#say(sentence);
  }

  failed(sentence: string): void {
    this.#failed += 1;
    this.#say(sentence);
  }

  get ackedSoFar(): number {
    return [...this.#messages.values()].filter(({ acks }) => acks.length > 0).length;
  }

  /** Compares what was acknowledged with what a fresh client reads: every entry of every stream, each in the order in which it was answered. */
  settle(streams: readonly (readonly Entry[])[]): Tally {
    const read = new Map<string, Entry>();
    for (const entries of streams) this.#readStream(entries, read);
    let acked = 0;
    let lost = 0;
    let recovered = 0;
    let refused = 0;
    for (const [text, { acks, attempts }] of this.#messages) {
      const [ack] = acks;
      const entry = read.get(text);
      if (ack !== undefined) acked += 1;
      if (ack !== undefined && (entry?.id !== ack.id || entry.seq !== ack.seq)) {
        lost += 1;
        this.#say(`"${text}" was acknowledged as ${ack.seq} and is ${entry === undefined ? 'not there' : entry.seq}`);
      }
      if (entry !== undefined && (ack === undefined || attempts > 1)) recovered += 1;
      if (entry === undefined && ack === undefined) refused += 1;
    }
    return {
      lost,
      duplicates: this.#duplicates,
      unexpected: this.#unexpected,
      holes: this.#holes,
      diverged: this.#diverged,
      failed: this.#failed,
      tried: this.#messages.size,
      acked,
      read: read.size,
      recovered,
      refused,
      faults: this.#faults,
    };
  }

  #readStream(entries: readonly Entry[], read: Map<string, Entry>): void {
    let last = 0;
    for (const entry of entries) {
      const { roomId, stream, seq } = entry;
      if (seq !== last + 1) this.holes(Math.max(1, seq - last - 1), `${roomId}/${stream}: ${seq} comes after ${last}`);
      last = seq;
      if (entry.kind !== 'message') continue;
      const text = entry.body.text ?? '';
      const message = this.#messages.get(text);
      if (message === undefined) this.unexpected(`${roomId}/${stream}/${seq} holds "${text}", which nobody sent`);
      else if (message.roomId !== roomId || message.stream !== stream || message.author !== entry.actor.id)
        this.unexpected(`"${text}" is in ${roomId}/${stream} by ${entry.actor.id}`);
      else if (read.has(text)) this.duplicate(`"${text}" is stored as ${read.get(text)?.seq ?? 0} and as ${seq}`);
      else read.set(text, entry);
    }
  }

  #say(sentence: string): void {
    if (this.#faults.length < FAULTS_MAX) this.#faults.push(sentence);
  }
}
