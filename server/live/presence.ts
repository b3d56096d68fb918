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
  /** Told when a person appears in a place, at whatever server, and when they are gone from it at all of them. */
  announce(place: string, person: Person, online: boolean): void;
  /** Told when a person appears in a place at this server, or is gone from it here. */
  onHere?(place: string, person: Person, here: boolean): void;
}

/**
 * Who has a room open, several connections a person, at whatever servers, counted as one: by place, which is the channel of the stream whose readers are told of them
 * (`seenIn`). Whoever is in one place is not told of those in another.
 */
export class Presence {
  readonly #parts: PresenceParts;
  readonly #places = new Map<string, Map<string, Present>>();

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  enter(place: string, person: Person): void {
    const people = this.#peopleOf(place);
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
    this.#parts.onHere?.(place, person, true);
    if (present === undefined) this.#parts.announce(place, person, true);
  }

  /** One of the person's connections has ended: they are gone from here when none comes back within the grace. */
  drop(place: string, person: Person): void {
    const present = this.#places.get(place)?.get(keyOf(person));
    if (present === undefined || present.connections === 0 || --present.connections > 0) return;
    present.stay = this.#parts.clock.after(PRESENCE_GRACE_MS, () => this.#goneHere(place, present));
  }

  /** The person has left by themselves, or lost the room, on one connection: no grace. */
  leave(place: string, person: Person): void {
    const present = this.#places.get(place)?.get(keyOf(person));
    if (present === undefined || present.connections === 0 || --present.connections > 0) return;
    this.#goneHere(place, present);
  }

  /**
   * Another server says that somebody has come to a place there, or is gone.
   * @param announced false where everybody here is about to be told who is there
   */
  heard(server: string, place: string, person: Person, there: boolean, announced = true): void {
    const people = this.#peopleOf(place);
    const key = keyOf(person);
    const present = people.get(key);
    if (there) {
      if (present === undefined) {
        people.set(key, { person, connections: 0, elsewhere: new Set([server]) });
        if (announced) this.#parts.announce(place, person, true);
      } else (present.elsewhere ??= new Set()).add(server);
    } else if (present?.elsewhere?.delete(server) === true) this.#forgetAbsent(place, key, present, announced);
    if (people.size === 0) this.#places.delete(place);
  }

  /** Another server says who exactly is in a place there. */
  heardAll(server: string, place: string, there: readonly Person[], announced = true): void {
    const keys = new Set(there.map(keyOf));
    for (const person of there) this.heard(server, place, person, true, announced);
    for (const [key, { person, elsewhere }] of [...(this.#places.get(place) ?? [])]) {
      if (elsewhere?.has(server) === true && !keys.has(key)) this.heard(server, place, person, false, announced);
    }
  }

  /** A server is gone, and whoever was there with it. */
  serverGone(server: string): void {
    for (const place of [...this.#places.keys()]) this.heardAll(server, place, []);
  }

  /** Nobody here looks: of other servers' people nothing is learnt any more. */
  forgetElsewhere(place: string): void {
    const people = this.#places.get(place);
    if (people === undefined) return;
    for (const [key, present] of people) {
      delete present.elsewhere;
      if (!isHere(present)) people.delete(key);
    }
    if (people.size === 0) this.#places.delete(place);
  }

  online(place: string): Person[] {
    return [...(this.#places.get(place)?.values() ?? [])].map(({ person }) => person);
  }

  /** Those of them who are at this server. */
  here(place: string): Person[] {
    return [...(this.#places.get(place)?.values() ?? [])].filter(isHere).map(({ person }) => person);
  }

  /** Where anybody is known to be. */
  places(): IterableIterator<string> {
    return this.#places.keys();
  }

  close(): void {
    for (const people of this.#places.values()) for (const present of people.values()) present.stay?.();
    this.#places.clear();
  }

  #peopleOf(place: string): Map<string, Present> {
    const known = this.#places.get(place);
    if (known !== undefined) return known;
    const people = new Map<string, Present>();
    this.#places.set(place, people);
    return people;
  }

  #goneHere(place: string, present: Present): void {
    const key = keyOf(present.person);
    if (this.#places.get(place)?.get(key) !== present) return;
    delete present.stay;
    this.#parts.onHere?.(place, present.person, false);
    this.#forgetAbsent(place, key, present);
  }

  #forgetAbsent(place: string, key: string, present: Present, announced = true): void {
    if (isHere(present) || (present.elsewhere?.size ?? 0) > 0) return;
    const people = this.#places.get(place);
    people?.delete(key);
    if (people?.size === 0) this.#places.delete(place);
    if (announced) this.#parts.announce(place, present.person, false);
  }
}

const isHere = ({ connections, stay }: Present): boolean => connections > 0 || stay !== undefined;

const keyOf = (person: Person): string => `${person.side}:${person.userId}`;
