import { randomUUID } from 'node:crypto';
import { type Client, createClient, type LiveRoom, RoomError, type StreamView } from '../../client-sdk/index.ts';
import type { WireError } from '../../shared/contract/errors.ts';
import type { CommandInput, CommandOutput } from '../../shared/contract/registry.ts';
import { post } from '../support/client.ts';
import type { Dice } from '../support/dice.ts';
import type { Portal } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import type { Ledger } from './ledger.ts';
import { NOWHERE, tappedTransport, type TappedTransport } from './tapped-transport.ts';

/** Somebody at work: whom the token names, what they open, and where they write. */
export interface Worker {
  who: Who;
  rooms: readonly string[];
  writes: readonly string[];
}

export interface CrowdParts {
  ledger: Ledger;
  dice: Dice;
  portal: Portal;
  /** The servers that serve at this moment. */
  urls(): string[];
  /** Messages a second, of each worker who writes. */
  rate: number;
}

const RETRIES_MAX = 600;
const RETRY_MS = 300;
/** What an answer may take that says how it stands, on a machine that does other things too. */
const PATIENT_MS = 30_000;

/** What somebody who calls over HTTP does about a failure. */
export type Manner = 'patient' | 'hasty' | 'trusting';

type Answer = { ok: true; data: CommandOutput<'message.send'> } | { ok: false };

/** People with the SDK and people who call over HTTP, who go on whatever happens to the servers. */
export class Crowd {
  readonly clients: { worker: Worker; client: Client; rooms: LiveRoom[] }[] = [];
  readonly #parts: CrowdParts;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #calls = new Set<Promise<void>>();
  readonly #transports: TappedTransport[] = [];
  #number = 0;
  #closing = false;

  constructor(parts: CrowdParts) {
    this.#parts = parts;
  }

  /** Somebody with the SDK: opens the rooms, checks what they are told, and writes as often as the rate says. */
  async join(worker: Worker): Promise<void> {
    const { portal, rate, dice } = this.#parts;
    const own = dice.apart();
    const transport = this.#transport();
    this.#transports.push(transport);
    const client = createClient({
      url: 'http://anywhere.invalid',
      getToken: () => portal.token(worker.who),
      transport,
      // The lowest of a few throws: the waits are jittered as ever and shorter, so that a run is not spent waiting.
      random: () => Math.min(...Array.from({ length: 16 }, own.roll)),
    });
    client.connect();
    const rooms = worker.rooms.map((roomId) => client.room(roomId));
    this.clients.push({ worker, client, rooms });
    await Promise.all(rooms.map((room) => room.open()));
    for (const room of rooms) this.#watch(worker, room);
    if (worker.writes.length > 0)
      this.#often(rate, () => {
        const room = own.pick(rooms);
        const stream = own.pick(worker.writes);
        const text = this.#text(worker, room.roomId, stream);
        try {
          room.send(text, { stream }).settled.catch((error: unknown) => this.#gaveUp(text, error));
        } catch (error) {
          // The outbox is full, and says so.
          if (!(error instanceof RoomError)) throw error;
        }
      });
  }

  /**
   * Somebody who calls over HTTP. `patient`: asks again with the same clientId until it is answered. `hasty`: gives up after the first failure.
   * `trusting`: does so too, and it counts as a send that failed.
   */
  call(worker: Worker, manner: Manner): void {
    const { rate, dice } = this.#parts;
    const own = dice.apart();
    this.#often(rate, () => {
      const roomId = own.pick(worker.rooms);
      const stream = own.pick(worker.writes);
      const text = this.#text(worker, roomId, stream);
      this.#track(this.#send(worker.who, { roomId, stream, text, clientId: randomUUID() }, manner));
    });
  }

  /** Cuts somebody's line now and then, as a network does: what was on its way gets no answer. */
  cutLines(aSecond: number): void {
    const own = this.#parts.dice.apart();
    this.#often(aSecond, () => void own.pick(this.#transports).cut());
  }

  /** Does something at this rate, at instants that do not depend on how long it takes. */
  often(aSecond: number, act: () => Promise<void>): void {
    this.#often(aSecond, () => this.#track(act()));
  }

  /** No new messages. */
  rest(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }

  /** Resolves when every call over HTTP has been answered or given up. */
  async answered(): Promise<void> {
    while (this.#calls.size > 0) await Promise.all(this.#calls);
  }

  /** Messages of the SDK's outboxes that no timeline shows yet. */
  get pending(): number {
    return this.views().reduce((sum, { view }) => sum + view.pending.length, 0);
  }

  views(): { worker: Worker; room: LiveRoom; view: StreamView }[] {
    return this.clients.flatMap(({ worker, rooms }) =>
      rooms.flatMap((room) => Object.values(room.snapshot.streams).map((view) => ({ worker, room, view }))),
    );
  }

  async close(): Promise<void> {
    this.rest();
    this.#closing = true;
    await Promise.all(this.clients.map(({ client }) => client.close()));
  }

  #often(aSecond: number, act: () => void): void {
    this.#timers.add(setInterval(act, 1_000 / aSecond));
  }

  #track(call: Promise<void>): void {
    const tracked: Promise<void> = call.finally(() => this.#calls.delete(tracked));
    this.#calls.add(tracked);
  }

  #text({ who }: Worker, roomId: string, stream: string): string {
    const text = `${who.sub} ${this.#number++}`;
    this.#parts.ledger.tried(text, { author: who.sub, roomId, stream });
    return text;
  }

  /** What somebody is told after they opened a room: each entry once, in its order, none left out. */
  #watch({ who }: Worker, room: LiveRoom): void {
    const { ledger } = this.#parts;
    const last = new Map(Object.values(room.snapshot.streams).map(({ stream, head }) => [stream, head]));
    room.on('entry', ({ entry }) => {
      const before = last.get(entry.stream) ?? 0;
      const where = `${who.sub} in ${entry.roomId}/${entry.stream}`;
      if (entry.seq <= before) ledger.duplicate(`${where} was told of ${entry.seq} after ${before}`);
      else if (entry.seq > before + 1) ledger.holes(1, `${where} was told of ${entry.seq} after ${before}`);
      last.set(entry.stream, Math.max(before, entry.seq));
    });
  }

  /** Sends one message to a server, once, and says how that was answered. */
  async ask(worker: Worker, url: string): Promise<'acked' | WireError['code'] | 'no answer'> {
    const [roomId = ''] = worker.rooms;
    const [stream = ''] = worker.writes;
    const text = this.#text(worker, roomId, stream);
    return this.#attempt(worker.who, { roomId, stream, text, clientId: randomUUID() }, url, PATIENT_MS);
  }

  async #send(who: Who, input: CommandInput<'message.send'>, manner: Manner): Promise<void> {
    const { ledger, dice } = this.#parts;
    const attempts = manner === 'patient' ? RETRIES_MAX : 1;
    for (let attempt = 0; attempt < attempts && !this.#closing; attempt++) {
      const urls = this.#parts.urls();
      const outcome = await this.#attempt(who, input, urls.length > 0 ? dice.pick(urls) : NOWHERE);
      if (outcome === 'acked') return;
      if (manner === 'trusting') ledger.failed(`"${input.text}" was sent over HTTP: ${outcome}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #attempt(
    who: Who,
    input: CommandInput<'message.send'>,
    url: string,
    withinMs?: number,
  ): ReturnType<Crowd['ask']> {
    const { ledger, portal } = this.#parts;
    const token = await portal.token(who);
    ledger.attempted(input.text);
    try {
      const { data, problem } = await post(url, token, 'message.send', input, withinMs);
      if (data === undefined) return problem?.code ?? 'no answer';
      ledger.acked(input.text, data.entry);
      return 'acked';
    } catch {
      // Nobody was there, or they went in the middle of it.
      return 'no answer';
    }
  }

  #gaveUp(text: string, error: unknown): void {
    // What is still unsent at the end is told by its view.
    if (!this.#closing) this.#parts.ledger.failed(`the SDK gave "${text}" up: ${String(error)}`);
  }

  /** Socket.IO to whichever server the dice choose, every message's attempts and acks written down on the way. */
  #transport(): TappedTransport {
    const { ledger, dice, urls } = this.#parts;
    return tappedTransport({
      url() {
        const serving = urls();
        return serving.length > 0 ? dice.pick(serving) : NOWHERE;
      },
      sent(name, input) {
        if (name !== 'message.send') return undefined;
        const { text } = input as CommandInput<'message.send'>;
        ledger.attempted(text);
        return (answer) => {
          const { ok, ...rest } = answer as Answer;
          if (ok && 'data' in rest) ledger.acked(text, rest.data.entry);
        };
      },
    });
  }
}
