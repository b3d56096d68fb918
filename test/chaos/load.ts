import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Entry } from '../../shared/contract/entries.ts';
import { gapOf, logOfPage, noteHead, receive, type StreamLog } from '../../shared/model/stream-log.ts';
import { ConnectionLost, Refused, TestClient } from '../support/client.ts';
import type { Who } from '../support/tokens.ts';
import type { Cluster } from './cluster.ts';
import { pause, pick } from './dice.ts';

/** One message from its first attempt on. */
export interface Tracked {
  readonly clientId: string;
  readonly roomId: string;
  readonly text: string;
  attempts: number;
  acked?: Entry;
}

/** What happened, in numbers; and what must not have. */
export class Ledger {
  readonly messages = new Map<string, Tracked>();
  /** Messages whose first answer was lost and whose repetition was answered with what had been stored. */
  recovered = 0;
  lostAnswers = 0;
  repeats = 0;
  /** Sentences about what must not happen. */
  readonly unexpected: string[] = [];
}

export interface World {
  cluster: Cluster;
  ledger: Ledger;
  dice: () => number;
  /** Tells of `send`, `ack` and `join` with the server's URL, so that a kill can hit that very moment. */
  moments: EventEmitter;
  token(who: Who): Promise<string>;
}

/** A client that is always connected to one of the servers that serve, or looks for one. */
class Roamer {
  readonly #world: World;
  readonly #who: Who;
  readonly #onConnect: (client: TestClient, url: string) => Promise<void>;
  #current: { client: TestClient; url: string } | undefined;

  constructor(world: World, who: Who, onConnect: (client: TestClient, url: string) => Promise<void>) {
    this.#world = world;
    this.#who = who;
    this.#onConnect = onConnect;
  }

  /** A connection to a server that serves; undefined when there was none this time. */
  async connection(): Promise<{ client: TestClient; url: string } | undefined> {
    if (this.#current?.client.socket.connected === true) return this.#current;
    this.#current = undefined;
    const { cluster, dice } = this.#world;
    const url = pick(dice, cluster.urls());
    if (url === undefined) return undefined;
    try {
      const client = await TestClient.connect(url, await this.#world.token(this.#who));
      await this.#onConnect(client, url);
      this.#current = { client, url };
      return this.#current;
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#current?.client.close();
    if ((this.#current?.client.faults.length ?? 0) > 0)
      this.#world.ledger.unexpected.push(...(this.#current?.client.faults ?? []));
  }
}

/** Sends one message after the other, each until it is acknowledged, while `going` says so. */
export async function write(world: World, who: Who, rooms: readonly string[], going: () => boolean): Promise<void> {
  const { ledger, dice, moments } = world;
  const roamer = new Roamer(world, who, () => Promise.resolve());
  for (let n = 0; going(); n++) {
    const roomId = pick(dice, rooms) ?? '';
    const message: Tracked = { clientId: randomUUID(), roomId, text: `${who.sub} ${n}`, attempts: 0 };
    ledger.messages.set(message.clientId, message);
    while (message.acked === undefined) await attempt(message);
    await pause(dice() * 25);
    // Now and then what was acknowledged is sent again, to whatever server: the answer must be the same (R4).
    if (dice() < 0.05) {
      ledger.repeats += 1;
      const { acked } = message;
      delete message.acked;
      while (message.acked === undefined) await attempt(message);
      if (JSON.stringify(message.acked) !== JSON.stringify(acked))
        ledger.unexpected.push(`${message.clientId} was answered with two entries`);
    }
  }
  roamer.close();

  async function attempt(message: Tracked): Promise<void> {
    const connection = await roamer.connection();
    if (connection === undefined) return pause(20 + dice() * 60);
    const { client, url } = connection;
    const { clientId, roomId, text } = message;
    const again = message.attempts > 0;
    message.attempts += 1;
    try {
      const sending = client.answer('message.send', { roomId, clientId, text });
      moments.emit('send', url);
      const answer = await sending;
      if (answer.ok) {
        if (again && answer.data.duplicate) ledger.recovered += 1;
        if (!again && answer.data.duplicate) ledger.unexpected.push(`${clientId} was a duplicate at its first attempt`);
        message.acked = answer.data.entry;
        moments.emit('ack', url);
      } else if (answer.error.code !== 'unavailable') {
        throw new Refused('message.send', answer.error);
      } else await pause(50 + dice() * 100);
    } catch (error) {
      if (error instanceof ConnectionLost) ledger.lostAnswers += 1;
      else ledger.unexpected.push(String(error));
      await pause(10 + dice() * 50);
    }
  }
}

/** Follows the public stream of a room through every outage, as a client does: live, by `since` after a reconnect, by pages over a gap. */
export class Reader {
  readonly roomId: string;
  readonly #world: World;
  readonly #roamer: Roamer;
  #log: StreamLog = logOfPage([], 0);
  #repairing = false;
  reconnects = 0;

  constructor(world: World, who: Who, roomId: string) {
    this.#world = world;
    this.roomId = roomId;
    this.#roamer = new Roamer(world, who, (client, url) => this.#join(client, url));
  }

  get entries(): readonly Entry[] {
    return this.#log.entries;
  }

  /** Stays connected while `going` says so, and then until it holds everything up to `head`. */
  async read(going: () => boolean, head: () => Promise<number>): Promise<void> {
    while (going()) {
      await this.#roamer.connection();
      await pause(20);
    }
    const end = performance.now() + 20_000;
    for (const last = await head(); this.#log.last < last; ) {
      if (performance.now() > end) {
        this.#world.ledger.unexpected.push(`a reader of ${this.roomId} stands at ${this.#log.last} of ${last}`);
        break;
      }
      await this.#roamer.connection();
      await pause(20);
    }
    this.#roamer.close();
  }

  async #join(client: TestClient, url: string): Promise<void> {
    this.reconnects += 1;
    client.socket.on('entry', (entry: Entry) => {
      if (entry.roomId === this.roomId && entry.stream === 'public') this.#take(client, [entry]);
    });
    const joining = client.answer('room.join', { roomId: this.roomId, since: { public: this.#log.last } });
    this.#world.moments.emit('join', url);
    const answer = await joining;
    if (!answer.ok) throw new Refused('room.join', answer.error);
    for (const { stream, entries, head } of answer.data.streams) {
      if (stream !== 'public') continue;
      this.#log = noteHead(this.#log, head);
      this.#take(client, entries);
    }
  }

  #take(client: TestClient, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const held = this.#log.entries[entry.seq - 1];
      if (held !== undefined && held.id !== entry.id)
        this.#world.ledger.unexpected.push(`${this.roomId}: two entries under number ${entry.seq}`);
    }
    this.#log = receive(this.#log, entries);
    if (gapOf(this.#log) !== undefined && !this.#repairing) void this.#repair(client);
  }

  async #repair(client: TestClient): Promise<void> {
    this.#repairing = true;
    try {
      while (gapOf(this.#log) !== undefined) {
        const page = await client.call('entry.fetch', {
          roomId: this.roomId,
          stream: 'public',
          after: this.#log.last,
          limit: 200,
        });
        this.#log = noteHead(receive(this.#log, page.entries), page.head);
      }
    } catch {
      // The connection ended: the next one joins with `since`.
      client.close();
    } finally {
      this.#repairing = false;
    }
  }
}
