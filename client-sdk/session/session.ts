import { RoomError } from '../../shared/contract/errors.ts';
import type { ServerEventName, ServerEvents } from '../../shared/contract/events.ts';
import { CONTRACT_VERSION } from '../../shared/contract/limits.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type { Identity, PageSignals, TokenReason } from '../core/api.ts';
import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import {
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
  nextConnectionState,
  timerOf,
} from '../core/connection-state.ts';
import { asRoomError, readAnswer, readError } from '../core/failure.ts';
import { isAnotherCaller, readToken } from '../core/token.ts';
import type { Connection, Transport } from '../core/transport.ts';
import { Timers } from './timers.ts';

/** An ack of a probe comes within this time, or the line is taken for dead. */
export const PROBE_DEADLINE_MS = 3_000;
export const TOKEN_DEADLINE_MS = 10_000;
/** A connection that is neither made nor refused by then is given up. */
export const DIAL_DEADLINE_MS = 15_000;

export interface SessionOptions {
  url: string;
  getToken: (reason: TokenReason) => string | Promise<string>;
  transport: Transport;
  clock: Clock;
  random: () => number;
  signals: PageSignals;
  deadlineMs: number;
}

/** What the session tells the client around it. */
export interface SessionListener {
  changed(state: ConnectionState, before: ConnectionState): void;
  event<Name extends ServerEventName>(name: Name, payload: ServerEvents[Name]): void;
  error(error: RoomError): void;
}

interface Call {
  /** Called once: with the ack, or with nothing when the line broke or the deadline passed. */
  settle(outcome: { answer: unknown } | { fault: 'lost' | 'deadline' }): void;
}

/** The line to the server: tokens, connections one after the other, and calls over the one that is open. */
export class Session {
  readonly #options: SessionOptions;
  readonly #listener: SessionListener;
  readonly #timers: Timers;
  readonly #calls = new Set<Call>();
  #state: ConnectionState = { status: 'idle' };
  #connection: Connection | undefined;
  /** Counts attempts to connect; what an earlier one still has to say is not heard. */
  #attempt = 0;
  /** The server's names of this connection and of the one before. */
  #ids = new Set<string>();
  #callNumber = 0;
  #token: string | undefined;
  #expiresAt = Number.POSITIVE_INFINITY;
  #me: Identity | undefined;
  #tokenAsked: Promise<string> | undefined;
  #probing = false;
  #renewing = false;
  #stopWatching: (() => void) | undefined;

  constructor(options: SessionOptions, listener: SessionListener) {
    this.#options = options;
    this.#listener = listener;
    this.#timers = new Timers(options.clock);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get online(): boolean {
    return this.#state.status === 'online';
  }

  /** Tells one connection from the next. */
  get number(): number {
    return this.#attempt;
  }

  get me(): Identity | undefined {
    return this.#me;
  }

  connect(): void {
    if (this.#state.status === 'closed') return;
    this.#stopWatching ??= this.#options.signals.watch((signal) =>
      this.#happened({ type: signal === 'online' ? 'networkBack' : signal === 'offline' ? 'networkGone' : 'wake' }),
    );
    this.#happened({ type: 'connect' });
  }

  close(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#happened({ type: 'close' });
    this.#timers.cancelAll();
  }

  /** A token that is good now: the one in use, or a new one when that is over or was rejected. */
  async usableToken(rejected?: string): Promise<string> {
    const token = this.#token;
    const isUsable = token !== undefined && this.#expiresAt > this.#options.clock.now();
    if (isUsable && token !== rejected) return token;
    return this.#renewToken(token === undefined ? 'initial' : isUsable ? 'rejected' : 'expiring');
  }

  /** Calls a command over the open connection; see `Client.call` for what it rejects with. */
  async request<Name extends CommandName>(
    name: Name,
    input: CommandInput<Name>,
    deadlineMs = this.#options.deadlineMs,
  ): Promise<CommandOutput<Name>> {
    const outcome = await this.#roundTrip(name, input, deadlineMs);
    if ('fault' in outcome) {
      if (outcome.fault === 'deadline') this.#happened({ type: 'wake' });
      // Whether it was obeyed is not known, unlike of what the server itself answers with `unavailable`.
      const message = outcome.fault === 'deadline' ? 'No answer in time' : 'There is no connection';
      throw new RoomError('unavailable', message, { details: { unanswered: true } });
    }
    const answer = readAnswer(outcome.answer);
    if (!answer.ok) throw answer.error;
    return answer.data as CommandOutput<Name>;
  }

  #roundTrip(name: string, input: unknown, deadlineMs: number): Promise<Parameters<Call['settle']>[0]> {
    const connection = this.online ? this.#connection : undefined;
    if (!connection) return Promise.resolve({ fault: 'lost' });
    return new Promise((resolve) => {
      const timer = `call ${this.#callNumber++}`;
      const call: Call = {
        settle: (outcome) => {
          if (!this.#calls.delete(call)) return;
          this.#timers.cancel(timer);
          resolve(outcome);
        },
      };
      this.#calls.add(call);
      this.#timers.set(timer, deadlineMs, () => call.settle({ fault: 'deadline' }));
      connection.emit(name, input, (answer) => call.settle({ answer }));
    });
  }

  #happened(event: ConnectionEvent): void {
    const { clock, random, signals } = this.#options;
    const now = clock.now();
    const token = this.#token === undefined ? 'none' : this.#expiresAt <= now ? 'expired' : 'usable';
    const before = this.#state;
    const [state, ...effects] = nextConnectionState(before, event, {
      now,
      dice: random(),
      networkGone: signals.offline(),
      token,
    });
    this.#state = state;
    const dueAt = timerOf(state);
    if (dueAt !== timerOf(before)) {
      if (dueAt === undefined) this.#timers.cancel('connection');
      else this.#timers.set('connection', dueAt - now, () => this.#happened({ type: 'timer' }));
    }
    if (before.status === 'online' && state.status !== 'online') this.#hangUp();
    if (state !== before) this.#listener.changed(state, before);
    // A listener may have moved on already, by closing for instance; what was to be done then is stale.
    if (this.#state === state) for (const effect of effects) this.#carryOut(effect);
    else if (effects.some((effect) => effect.do === 'hangUp')) this.#hangUp();
  }

  #carryOut(effect: ConnectionEffect): void {
    if (effect.do === 'hangUp') this.#hangUp();
    else if (effect.do === 'probe') void this.#probe();
    else void this.#dial(effect.ask);
  }

  #hangUp(): void {
    this.#attempt++;
    this.#connection?.close();
    this.#connection = undefined;
    this.#timers.cancel('renewal');
    this.#timers.cancel('dial');
    for (const call of this.#calls) call.settle({ fault: 'lost' });
  }

  async #dial(ask: TokenReason | undefined): Promise<void> {
    const attempt = ++this.#attempt;
    const current = () => attempt === this.#attempt;
    if (ask) {
      try {
        await this.#renewToken(ask);
      } catch (fault) {
        if (!current()) return;
        const error = asRoomError(fault, 'unavailable');
        this.#listener.error(error);
        this.#happened({ type: 'tokenFailed', error });
        return;
      }
      if (!current()) return;
    }
    const refused = (error: RoomError | undefined) => {
      if (!current()) return;
      this.#hangUp();
      this.#happened({ type: 'refused', error });
    };
    this.#timers.set('dial', DIAL_DEADLINE_MS, () => refused(undefined));
    this.#connection = this.#options.transport.connect(
      this.#options.url,
      { token: this.#token as string, v: CONTRACT_VERSION },
      {
        opened: (id) => {
          if (!current()) return;
          if (id !== undefined) this.#ids = new Set([...this.#ids].slice(-1)).add(id);
          this.#timers.cancel('dial');
          this.#happened({ type: 'opened' });
        },
        refused: (wire) => refused(wire && readError(wire)),
        lost: () => {
          if (current()) this.#happened({ type: 'lost' });
        },
        event: (name, payload) => {
          if (current()) this.#eventCame(name, payload);
        },
      },
    );
  }

  #eventCame(name: string, payload: unknown): void {
    // The server's payloads are held to their schema there; a client of ours does not weigh its bundle down with it.
    if (typeof payload !== 'object' || payload === null) return;
    if (name === 'server.draining') {
      const at = Date.parse((payload as ServerEvents['server.draining']).at);
      this.#happened({ type: 'draining', at: Number.isNaN(at) ? this.#options.clock.now() : at });
    }
    if (name === 'auth.expiring') void this.#refresh('expiring', 0);
    // All of a user's clients are told of a cut, and each again when it comes back.
    if (name === 'connection.cut' && !this.#ids.delete((payload as ServerEvents['connection.cut']).connection)) return;
    try {
      this.#listener.event(name as ServerEventName, payload as never);
    } catch (fault) {
      // An event that breaks the contract must not take the page down with it; a gap that it leaves is repaired.
      this.#listener.error(asRoomError(fault, 'internal'));
    }
  }

  /** Sees whether the line is alive: any answer will do. */
  async #probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    const attempt = this.#attempt;
    const outcome = await this.#roundTrip('room.list', { limit: 1 }, PROBE_DEADLINE_MS);
    this.#probing = false;
    if ('fault' in outcome && attempt === this.#attempt) this.#happened({ type: 'probeFailed' });
  }

  /** Gives the open connection a new token. Tried again until the server ends the connection for the old one's sake. */
  async #refresh(reason: TokenReason, failures: number): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    try {
      const token = await this.#renewToken(reason);
      // Whatever connection is open by now: another one that was made meanwhile runs on the old token too.
      if (this.online) await this.request('auth.refresh', { token });
    } catch (fault) {
      // The next connection sees to its token itself.
      if (!this.online) return;
      const error = asRoomError(fault, 'unavailable');
      this.#listener.error(error);
      if (error.code === 'forbidden') this.#happened({ type: 'tokenFailed', error });
      if (!error.retryable && (error.code !== 'unauthenticated' || reason === 'rejected')) return;
      const next = error.code === 'unauthenticated' ? 'rejected' : reason;
      const wait = backoffMs(failures, this.#options.random(), error.retryAfterMs);
      this.#timers.set('renewal', wait, () => void this.#refresh(next, failures + 1));
    } finally {
      this.#renewing = false;
    }
  }

  /** Asks for a token, one at a time whoever needs it. A token of another caller is refused. */
  async #renewToken(reason: TokenReason): Promise<string> {
    this.#tokenAsked ??= this.#askToken(reason).finally(() => {
      this.#tokenAsked = undefined;
    });
    const token = await this.#tokenAsked;
    const { identity, expiresAt } = readToken(token);
    if (isAnotherCaller(this.#me, identity)) {
      throw new RoomError('forbidden', 'The new token belongs to another caller; close this client and make another');
    }
    this.#token = token;
    this.#expiresAt = expiresAt;
    this.#me ??= identity;
    return token;
  }

  #askToken(reason: TokenReason): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#timers.set('token', TOKEN_DEADLINE_MS, () => reject(new RoomError('unavailable', 'No token in time')));
      Promise.resolve()
        .then(() => this.#options.getToken(reason))
        .finally(() => this.#timers.cancel('token'))
        .then(resolve, (fault: unknown) => reject(asRoomError(fault, 'unavailable')));
    });
  }
}
