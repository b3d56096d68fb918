import { io, type Socket } from 'socket.io-client';
import type { Entry } from '../../../shared/contract/entries.ts';
import type { ServerEvents } from '../../../shared/contract/events.ts';
import { Listener } from './listener.ts';

/** Somebody who connects: with a token for ours, without for the bare server. */
export interface Seat {
  token?: string;
  /** Where, when not where the group is. */
  url?: string;
  /** Rooms that are joined at once. */
  rooms: readonly string[];
  /** May write into the public stream of its rooms. */
  writes: boolean;
  /** Only listens, in its one room: see `Listener`. */
  listens?: boolean;
}

type Answer = { ok: true; data: unknown } | { ok: false; error: { code: string; message: string } };

/** How many connections are being opened at a time: more only wait in the server's queue. */
const OPENING_AT_ONCE = 32;
const CALL_DEADLINE_MS = 30_000;

export interface Member {
  readonly socket: Socket;
  readonly seat: Seat;
  received: number;
  /** The last number seen in each room's public stream. */
  readonly last: Map<string, number>;
}

/** Connections to one server, opened by the same client whatever the server is. */
export class Group {
  readonly members: Member[] = [];
  readonly listeners: Listener[] = [];
  readonly #url: string;
  /** Entries of public streams that arrived out of their order, or after a hole. */
  disorder = 0;
  ended = 0;
  onEntry: ((entry: Pick<Entry, 'clientId'>) => void) | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Opens a connection for each seat, and its rooms. */
  async open(seats: readonly Seat[]): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let seat = seats[next++]; seat !== undefined; seat = seats[next++]) {
        if (seat.listens === true) {
          await this.#listen(seat);
          continue;
        }
        const member = await this.connect(seat);
        for (const roomId of seat.rooms) await callOn(member.socket, 'room.join', { roomId, limit: 1 });
      }
    };
    await Promise.all(Array.from({ length: Math.min(OPENING_AT_ONCE, seats.length) }, worker));
  }

  /** Opens one connection, without its rooms. @param onCut told when the server says that it has cut off an earlier one */
  async connect(
    seat: Seat,
    onCut?: (cut: ServerEvents['connection.cut']) => void,
    transport: 'websocket' | 'polling' = 'websocket',
  ): Promise<Member> {
    const socket = io(seat.url ?? this.#url, {
      transports: [transport],
      forceNew: true,
      multiplex: false,
      reconnection: false,
      ...(seat.token === undefined ? {} : { auth: { token: seat.token, v: 1 } }),
    });
    const member: Member = { socket, seat, received: 0, last: new Map() };
    socket.on('entry', (entry: Entry) => this.#receive(member, entry));
    if (onCut !== undefined) socket.on('connection.cut', onCut);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    socket.on('disconnect', () => {
      this.ended += 1;
    });
    this.members.push(member);
    return member;
  }

  async #listen(seat: Seat): Promise<void> {
    let last: number | undefined;
    const onEntry = (seq: number, clientId: string | undefined) => {
      if (last !== undefined && seq !== last + 1) this.disorder += 1;
      last = seq;
      this.onEntry?.(clientId === undefined ? {} : { clientId });
    };
    this.listeners.push(await Listener.open(this.#url, seat, onEntry, () => (this.ended += 1)));
  }

  #receive(member: Member, entry: Entry): void {
    if (entry.stream !== 'public') return;
    const last = member.last.get(entry.roomId);
    if (last !== undefined && entry.seq !== last + 1) this.disorder += 1;
    member.last.set(entry.roomId, entry.seq);
    member.received += 1;
    this.onEntry?.(entry);
  }

  close(): void {
    for (const { socket } of this.members) {
      socket.off();
      socket.disconnect();
    }
    this.members.length = 0;
    for (const listener of this.listeners) listener.close();
    this.listeners.length = 0;
  }
}

/** Calls a command and gives its data. @throws when it is refused or not answered in time */
export async function callOn(socket: Socket, name: string, input: unknown): Promise<unknown> {
  const answer: Answer = await socket.timeout(CALL_DEADLINE_MS).emitWithAck(name, input);
  if (answer.ok) return answer.data;
  throw new Error(`${name}: ${answer.error.code}, ${answer.error.message}`);
}
