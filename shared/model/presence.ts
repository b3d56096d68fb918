import type { ServerEvents } from '../contract/events.ts';
import type { Person } from '../contract/primitives.ts';

type PresenceChange = ServerEvents['presence'];

/** Who is present in a room, and the changes heard of while a full list is on its way. Somebody on two sides is there twice. */
export interface Presence {
  readonly people: ReadonlyMap<string, Person>;
  /** Undefined when no list is being awaited. */
  readonly sinceAsked: readonly PresenceChange[] | undefined;
}

export const NOBODY: Presence = { people: new Map(), sinceAsked: undefined };

/** A full list has been asked for: changes are remembered from now on, as the list may have been made before them. */
export function askedForList(presence: Presence): Presence {
  return { ...presence, sinceAsked: [] };
}

/** Somebody came or went. Coming twice or going twice changes nothing. */
export function applyPresence(presence: Presence, change: PresenceChange): Presence {
  return {
    people: withChange(presence.people, change),
    sinceAsked: presence.sinceAsked && [...presence.sinceAsked, change],
  };
}

/**
 * The full list is there. It replaces what was known; the changes heard of since it was asked for are applied again, in
 * their order, so that the last word on each person stands whether the list was made before or after it.
 */
export function applyList(presence: Presence, list: readonly Person[]): Presence {
  let people: ReadonlyMap<string, Person> = new Map(list.map((person) => [keyOf(person), person]));
  for (const change of presence.sinceAsked ?? []) people = withChange(people, change);
  return { people, sinceAsked: undefined };
}

function withChange(people: ReadonlyMap<string, Person>, change: PresenceChange): ReadonlyMap<string, Person> {
  const { userId, name, side, online } = change;
  const key = keyOf(change);
  if (online === people.has(key)) return people;
  const next = new Map(people);
  if (online) next.set(key, { userId, name, side });
  else next.delete(key);
  return next;
}

const keyOf = ({ side, userId }: Pick<Person, 'side' | 'userId'>): string => `${side}:${userId}`;
