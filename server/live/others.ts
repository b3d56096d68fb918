import type { Person } from '../../shared/contract/primitives.ts';
import type { EntryDoc } from '../timeline/entry-store.ts';
import type { Packet } from './packet.ts';
import type { Typist } from './typing.ts';

/** The other servers on the same database, as far as they are told what happens at this one. None of it waits, and none of it is certain to arrive. */
export interface Others {
  /** An entry that was written here, to whoever has joined its stream elsewhere. */
  entry(doc: EntryDoc, packet: Packet): void;
  /** Any other event, to whoever has joined the stream elsewhere. */
  event(roomId: string, stream: string, packet: Packet): void;
  /** Somebody types here, or types on, or has stopped. */
  typing(roomId: string, stream: string, typist: Typist, typing: boolean): void;
  /** Somebody has the room open here, or not any more. */
  presence(roomId: string, person: Person, here: boolean): void;
  /** The room is open here from now on, or not any more: who has it open elsewhere is of interest, or not. */
  roomOpen(roomId: string, open: boolean): void;
  /** Resolves when this server hears all that is said of what was opened here so far; soon, where it cannot be asked. */
  listening(): Promise<void>;
  /** Resolves when it is known here who has an open room open elsewhere; at once, or soon, where nobody can tell. */
  peopleKnown(roomId: string): Promise<void>;
  /** Somebody of that seat is connected here, or nobody any more. */
  seat(seat: string, taken: boolean): void;
  /** A person has so many connections here. */
  connections(userId: string, count: number): void;
}
