import { z } from 'zod';
import { events, type ServerEvents } from '../../shared/contract/events.ts';
import { person, type Person, side } from '../../shared/contract/primitives.ts';
import type { Hearers } from '../live/others.ts';
import type { Typist } from '../live/typing.ts';
import type { Told } from '../timeline/stream-heads.ts';
import { SERVER_ID_LENGTH } from './names.ts';

/**
 * What servers tell each other: a mark, the sender, a letter for the kind, a small head as JSON and, behind a line break, the event as it travels to clients. So a
 * receiver reads a few bytes, and hands on the rest as it came.
 */

/** No message of Socket.IO's adapter begins with it: those are JSON or MessagePack. */
const MARK = 0x01;
const LINE_BREAK = 0x0a;
const KIND_AT = 1 + SERVER_ID_LENGTH;
const HEAD_AT = KIND_AT + 1;

/** Somebody is in a place at the sender, or not any more. */
export interface Move {
  person: Person;
  here: boolean;
}

/** An entry that the sender has written, and the event that tells of it. */
interface EntryFrame {
  kind: 'entry';
  told: Told;
  recalls: boolean;
  packet: Buffer;
}
/** Something happened in a room that a seat has: for those who have not opened it. */
export interface NewsFrame {
  kind: 'news';
  roomId: string;
  stream: string;
  seq: number;
  recalls: boolean;
  /** Of the room, as the sender knows it: whom an older one does not name is to be told as well. */
  version: number;
}

export type Frame = { from: string } & (
  | EntryFrame
  | { kind: 'event'; to: Hearers; packet: Buffer }
  | { kind: 'typing'; typist: Typist; typing: boolean }
  /** `before` is the number of the sender's last word about this place, `now` that of this one. */
  | { kind: 'moves'; before: number; now: number; moves: readonly Move[] }
  /** The sender has changed the room. */
  | { kind: 'changed'; version: number }
  | NewsFrame
  /** The sender has changed something that every server follows: people, the calendar, the clock. */
  | { kind: 'wake' }
  /** What the sender had said of itself was gone, and is said anew. */
  | { kind: 'renewed' }
  /** The sender has cut off a connection of somebody, who may come back at any server. */
  | { kind: 'cut'; user: string; told: ServerEvents['connection.cut'] }
);

const count = z.int().min(0);
const flag = z.union([z.literal(0), z.literal(1)]);
const heads = {
  E: z.tuple([count, count, z.string(), count, z.string().nullable(), flag, count]),
  V: z.tuple([flag, count]),
  T: z.tuple([side, z.string(), z.boolean()]),
  M: z.tuple([count, count, z.array(z.tuple([person, z.boolean()]))]),
  C: z.tuple([count]),
  N: z.tuple([z.string(), z.string(), count, z.boolean(), count]),
  W: z.tuple([]),
  R: z.tuple([]),
  X: z.tuple([z.string(), events['connection.cut'].payload]),
} as const;
type Letter = keyof typeof heads;
type Head<L extends Letter> = z.infer<(typeof heads)[L]>;

function frame<L extends Letter>(from: string, letter: L, head: Head<L>, packet = ''): string {
  return `\u0001${from}${letter}${JSON.stringify(head)}\n${packet}`;
}

/** Makes the messages of one server. */
export class Frames {
  readonly #from: string;

  constructor(from: string) {
    this.#from = from;
  }

  /** @param packet Socket.IO's, and how many bytes it has */
  entry({ seq, tally, author, ownTally, holder }: Told, recalls: boolean, packet: string, bytes: number): string {
    return frame(this.#from, 'E', [seq, tally, author, ownTally, holder ?? null, recalls ? 1 : 0, bytes], packet);
  }
  event(to: Hearers, packet: string, bytes: number): string {
    return frame(this.#from, 'V', [to === 'everybody' ? 0 : 1, bytes], packet);
  }
  typing({ side: typistSide, userId }: Typist, typing: boolean): string {
    return frame(this.#from, 'T', [typistSide, userId, typing]);
  }
  moves(before: number, now: number, moves: readonly Move[]): string {
    return frame(this.#from, 'M', [before, now, moves.map(({ person: who, here }) => [who, here])]);
  }
  changed(version: number): string {
    return frame(this.#from, 'C', [version]);
  }
  news({ roomId, stream, seq, recalls, version }: Omit<NewsFrame, 'kind'>): string {
    return frame(this.#from, 'N', [roomId, stream, seq, recalls, version]);
  }
  wake(): string {
    return frame(this.#from, 'W', []);
  }
  renewed(): string {
    return frame(this.#from, 'R', []);
  }
  cut(user: string, told: ServerEvents['connection.cut']): string {
    return frame(this.#from, 'X', [user, told]);
  }
}

/** Says whether a message is one of ours and not of Socket.IO's adapter. */
export const isFrame = (message: Buffer): boolean => message[0] === MARK;

/** Who sent a frame. */
export const senderOf = (message: Buffer): string => message.toString('latin1', 1, KIND_AT);

/** Reads a message. @throws when it is not one of a server of this version: whoever reads it passes it over */
export function readFrame(message: Buffer): Frame {
  const end = message.indexOf(LINE_BREAK, HEAD_AT);
  if (!isFrame(message) || end < 0) throw new Error('not a frame');
  const from = senderOf(message);
  const head: unknown = JSON.parse(message.toString('utf8', HEAD_AT, end));
  const packet = message.subarray(end + 1);
  const whole = (bytes: number): Buffer => {
    if (packet.length !== bytes) throw new Error(`${packet.length} of ${bytes} bytes`);
    return packet;
  };
  switch (String.fromCharCode(message[KIND_AT] ?? 0)) {
    case 'E': {
      const [seq, tally, author, ownTally, holder, recalls, bytes] = heads.E.parse(head);
      const told = { seq, tally, author, ownTally, holder: holder ?? undefined };
      return { from, kind: 'entry', told, recalls: recalls === 1, packet: whole(bytes) };
    }
    case 'V': {
      const [to, bytes] = heads.V.parse(head);
      return { from, kind: 'event', to: to === 0 ? 'everybody' : 'who knows the buyer', packet: whole(bytes) };
    }
    case 'T': {
      const [typistSide, userId, typing] = heads.T.parse(head);
      return { from, kind: 'typing', typist: { side: typistSide, userId }, typing };
    }
    case 'M': {
      const [before, now, moves] = heads.M.parse(head);
      return { from, kind: 'moves', before, now, moves: moves.map(([who, here]) => ({ person: who, here })) };
    }
    case 'C':
      return { from, kind: 'changed', version: heads.C.parse(head)[0] };
    case 'N': {
      const [roomId, stream, seq, recalls, version] = heads.N.parse(head);
      return { from, kind: 'news', roomId, stream, seq, recalls, version };
    }
    case 'W':
      return { from, kind: 'wake' };
    case 'R':
      return { from, kind: 'renewed' };
    case 'X': {
      const [user, told] = heads.X.parse(head);
      return { from, kind: 'cut', user, told };
    }
    default:
      throw new Error('a frame of no known kind');
  }
}
