import * as fc from 'fast-check';
import { KEYS, ODDITIES, OPERATORS } from './hostile-values.ts';

/** Where in a value something stands: keys and indexes from the outside in. */
export type Path = readonly (string | number)[];

/** Every place of a value, the value itself first. */
export function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const children = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...children.flatMap(([key, child]) => placesOf(child, [...path, key]))];
}

/** The value with something else at a place. */
export function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((child, i) => (i === key ? replaced(child, rest, by) : child));
  if (typeof value !== 'object' || value === null) return value;
  return withKey(value, String(key), replaced(Reflect.get(value, key), rest, by));
}

/** A copy with a key of its own, whatever it is called. */
function withKey(value: object, key: string, child: unknown): object {
  const copy = { ...value };
  Object.defineProperty(copy, key, { value: child, enumerable: true, configurable: true, writable: true });
  return copy;
}

/** How a valid input is spoiled, at a place between its first (0) and its last (1). */
export type JsonMutation = { at: number } & (
  | { do: 'replace'; by: unknown }
  | { do: 'add'; key: string; value: unknown }
  | { do: 'drop' | 'wrap' | 'double' }
);

const hostile = fc.oneof(fc.constantFrom(...OPERATORS), fc.constantFrom(...ODDITIES), fc.jsonValue({ maxDepth: 2 }));
const at = fc.double({ min: 0, max: 1, noNaN: true });

export const jsonMutation: fc.Arbitrary<JsonMutation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ at, do: fc.constant('replace' as const), by: hostile }) },
  {
    weight: 2,
    arbitrary: fc.record({ at, do: fc.constant('add' as const), key: fc.constantFrom(...KEYS), value: hostile }),
  },
  { weight: 1, arbitrary: fc.record({ at, do: fc.constantFrom('drop' as const, 'wrap' as const, 'double' as const) }) },
);

export function mutate(value: unknown, mutation: JsonMutation): unknown {
  const places = placesOf(value);
  const place = places[Math.min(places.length - 1, Math.floor(mutation.at * places.length))] ?? [];
  const there = place.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);
  switch (mutation.do) {
    case 'replace':
      return replaced(value, place, mutation.by);
    case 'add':
      return replaced(
        value,
        place,
        typeof there === 'object' && there !== null && !Array.isArray(there)
          ? withKey(there, mutation.key, mutation.value)
          : withKey({}, mutation.key, there),
      );
    case 'drop':
      return replaced(value, place, undefined);
    case 'wrap':
      return replaced(value, place, [there]);
    case 'double':
      return replaced(value, place, [there, there]);
  }
}
