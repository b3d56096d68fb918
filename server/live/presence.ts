import { PRESENCE_GRACE_MS } from '../../shared/contract/limits.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import type { Clock } from '../clock.ts';

interface Present {
  person: Person;
  connections: number;
  /** Takes back the pending departure; there is one exactly while `connections` is 0. */
  stay?: () => void;
}

/** Who has a room open on this server, several connections a person counted as one. */
export class Presence {
  readonly #clock: Clock;
  readonly #announce: (roomId: string, person: Person, online: boolean) => void;
  readonly #rooms = new Map<string, Map<string, Present>>();

  /** @param announce called when a person appears in a room or is gone from it */
  constructor(clock: Clock, announce: (roomId: string, person: Person, online: boolean) => void) {
    this.#clock = clock;
    this.#announce = announce;
  }

  enter(roomId: string, person: Person): void {
    let people = this.#rooms.get(roomId);
    if (people === undefined) this.#rooms.set(roomId, (people = new Map()));
    const key = keyOf(person);
    const present = people.get(key);
    if (present === undefined) {
      people.set(key, { person, connections: 1 });
      this.#announce(roomId, person, true);
      return;
    }
    present.stay?.();
    delete present.stay;
    present.connections += 1;
  }

  /** One of the person's connections has ended: they are gone when none comes back within the grace. */
  drop(roomId: string, person: Person): void {
    const present = this.#rooms.get(roomId)?.get(keyOf(person));
    if (present === undefined || --present.connections > 0) return;
    present.stay = this.#clock.after(PRESENCE_GRACE_MS, () => this.#gone(roomId, present));
  }

  /** The person has left by themselves, or lost the room, on one connection: no grace. */
  leave(roomId: string, person: Person): void {
    const present = this.#rooms.get(roomId)?.get(keyOf(person));
    if (present === undefined || --present.connections > 0) return;
    this.#gone(roomId, present);
  }

  online(roomId: string): Person[] {
    return [...(this.#rooms.get(roomId)?.values() ?? [])].map(({ person }) => person);
  }

  close(): void {
    for (const people of this.#rooms.values()) for (const present of people.values()) present.stay?.();
    this.#rooms.clear();
  }

  #gone(roomId: string, present: Present): void {
    const people = this.#rooms.get(roomId);
    if (people?.get(keyOf(present.person)) !== present) return;
    people.delete(keyOf(present.person));
    if (people.size === 0) this.#rooms.delete(roomId);
    this.#announce(roomId, present.person, false);
  }
}

const keyOf = (person: Person): string => `${person.side}:${person.userId}`;
