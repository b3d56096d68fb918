import type { Person } from '../../shared/contract/primitives.ts';
import type { EntryDoc } from '../timeline/entry-store.ts';
import type { Packet } from './packet.ts';
import type { Typist } from './typing.ts';

/**
 * Who is sent an event, of those who have joined its stream: everybody, or, where it shows who the buyer is, whoever may know that. A provider may when it has accepted
 * an opportunity.
 */
export type Hearers = 'everybody' | 'who knows the buyer';

/** The other servers on the same database, as far as they are told what happens at this one. None of it waits, and none of it is certain to arrive. */
export interface Others {
  /** An entry that was written here, to whoever has joined its stream elsewhere. */
  entry(doc: EntryDoc, packet: Packet): void;
  /** Any other event, to whoever has joined the stream elsewhere. @param to see `Hearers` */
  event(roomId: string, stream: string, packet: Packet, to: Hearers): void;
  /** Somebody types here, or types on, or has stopped. */
  typing(roomId: string, stream: string, typist: Typist, typing: boolean): void;
  /** Somebody is in a place here (see `Presence`), or not any more. */
  presence(place: string, person: Person, here: boolean): void;
  /** Somebody here is told of a place from now on, or nobody any more: who is there elsewhere is of interest, or not. */
  placeOpen(place: string, open: boolean): void;
  /** Resolves when this server hears all that is said of what was opened here so far; soon, where it cannot be asked. */
  listening(): Promise<void>;
  /** Resolves when it is known here who is in an open place elsewhere; at once, or soon, where nobody can tell. */
  peopleKnown(place: string): Promise<void>;
  /** Somebody of that seat is connected here, or nobody any more. */
  seat(seat: string, taken: boolean): void;
  /** A person has so many connections here. */
  connections(userId: string, count: number): void;
}
