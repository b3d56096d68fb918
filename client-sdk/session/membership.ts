import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { asRoomError } from '../core/failure.ts';
import type { Session } from './session.ts';
import type { Timers } from './timers.ts';

export interface MembershipOptions {
  roomId: string;
  session: Session;
  clock: Clock;
  random: () => number;
  livenessMs: number;
}

/** What a membership asks of, and tells, its room. */
export interface Member {
  since(): Record<string, number> | undefined;
  joining(): void;
  joined(answer: CommandOutput<'room.join'>, since: Record<string, number> | undefined): void;
  /** The room as it is now, unasked; answers false when only another join can bring what it shows. */
  compared(answer: CommandOutput<'room.get'>): boolean;
  refused(error: RoomError): void;
  closed(): void;
}

/**
 * A room that is to be looked at again is asked for after this long and up to twice this long: everybody in it was told at the same moment, and a
 * server that only follows another one knows of the change a little later.
 */
export const LOOK_AFTER_MS = 1_000;

interface Opening {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: RoomError) => void;
}

/**
 * Keeps a room joined on whatever connection is open for as long as somebody holds it, and left when nobody does.
 *
 * Joins and leaves go one at a time, since a server may carry out two that are on their way in either order.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #timers: Timers;
  readonly #member: Member;
  /** When each stream was last heard of. */
  readonly #heardAt = new Map<string, number>();
  #holders = 0;
  #opening: Opening | undefined;
  /** The number of the connection on which the server may have us in the room. */
  #joinedOn: number | undefined;
  /** True when what the join answered still stands. */
  #fresh = false;
  /** True when something came after the join was sent that its answer may not know of. */
  #doubted = false;
  /** True when something was told of that only the room itself shows. */
  #lookWanted = false;
  #busy = false;
  #over = false;
  #failures = 0;

  constructor(options: MembershipOptions, timers: Timers, member: Member) {
    this.#options = options;
    this.#timers = timers;
    this.#member = member;
  }

  get held(): boolean {
    return this.#holders > 0;
  }

  hold(): Promise<void> {
    this.#holders++;
    if (this.#isJoined) return Promise.resolve();
    if (this.#over) {
      this.#over = false;
      this.#fresh = false;
    }
    this.#opening ??= newOpening();
    if (!this.#busy) this.#member.joining();
    this.#step();
    return this.#opening.promise;
  }

  release(): void {
    if (this.#holders === 0) return;
    this.#holders--;
    if (this.#holders > 0) return;
    this.#abandon(new RoomError('conflict', 'The room was closed before it was open'));
    this.#over = false;
    this.#fresh = false;
    this.#member.closed();
    this.#step();
  }

  end(): void {
    this.#holders = 0;
    this.#abandon(new RoomError('unavailable', 'The client was closed'));
  }

  connected(): void {
    this.#failures = 0;
    this.#timers.cancel('join');
    this.#step();
  }

  disconnected(): void {
    this.#joinedOn = undefined;
    this.#fresh = false;
    this.#timers.cancel('liveness');
  }

  /** Joins once more on the same connection: the room has a stream, or a loss, that only a join can tell of. */
  joinAgain(): void {
    this.#fresh = false;
    this.#step();
  }

  /** Something of the room has changed that no entry shows by itself, such as who its members are: it is asked for soon. */
  lookAgain(): void {
    this.#lookWanted = true;
    if (this.#isJoined && this.held) this.#watch();
  }

  /** What a join on its way will answer may be out of date already. */
  doubtJoin(): void {
    this.#doubted = true;
  }

  /** The server took us out of the room. It stays so until somebody opens the room anew. */
  revoked(): void {
    this.#over = true;
    this.#fresh = false;
    if (!this.#busy) this.#joinedOn = undefined;
    this.#abandon(new RoomError('not_found', 'Access to the room was withdrawn'));
  }

  heard(stream: string): void {
    this.#heardAt.set(stream, this.#options.clock.now());
  }

  get #isJoined(): boolean {
    return this.#fresh && this.#joinedOn === this.#options.session.number;
  }

  /** Takes the next step towards what is wanted, if one is needed and none is being taken. */
  #step(): void {
    const { session } = this.#options;
    if (this.#busy || !session.online || this.#timers.has('join')) return;
    const wanted = this.held && !this.#over;
    if (wanted && !this.#isJoined) void this.#take(() => this.#join());
    else if (!wanted && this.#joinedOn === session.number) void this.#take(() => this.#leave());
  }

  async #take(action: () => Promise<void>): Promise<void> {
    this.#busy = true;
    try {
      await action();
    } finally {
      this.#busy = false;
    }
    this.#step();
  }

  async #join(): Promise<void> {
    const { roomId, session } = this.#options;
    const number = session.number;
    const since = this.#member.since();
    this.#doubted = false;
    this.#lookWanted = false;
    this.#joinedOn = number;
    this.#member.joining();
    try {
      const answer = await session.request('room.join', { roomId, ...(since ? { since } : {}) });
      if (!this.held || this.#over || this.#doubted || session.number !== number) return;
      this.#fresh = true;
      this.#failures = 0;
      for (const { stream } of answer.streams) this.heard(stream);
      this.#member.joined(answer, since);
      this.#opening?.resolve();
      this.#opening = undefined;
      this.#watch();
    } catch (fault) {
      const error = asRoomError(fault, 'internal');
      if (session.number !== number || this.#over) return;
      if (error.retryable || error.code === 'unauthenticated') {
        const wait = Math.max(100, backoffMs(this.#failures++, this.#options.random(), error.retryAfterMs));
        this.#timers.set('join', wait, () => this.#step());
      } else {
        this.#refused(error);
      }
    }
  }

  async #leave(): Promise<void> {
    const { roomId, session } = this.#options;
    const number = session.number;
    // A leave without its ack is not repeated: the connection is either gone, or as good as gone.
    await session.request('room.leave', { roomId }).catch(() => {});
    if (session.number === number) this.#joinedOn = undefined;
  }

  #refused(error: RoomError): void {
    this.#joinedOn = undefined;
    this.#fresh = false;
    if (!this.held) return;
    this.#over = true;
    this.#abandon(error);
    this.#member.refused(error);
  }

  #abandon(error: RoomError): void {
    this.#opening?.reject(error);
    this.#opening = undefined;
    this.#heardAt.clear();
    this.#timers.cancel('join');
    this.#timers.cancel('liveness');
  }

  /** Looks at the room when that is wanted, else at its heads when the stream that was silent longest has been so for long enough. */
  #watch(): void {
    const { clock, random, livenessMs } = this.#options;
    const silentSince = Math.min(...this.#heardAt.values(), clock.now());
    const patience = livenessMs * (0.75 + 0.5 * random());
    const wait = Math.max(livenessMs / 4, silentSince + patience - clock.now());
    const soon = LOOK_AFTER_MS * (1 + random());
    this.#timers.set('liveness', this.#lookWanted ? soon : wait, () => void this.#compare());
  }

  async #compare(): Promise<void> {
    const { roomId, session, clock, livenessMs } = this.#options;
    const silentSince = Math.min(...this.#heardAt.values());
    if (this.#lookWanted || clock.now() - silentSince >= livenessMs / 2) {
      this.#lookWanted = false;
      try {
        const answer = await session.request('room.get', { roomId });
        if (!this.#isJoined || !this.held) return;
        for (const { stream } of answer.room.streams) this.heard(stream);
        for (const stream of this.#heardAt.keys()) {
          if (!answer.room.streams.some((known) => known.stream === stream)) this.#heardAt.delete(stream);
        }
        if (!this.#member.compared(answer)) return this.joinAgain();
      } catch (fault) {
        if (!this.#isJoined || !this.held) return;
        const error = asRoomError(fault, 'internal');
        if (error.code === 'not_found' || error.code === 'forbidden') return this.#refused(error);
        this.#lookWanted = true;
      }
    }
    this.#watch();
  }
}

function newOpening(): Opening {
  let resolve!: () => void;
  let reject!: (error: RoomError) => void;
  const promise = new Promise<void>((onOpen, onError) => {
    resolve = onOpen;
    reject = onError;
  });
  // Whoever opened without waiting sees the failure in the snapshot.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
