import { z } from 'zod';
import { person, type Person } from '../../shared/contract/primitives.ts';
import type { Presence } from '../live/presence.ts';
import type { Frames, Move } from './frames.ts';
import { inTime } from './in-time.ts';
import type { Members } from './members.ts';
import type { Names } from './names.ts';
import { type OwnRecord, WHOLE } from './own-record.ts';
import type { RedisLink } from './redis-link.ts';

/** Who comes and goes within this time is told of together, in milliseconds. */
const GATHER_MS = 20;
/** How long who opens a room waits to be told who is there at other servers. */
const KNOWN_WITHIN_MS = 500;
const ANSWER_MS = 2_000;
/** Places that are asked after at a time. */
const PLACES_AT_ONCE = 200;
/** In so many beats every open place is looked at again: a word that was lost is found then. */
const LOOK_AGAIN_BEATS = 5;
const KNOWN = Promise.resolve();

const field = (place: string): string => `room:${place}`;
/** What a server has written down of a place: the number of the word, and who is there. */
const written = z.tuple([z.int().min(1), z.array(person)]);

export interface SharedPresenceParts {
  link: RedisLink;
  names: Names;
  frames: Frames;
  members: Members;
  record: OwnRecord;
  presence: Presence;
  onError(error: unknown): void;
}

/** The number of each server's last word about a place that is open here. */
type Words = Map<string, number>;

/**
 * Tells other servers who is in a place here (see `Presence`), and learns who is there at them. Each server writes down its own people and, on the place's channel, says
 * who came and went; its words are numbered, and each names the one before. Who first looks at a place on a server reads what the others have written down.
 */
export class SharedPresence {
  readonly #parts: SharedPresenceParts;
  #moves = new Map<string, Map<string, Move>>();
  #timer: NodeJS.Timeout | undefined;
  /** The number of this server's last word of any place, and those of places in which somebody is. */
  #word = 0;
  readonly #said = new Map<string, number>();
  readonly #open = new Map<string, Words>();
  /** Places that were just opened, until it is known who is there. */
  readonly #opening = new Map<string, Promise<void>>();
  #opened: Promise<void> | undefined;
  #again: string[] = [];

  constructor(parts: SharedPresenceParts) {
    this.#parts = parts;
  }

  /** Somebody has come or gone here. */
  moved(place: string, who: Person, here: boolean): void {
    let moves = this.#moves.get(place);
    if (moves === undefined) this.#moves.set(place, (moves = new Map()));
    moves.set(`${who.side}:${who.userId}`, { person: who, here });
    this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS).unref();
  }

  /** Another server says who has come and gone there. */
  heard(server: string, place: string, before: number, now: number, moves: readonly Move[]): void {
    const words = this.#open.get(place);
    const last = words?.get(server) ?? 0;
    if (words === undefined || now <= last) return;
    words.set(server, now);
    const { presence } = this.#parts;
    if (before === 0) {
      const there = moves.filter(({ here }) => here).map(({ person: who }) => who);
      presence.heardAll(server, place, there, this.#isTold(place));
      return;
    }
    for (const { person: who, here } of moves) presence.heard(server, place, who, here, this.#isTold(place));
    if (before !== last) this.#look([server], [place]);
  }

  /** Somebody here is told of a place from now on, or nobody any more. */
  placeOpen(place: string, open: boolean): void {
    if (!open) {
      this.#open.delete(place);
      this.#opening.delete(place);
      return;
    }
    this.#open.set(place, new Map());
    // Places that are opened in the same turn are asked after together.
    this.#opened ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.#readOpened());
    this.#opening.set(place, this.#opened);
  }

  /** Resolves when it is known who is in an open place elsewhere, or nobody can tell in time. */
  known(place: string): Promise<void> {
    return this.#opening.get(place) ?? KNOWN;
  }

  /** Another server has come, or says anew who is there. */
  serverCame(server: string): void {
    this.#look([server], [...this.#open.keys()]);
  }

  serverGone(server: string): void {
    for (const words of this.#open.values()) words.delete(server);
    this.#parts.presence.serverGone(server);
  }

  /** Looks again at some of the open places: after a few beats, at all of them. */
  onBeat(): void {
    if (this.#again.length === 0) this.#again = [...this.#open.keys()];
    const share = Math.max(PLACES_AT_ONCE, Math.ceil(this.#open.size / LOOK_AGAIN_BEATS));
    this.#look(this.#parts.members.others, this.#again.splice(0, share));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const { link, names, frames, record, presence } = this.#parts;
    for (const [place, moves] of this.#moves) {
      const before = this.#said.get(place) ?? 0;
      const now = ++this.#word;
      const here = presence.here(place);
      if (here.length === 0) {
        this.#said.delete(place);
        record.remove(field(place));
      } else {
        this.#said.set(place, now);
        record.put(field(place), JSON.stringify([now, here]));
      }
      link.publish(names.channel(place), frames.moves(before, now, [...moves.values()]));
    }
    // A new one: one that is cleared goes on keeping what was in it, see `UnderWay`.
    this.#moves = new Map();
  }

  async #readOpened(): Promise<void> {
    const batch = this.#opened;
    this.#opened = undefined;
    const places = [...this.#opening].filter(([, opened]) => opened === batch).map(([place]) => place);
    const { link, members } = this.#parts;
    try {
      if (!link.up || members.others.length === 0) return;
      // Heard first and then read: what is told in between is not missed.
      const reading = link.settled().then(() => this.#read(members.others, places));
      await inTime(reading, KNOWN_WITHIN_MS);
    } catch (error) {
      this.#parts.onError(error);
    } finally {
      for (const place of places) if (this.#opening.get(place) === batch) this.#opening.delete(place);
    }
  }

  /** Those who just opened a place are answered with all who are there: they need not be told of each. */
  #isTold(place: string): boolean {
    return !this.#opening.has(place);
  }

  /** Reads in the background. */
  #look(servers: readonly string[], places: readonly string[]): void {
    if (this.#parts.link.up && places.length > 0) this.#read(servers, places).catch(this.#parts.onError);
  }

  async #read(servers: readonly string[], places: readonly string[]): Promise<void> {
    const reads: Promise<void>[] = [];
    for (let i = 0; i < places.length; i += PLACES_AT_ONCE) {
      for (const server of servers) reads.push(this.#readOf(server, places.slice(i, i + PLACES_AT_ONCE)));
    }
    await Promise.all(reads);
  }

  async #readOf(server: string, places: readonly string[]): Promise<void> {
    const { link, names, presence } = this.#parts;
    const asked = places.map((place) => {
      const words = this.#open.get(place);
      return { place, words, last: words?.get(server) };
    });
    const [whole, ...values] = await inTime(
      link.commands.hmget(names.at(server), WHOLE, ...places.map(field)),
      ANSWER_MS,
    );
    // Redis has lost it: the server says it anew, or is gone soon.
    if (whole === null) return;
    for (const [i, { place, words, last }] of asked.entries()) {
      // What was heard meanwhile is newer.
      if (words === undefined || this.#open.get(place) !== words || words.get(server) !== last) continue;
      const value = values[i] ?? null;
      if (value === null) {
        if (last === undefined) continue;
        words.delete(server);
        presence.heardAll(server, place, [], this.#isTold(place));
      } else if (last === undefined || !value.startsWith(`[${last},`)) {
        const [now, there] = written.parse(JSON.parse(value));
        words.set(server, now);
        presence.heardAll(server, place, there, this.#isTold(place));
      }
    }
  }
}
