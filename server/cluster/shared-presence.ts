import { z } from 'zod';
import { person, type Person } from '../../shared/contract/primitives.ts';
import { channelOf, PRESENCE_STREAM } from '../live/channels.ts';
import type { Presence } from '../live/presence.ts';
import type { Frames, Move } from './frames.ts';
import { inTime } from './in-time.ts';
import type { Members } from './members.ts';
import type { Names } from './names.ts';
import { type OwnRecord, WHOLE } from './own-record.ts';
import type { RedisLink } from './redis-link.ts';

/** Who comes and goes within this time is told of together, in milliseconds. */
const GATHER_MS = 20;
/** How long who opens a room waits to be told who has it open elsewhere. */
const KNOWN_WITHIN_MS = 500;
const ANSWER_MS = 2_000;
/** Rooms that are asked after at a time. */
const ROOMS_AT_ONCE = 200;
/** In so many beats every open room is looked at again: a word that was lost is found then. */
const LOOK_AGAIN_BEATS = 5;
const KNOWN = Promise.resolve();

const field = (roomId: string): string => `room:${roomId}`;
/** What a server has written down of a room: the number of the word, and who is there. */
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

/** The number of each server's last word about a room that is open here. */
type Words = Map<string, number>;

/**
 * Tells other servers who has a room open here, and learns who has it open there. Each server writes down its own people and, on the room's channel, says who came and
 * went; its words are numbered, and each names the one before. Who opens a room first on a server reads what the others have written down.
 */
export class SharedPresence {
  readonly #parts: SharedPresenceParts;
  readonly #moves = new Map<string, Map<string, Move>>();
  #timer: NodeJS.Timeout | undefined;
  /** The number of this server's last word of any room, and those of rooms in which somebody is. */
  #word = 0;
  readonly #said = new Map<string, number>();
  readonly #open = new Map<string, Words>();
  /** Rooms that were just opened, until it is known who is there. */
  readonly #opening = new Map<string, Promise<void>>();
  #opened: Promise<void> | undefined;
  #again: string[] = [];

  constructor(parts: SharedPresenceParts) {
    this.#parts = parts;
  }

  /** Somebody has come or gone here. */
  moved(roomId: string, who: Person, here: boolean): void {
    let moves = this.#moves.get(roomId);
    if (moves === undefined) this.#moves.set(roomId, (moves = new Map()));
    moves.set(`${who.side}:${who.userId}`, { person: who, here });
    this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS).unref();
  }

  /** Another server says who has come and gone there. */
  heard(server: string, roomId: string, before: number, now: number, moves: readonly Move[]): void {
    const words = this.#open.get(roomId);
    const last = words?.get(server) ?? 0;
    if (words === undefined || now <= last) return;
    words.set(server, now);
    const { presence } = this.#parts;
    if (before === 0) {
      const there = moves.filter(({ here }) => here).map(({ person: who }) => who);
      presence.heardAll(server, roomId, there, this.#isTold(roomId));
      return;
    }
    for (const { person: who, here } of moves) presence.heard(server, roomId, who, here, this.#isTold(roomId));
    if (before !== last) this.#look([server], [roomId]);
  }

  /** A room is open here from now on, or not any more. */
  roomOpen(roomId: string, open: boolean): void {
    if (!open) {
      this.#open.delete(roomId);
      this.#opening.delete(roomId);
      return;
    }
    this.#open.set(roomId, new Map());
    // Rooms that are opened in the same turn are asked after together.
    this.#opened ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.#readOpened());
    this.#opening.set(roomId, this.#opened);
  }

  /** Resolves when it is known who has an open room open elsewhere, or nobody can tell in time. */
  known(roomId: string): Promise<void> {
    return this.#opening.get(roomId) ?? KNOWN;
  }

  /** Another server has come, or says anew who is there. */
  serverCame(server: string): void {
    this.#look([server], [...this.#open.keys()]);
  }

  serverGone(server: string): void {
    for (const words of this.#open.values()) words.delete(server);
    this.#parts.presence.serverGone(server);
  }

  /** Looks again at some of the open rooms: after a few beats, at all of them. */
  onBeat(): void {
    if (this.#again.length === 0) this.#again = [...this.#open.keys()];
    const share = Math.max(ROOMS_AT_ONCE, Math.ceil(this.#open.size / LOOK_AGAIN_BEATS));
    this.#look(this.#parts.members.others, this.#again.splice(0, share));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const { link, names, frames, record, presence } = this.#parts;
    for (const [roomId, moves] of this.#moves) {
      const before = this.#said.get(roomId) ?? 0;
      const now = ++this.#word;
      const here = presence.here(roomId);
      if (here.length === 0) {
        this.#said.delete(roomId);
        record.remove(field(roomId));
      } else {
        this.#said.set(roomId, now);
        record.put(field(roomId), JSON.stringify([now, here]));
      }
      const channel = names.channel(channelOf(roomId, PRESENCE_STREAM));
      link.publish(channel, frames.moves(before, now, [...moves.values()]));
    }
    this.#moves.clear();
  }

  async #readOpened(): Promise<void> {
    const batch = this.#opened;
    this.#opened = undefined;
    const rooms = [...this.#opening].filter(([, opened]) => opened === batch).map(([roomId]) => roomId);
    const { link, members } = this.#parts;
    try {
      if (!link.up || members.others.length === 0) return;
      // Heard first and then read: what is told in between is not missed.
      const reading = link.settled().then(() => this.#read(members.others, rooms));
      await inTime(reading, KNOWN_WITHIN_MS);
    } catch (error) {
      this.#parts.onError(error);
    } finally {
      for (const roomId of rooms) if (this.#opening.get(roomId) === batch) this.#opening.delete(roomId);
    }
  }

  /** Those who just opened the room are answered with all who are there: they need not be told of each. */
  #isTold(roomId: string): boolean {
    return !this.#opening.has(roomId);
  }

  /** Reads in the background. */
  #look(servers: readonly string[], rooms: readonly string[]): void {
    if (this.#parts.link.up && rooms.length > 0) this.#read(servers, rooms).catch(this.#parts.onError);
  }

  async #read(servers: readonly string[], rooms: readonly string[]): Promise<void> {
    const reads: Promise<void>[] = [];
    for (let i = 0; i < rooms.length; i += ROOMS_AT_ONCE) {
      for (const server of servers) reads.push(this.#readOf(server, rooms.slice(i, i + ROOMS_AT_ONCE)));
    }
    await Promise.all(reads);
  }

  async #readOf(server: string, rooms: readonly string[]): Promise<void> {
    const { link, names, presence } = this.#parts;
    const asked = rooms.map((roomId) => {
      const words = this.#open.get(roomId);
      return { roomId, words, last: words?.get(server) };
    });
    const [whole, ...values] = await inTime(
      link.commands.hmget(names.at(server), WHOLE, ...rooms.map(field)),
      ANSWER_MS,
    );
    // Redis has lost it: the server says it anew, or is gone soon.
    if (whole === null) return;
    for (const [i, { roomId, words, last }] of asked.entries()) {
      // What was heard meanwhile is newer.
      if (words === undefined || this.#open.get(roomId) !== words || words.get(server) !== last) continue;
      const value = values[i] ?? null;
      if (value === null) {
        if (last === undefined) continue;
        words.delete(server);
        presence.heardAll(server, roomId, [], this.#isTold(roomId));
      } else if (last === undefined || !value.startsWith(`[${last},`)) {
        const [now, there] = written.parse(JSON.parse(value));
        words.set(server, now);
        presence.heardAll(server, roomId, there, this.#isTold(roomId));
      }
    }
  }
}
