/** An aggregation split into what the planner answers, what the stages do, and where the result goes. */
import { MongoError } from '../errors.ts';
import { type Doc, decode, encode, isDoc, runPipeline, toNumber } from '../semantics/index.ts';
import type { Results } from '../cursors.ts';
import type { Engine } from '../engine.ts';
import { type Plan, planQuery } from '../plan/planner.ts';
import { type Deadline, Matches, type Window, deadlineAfter } from '../plan/query.ts';
import { type Call, arrayField, collectionName, documentField, wholeField } from './command.ts';

export interface Split {
  readonly filter: Doc;
  readonly sort: Doc | undefined;
  readonly window: Window;
  /** What is left for the stages. */
  readonly rest: readonly Doc[];
  /** `$out` or `$merge`, which only stand at the end. */
  readonly output: Doc | undefined;
}

function operatorOf(stage: Doc | undefined): string {
  return (stage && Object.keys(stage)[0]) ?? '';
}

/** Takes the leading `$match`, `$sort`, `$skip` and `$limit` off, which an index can answer, and the output stage. */
export function splitPipeline(stages: readonly unknown[]): Split {
  const rest: Doc[] = [];
  for (const stage of stages) {
    if (!isDoc(stage)) throw new MongoError('TypeMismatch', "Each element of the 'pipeline' array must be an object");
    rest.push(stage);
  }
  let output: Doc | undefined;
  for (const [at, stage] of rest.entries()) {
    if (stage['$out'] === undefined && stage['$merge'] === undefined) continue;
    if (at !== rest.length - 1)
      throw new MongoError(40601, `${operatorOf(stage)} can only be the final stage in the pipeline`);
    output = stage;
  }
  if (output) rest.pop();
  if (operatorOf(rest[0]) === '$changeStream')
    throw new MongoError(40573, 'The $changeStream stage is only supported on replica sets');
  const matches: Doc[] = [];
  for (
    let match = rest[0]?.['$match'];
    isDoc(match) && Object.keys(rest[0] ?? {}).length === 1;
    match = rest[0]?.['$match']
  ) {
    matches.push(match);
    rest.shift();
  }
  const filter = matches.length > 1 ? { $and: matches } : (matches[0] ?? {});
  let sort: Doc | undefined;
  const wanted = rest[0]?.['$sort'];
  if (isDoc(wanted) && isPlainSort(wanted)) {
    sort = wanted;
    rest.shift();
  }
  const skip = takeNumber(rest, '$skip', 0);
  const limit = takeNumber(rest, '$limit', 1);
  return { filter, sort, window: { skip, limit }, rest, output };
}

/** A sort that the stage would accept, and nothing that it would refuse. */
function isPlainSort(sort: Doc): boolean {
  const directions = Object.values(sort).map(toNumber);
  return directions.length > 0 && directions.every((direction) => direction === 1 || direction === -1);
}

function takeNumber(stages: Doc[], operator: string, least: number): number | undefined {
  const value = stages[0]?.[operator];
  const number = toNumber(value);
  if (value === undefined || !Number.isSafeInteger(number) || number < least) return undefined;
  stages.shift();
  return number;
}

/** `[{ $group: { _id: <constant>, x: { $sum: 1 } } }]`, which countDocuments sends: answered without decoding a document. */
export function countingGroup(stages: readonly Doc[]): { id: unknown; field: string } | undefined {
  const [stage] = stages;
  const group = stages.length === 1 ? stage?.['$group'] : undefined;
  if (!isDoc(group)) return undefined;
  const [first, second, ...others] = Object.entries(group);
  if (first?.[0] !== '_id' || !second || others.length > 0) return undefined;
  const [field, accumulator] = second;
  const constant = first[1] === null || typeof first[1] === 'number';
  if (!constant || field.includes('.') || field.startsWith('$')) return undefined;
  return isDoc(accumulator) && Object.keys(accumulator).length === 1 && accumulator['$sum'] === 1
    ? { id: first[1], field }
    : undefined;
}

export interface Aggregation {
  readonly engine: Engine;
  readonly db: string;
  readonly name: string;
  readonly split: Split;
  readonly plan: Plan;
  readonly variables: Doc | undefined;
  readonly deadline: Deadline;
}

/** Reads the fields of an aggregate command and plans its beginning. */
export function planAggregate(call: Call): Aggregation {
  if (typeof call.body[call.name] !== 'string')
    throw new MongoError(
      'CommandNotSupported',
      'An aggregation without a collection is not supported by the embedded database',
    );
  const { engine, db } = call;
  const name = collectionName(call);
  const stages = arrayField(call, 'pipeline');
  if (!stages) throw new MongoError(40414, "BSON field 'aggregate.pipeline' is missing but a required field");
  const split = splitPipeline(stages);
  const variables = documentField(call, 'let');
  const plan = planQuery(engine.catalog.find(db, name), {
    filter: split.filter,
    sort: split.sort,
    hint: call.body['hint'],
    collation: documentField(call, 'collation'),
    let: variables,
    now: engine.world.now(),
  });
  const deadline = deadlineAfter(wholeField(call, 'maxTimeMS'), engine.world.monotonicMs);
  return { engine, db, name, split, plan, variables, deadline };
}

/** The results of the planned part and the stages behind it. */
export function aggregationResults(aggregation: Aggregation): Results & { readonly matches: Matches } {
  const { engine, db, name, split, plan, deadline } = aggregation;
  const matches = new Matches(engine.env, engine.catalog.find(db, name), plan, split.window, deadline);
  if (split.rest.length === 0) return { matches, next: () => matches.next()?.raw, rest: () => matches.rest() };
  const counting = countingGroup(split.rest);
  const documents = counting ? counted(matches, counting) : runStages(aggregation, matches);
  const iterator = documents[Symbol.iterator]();
  return {
    matches,
    next: () => {
      const step = iterator.next();
      return step.done ? undefined : Buffer.from(encode(step.value));
    },
    rest: () => matches.rest(),
  };
}

function* counted(matches: Matches, counting: { id: unknown; field: string }): Iterable<Doc> {
  let n = 0;
  while (matches.next()) n += 1;
  if (n > 0) yield { _id: counting.id, [counting.field]: n };
}

function runStages({ engine, db, split, variables, deadline }: Aggregation, matches: Matches): Iterable<Doc> {
  const now = engine.world.now();
  const read = (name: string, filter: Doc): Iterable<Doc> => {
    const collection = engine.catalog.find(db, name);
    return decoded(new Matches(engine.env, collection, planQuery(collection, { filter, now }), {}, deadline));
  };
  const indexed = (name: string, field: string): boolean =>
    engine.catalog
      .find(db, name)
      ?.indexes.some((index) => index.fields[0] === field && !index.sparse && !index.partial && !index.hidden) ?? false;
  return runPipeline([...split.rest], decoded(matches), {
    collection: (name) => read(name, {}),
    lookupBy: (name, field, values) => (indexed(name, field) ? read(name, { [field]: { $in: values } }) : undefined),
    random: () => Number(BigInt.asUintN(53, engine.world.randomId())) / 2 ** 53,
    ...(variables ? { let: variables } : {}),
    now,
  });
}

function* decoded(matches: Matches): Iterable<Doc> {
  for (let match = matches.next(); match; match = matches.next()) yield decode(match.raw);
}
