import { MongoError } from '../errors.ts';
import { type Doc, compareValues, decodeFields, hashOf, isDoc } from '../semantics/index.ts';
import { planQuery } from '../plan/planner.ts';
import { Matches, deadlineAfter } from '../plan/query.ts';
import { type Call, type Command, collectionName, documentField, textField, wholeField } from './command.ts';

/** The query of count or distinct as matches, and how it was planned. */
export function planCount(call: Call): { matches: Matches; plan: ReturnType<typeof planQuery> } {
  const { engine } = call;
  const collection = engine.catalog.find(call.db, collectionName(call));
  const plan = planQuery(collection, {
    filter: documentField(call, 'query') ?? {},
    hint: call.body['hint'],
    collation: documentField(call, 'collation'),
    now: engine.world.now(),
  });
  const window = { skip: wholeField(call, 'skip'), limit: Math.abs(wholeField(call, 'limit', true) ?? 0) };
  const deadline = deadlineAfter(wholeField(call, 'maxTimeMS'), engine.world.monotonicMs);
  return { matches: new Matches(engine.env, collection, plan, window, deadline), plan };
}

function count(call: Call): Doc {
  const collection = call.engine.catalog.find(call.db, collectionName(call));
  const query = documentField(call, 'query') ?? {};
  const windowed = (wholeField(call, 'skip') ?? 0) > 0 || (wholeField(call, 'limit', true) ?? 0) !== 0;
  if (Object.keys(query).length === 0 && !windowed) return { n: collection?.count() ?? 0 };
  const { matches } = planCount(call);
  let n = 0;
  while (matches.next()) n += 1;
  return { n };
}

/** The values that a path has in a document, with arrays opened as distinct opens them. */
function* valuesAt(value: unknown, path: readonly string[]): Iterable<unknown> {
  const [name, ...rest] = path;
  if (name === undefined) {
    if (Array.isArray(value)) yield* value;
    else if (value !== undefined) yield value;
    return;
  }
  if (Array.isArray(value)) {
    if (/^\d+$/.test(name)) yield* valuesAt(value[Number(name)], rest);
    for (const item of value)
      if (isDoc(item)) yield* valuesAt(Object.hasOwn(item, name) ? item[name] : undefined, rest);
  } else if (isDoc(value) && Object.hasOwn(value, name)) yield* valuesAt(value[name], rest);
}

function distinct(call: Call): Doc {
  const key = textField(call, 'key');
  if (key === undefined) throw new MongoError(40414, "BSON field 'distinct.key' is missing but a required field");
  const path = key.split('.');
  const fields = new Set([path[0] ?? key]);
  const found = new Map<string, unknown>();
  const { matches } = planCount(call);
  for (let match = matches.next(); match; match = matches.next())
    for (const value of valuesAt(decodeFields(match.raw, fields), path)) {
      const hash = hashOf(value);
      if (!found.has(hash)) found.set(hash, value);
    }
  return { values: [...found.values()].sort(compareValues) };
}

export const countCommand: Command = {
  names: ['count'],
  writes: false,
  fields: ['query', 'limit', 'skip', 'hint', 'collation', 'fields'],
  run: count,
};

export const distinctCommand: Command = {
  names: ['distinct'],
  writes: false,
  fields: ['key', 'query', 'collation', 'hint'],
  run: distinct,
};
