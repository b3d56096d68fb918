import { PRESENCE_GRACE_MS } from '../../shared/contract/limits.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import type { Clock } from '../clock.ts';

interface Present {
  person: Person;
  /** On this server. */
  connections: number;
  /** Takes back the pending departure from this server: there is one while the last connection's grace lasts. */
  stay?: () => void;
  /** Other servers that say that the person is there. */
  elsewhere?: Set<string>;
}

export interface PresenceParts {
  clock: Clock;
  /** Told when a person appears in a room, at whatever server, and when they are gone from all of them. */
  announce(roomId: string, person: Person, online: boolean): void;
  /** Told when a person appears in a room at this server, or is gone from it here. */
  onHere?(roomId: string, person: Person, here: boolean): void;
}

/** Who has a room open, several connections a person, at whatever servers, counted as one. */
export class Presence {
  readonly #parts: PresenceParts;
  readonly #rooms = new Map<string, Map<string, Present>>();

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  enter(roomId: string, person: Person): void {
    const people = this.#peopleOf(roomId);
    const key = keyOf(person);
    const present = people.get(key);
    if (present !== undefined && isHere(present)) {
      present.stay?.();
      delete present.stay;
      present.connections += 1;
      return;
    }
    if (present === undefined) people.set(key, { person, connections: 1 });
    else present.connections = 1;
    this.#parts.onHere?.(roomId, person, true);
    if (present === undefined) this.#parts.announce(roomId, person, true);
  }

  /** One of the person's connections has ended: they are gone from here when none comes back within the grace. */
  drop(roomId: string, person: Person): void {
    const present = this.#rooms.get(roomId)?.get(keyOf(person));
    if (present === undefined || present.connections === 0 || --present.connections > 0) return;
    present.stay = this.#parts.clock.after(PRESENCE_GRACE_MS, () => this.#goneHere(roomId, present));
  }

  /** The person has left by themselves, or lost the room, on one connection: no grace. */
  leave(roomId: string, person: Person): void {
    const present = this.#rooms.get(roomId)?.get(keyOf(person));
    if (present === undefined || present.connections === 0 || --present.connections > 0) return;
    this.#goneHere(roomId, present);
  }

  /**
   * Another server says that somebody has the room open there, or not any more.
   * @param announced false where everybody here is about to be told who is there
   */
  heard(server: string, roomId: string, person: Person, there: boolean, announced = true): void {
    const people = this.#peopleOf(roomId);
    const key = keyOf(person);
    const present = people.get(key);
    if (there) {
      if (present === undefined) {
        people.set(key, { person, connections: 0, elsewhere: new Set([server]) });
        if (announced) this.#parts.announce(roomId, person, true);
      } else (present.elsewhere ??= new Set()).add(server);
    } else if (present?.elsewhere?.delete(server) === true) this.#forgetAbsent(roomId, key, present, announced);
    if (people.size === 0) this.#rooms.delete(roomId);
  }

  /** Another server says who exactly has the room open there. */
  heardAll(server: string, roomId: string, there: readonly Person[], announced = true): void {
    const keys = new Set(there.map(keyOf));
    for (const person of there) this.heard(server, roomId, person, true, announced);
    for (const [key, { person, elsewhere }] of [...(this.#rooms.get(roomId) ?? [])]) {
      if (elsewhere?.has(server) === true && !keys.has(key)) this.heard(server, roomId, person, false, announced);
    }
  }

  /** A server is gone, and whoever was there with it. */
  serverGone(server: string): void {
    for (const roomId of [...this.#rooms.keys()]) this.heardAll(server, roomId, []);
  }

  /** Nobody here has the room open: of other servers' people nothing is learnt any more. */
  forgetElsewhere(roomId: string): void {
    const people = this.#rooms.get(roomId);
    if (people === undefined) return;
    for (const [key, present] of people) {
      delete present.elsewhere;
      if (!isHere(present)) people.delete(key);
    }
    if (people.size === 0) this.#rooms.delete(roomId);
  }

  online(roomId: string): Person[] {
    return [...(this.#rooms.get(roomId)?.values() ?? [])].map(({ person }) => person);
  }

  /** Those of them who are at this server. */
  here(roomId: string): Person[] {
    return [...(this.#rooms.get(roomId)?.values() ?? [])].filter(isHere).map(({ person }) => person);
  }

  /** The rooms that anybody is known to have open. */
  rooms(): IterableIterator<string> {
    return this.#rooms.keys();
  }

  close(): void {
    for (const people of this.#rooms.values()) for (const present of people.values()) present.stay?.();
    this.#rooms.clear();
  }

  #peopleOf(roomId: string): Map<string, Present> {
    const known = this.#rooms.get(roomId);
    if (known !== undefined) return known;
    const people = new Map<string, Present>();
    this.#rooms.set(roomId, people);
    return people;
  }

  #goneHere(roomId: string, present: Present): void {
    const key = keyOf(present.person);
    if (this.#rooms.get(roomId)?.get(key) !== present) return;
    delete present.stay;
    this.#parts.onHere?.(roomId, present.person, false);
    this.#forgetAbsent(roomId, key, present);
  }

  #forgetAbsent(roomId: string, key: string, present: Present, announced = true): void {
    if (isHere(present) || (present.elsewhere?.size ?? 0) > 0) return;
    const people = this.#rooms.get(roomId);
    people?.delete(key);
    if (people?.size === 0) this.#rooms.delete(roomId);
    if (announced) this.#parts.announce(roomId, present.person, false);
  }
}

const isHere = ({ connections, stay }: Present): boolean => connections > 0 || stay !== undefined;

const keyOf = (person: Person): string => `${person.side}:${person.userId}`;
