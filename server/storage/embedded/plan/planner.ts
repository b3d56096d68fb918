/** Chooses how a filter and a sort are answered: by which index, in which direction, and what is left to check on the documents. */
import { MongoError } from '../errors.ts';
import { type Doc, type Filter, compileFilter, isDoc, toNumber } from '../semantics/index.ts';
import type { Collection } from '../store/collection.ts';
import type { IndexDefinition } from '../store/index-definition.ts';
import { type Bounds, boundsOf } from './bounds.ts';
import { holdsAll } from './coverage.ts';
import { type Analysis, analyze } from './predicates.ts';

export interface CollectionScan {
  readonly kind: 'collection';
  readonly backwards: boolean;
}

export interface IndexScanPlan {
  readonly kind: 'index';
  readonly index: IndexDefinition;
  readonly bounds: Bounds;
  readonly backwards: boolean;
}

export interface UnionPlan {
  readonly kind: 'union';
  readonly branches: readonly Access[];
}

/** The road to the candidates. */
export type Access = CollectionScan | IndexScanPlan | UnionPlan;

export interface Plan {
  readonly access: Access;
  /** Undefined when every candidate is a match, so that documents need not be decoded. */
  readonly residual: Filter | undefined;
  /** The filter as a whole, for positional operators. */
  readonly filter: Filter;
  /** The sort that is left to do in memory; undefined when there is none, or the index gives the order. */
  readonly sort: Doc | undefined;
  readonly query: Doc;
  /** What expressions of a projection may ask for besides the document. */
  readonly variables: Variables;
}

export interface Variables {
  readonly let?: Doc;
  /** What `$$NOW` is. */
  readonly now: Date;
}

export interface Wish {
  readonly filter: Doc;
  readonly sort?: Doc | undefined;
  readonly hint?: unknown;
  readonly collation?: Doc | undefined;
  readonly let?: Doc | undefined;
  /** What `$$NOW` is. */
  readonly now: Date;
}

interface Candidate {
  readonly plan: IndexScanPlan;
  readonly exact: boolean;
  readonly sorted: boolean;
  readonly score: number;
}

/** Plans a query. A collection that does not exist is planned as a scan of nothing. */
export function planQuery(collection: Collection | undefined, wish: Wish): Plan {
  const { filter: query, collation } = wish;
  const simple = collation === undefined || collation['locale'] === 'simple';
  const variables: Variables = { ...(wish.let ? { let: wish.let } : {}), now: wish.now };
  const filter = compileFilter(query, { ...(collation && !simple ? { collation } : {}), ...variables });
  const sort = wish.sort && Object.keys(wish.sort).length > 0 ? wish.sort : undefined;
  const natural = naturalDirection(sort) ?? naturalDirection(wish.hint);
  const all = Object.keys(query).length === 0;
  const scan: Plan = {
    access: { kind: 'collection', backwards: natural === -1 },
    residual: all ? undefined : filter,
    filter,
    sort: naturalDirection(sort) === undefined ? sort : undefined,
    query,
    variables,
  };
  if (!collection || natural !== undefined || !simple) return scan;
  const hinted = wish.hint === undefined ? undefined : hintedIndex(collection, wish.hint);
  const analysis = analyze(query);
  const best = bestCandidate(hinted ? [hinted] : collection.indexes, analysis, sort, hinted !== undefined);
  if (!best || (!hinted && best.score < UNION_SCORE)) {
    const union = hinted ? undefined : unionAccess(collection, analysis);
    if (union && (!best || best.plan.bounds.used.size === 0)) return { ...scan, access: union, residual: filter, sort };
    if (!best) return scan;
  }
  return {
    access: best.plan,
    residual: best.exact ? undefined : filter,
    filter,
    sort: best.sorted ? undefined : sort,
    query,
    variables,
  };
}

/** A plan with fewer conditions on an index than this gives way to a union of indexes. */
const UNION_SCORE = 2;

function naturalDirection(value: unknown): 1 | -1 | undefined {
  if (!isDoc(value) || value['$natural'] === undefined) return undefined;
  return toNumber(value['$natural']) < 0 ? -1 : 1;
}

function hintedIndex(collection: Collection, hint: unknown): IndexDefinition {
  const found = collection.indexes.find((index) =>
    typeof hint === 'string' ? index.name === hint : isDoc(hint) && samePattern(index.key, hint),
  );
  if (!found)
    throw new MongoError(
      'BadValue',
      'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
    );
  return found;
}

/** Whether two patterns name the same fields in the same order and direction. */
export function samePattern(a: Doc, b: Doc): boolean {
  const names = Object.keys(a);
  const others = Object.keys(b);
  return (
    names.length === others.length &&
    names.every((name, at) => others[at] === name && toNumber(a[name]) === toNumber(b[name]))
  );
}

function bestCandidate(
  indexes: readonly IndexDefinition[],
  analysis: Analysis,
  sort: Doc | undefined,
  forced: boolean,
): Candidate | undefined {
  let best: Candidate | undefined;
  for (const index of indexes) {
    const candidate = candidateOf(index, analysis, sort, forced);
    if (candidate && (!best || candidate.score > best.score)) best = candidate;
  }
  return best;
}

function candidateOf(
  index: IndexDefinition,
  analysis: Analysis,
  sort: Doc | undefined,
  forced: boolean,
): Candidate | undefined {
  if (!forced && (index.hidden || !holdsAll(index, analysis.predicates))) return undefined;
  const bounds = boundsOf(index, analysis.predicates);
  const direction = sort ? sortDirection(index, bounds, sort) : undefined;
  if (bounds.used.size === 0 && direction === undefined && !forced) return undefined;
  const exact =
    bounds.exact &&
    analysis.complete &&
    analysis.alternatives.length === 0 &&
    !index.multikey &&
    !index.cut &&
    holdsAll(index, analysis.predicates) &&
    analysis.predicates.every((predicate) => predicate.exact && bounds.used.has(predicate));
  const unique = index.unique && bounds.pointFields === index.fields.length;
  const score =
    bounds.pointFields * 2 +
    (bounds.rangeField ? 1 : 0) +
    (direction === undefined ? 0 : 1.5) +
    (unique ? 100 : 0) +
    (exact ? 0.4 : 0) -
    index.fields.length * 0.01 -
    (bounds.intervals.length > 1 ? 0.2 : 0);
  return {
    plan: { kind: 'index', index, bounds, backwards: direction === -1 },
    exact,
    sorted: direction !== undefined,
    score,
  };
}

/** The direction in which the index gives this sort; undefined when it does not. */
function sortDirection(index: IndexDefinition, bounds: Bounds, sort: Doc): 1 | -1 | undefined {
  const atMostOne = index.unique && bounds.pointFields === index.fields.length && bounds.intervals.length <= 1;
  if (atMostOne && Object.values(sort).every((value) => Math.abs(toNumber(value)) === 1)) return 1;
  if (index.cut) return undefined;
  let direction: 1 | -1 | undefined;
  let at = 0;
  for (const [field, value] of Object.entries(sort)) {
    const wanted = toNumber(value);
    if (wanted !== 1 && wanted !== -1) return undefined;
    // An array is sorted by its least or greatest element, whichever of its elements the index was asked for.
    if (index.multikeyFields.has(field)) return undefined;
    if (bounds.constantFields.has(field)) continue;
    while (at < index.fields.length && index.fields[at] !== field && bounds.constantFields.has(index.fields[at] ?? ''))
      at += 1;
    if (index.fields[at] !== field) {
      // Behind the whole key of a unique index there is nothing left to order.
      if (
        at >= index.fields.length &&
        index.unique &&
        !index.sparse &&
        direction !== undefined &&
        !hasNullableTail(index)
      )
        break;
      return undefined;
    }
    const needed = index.directions[at] === wanted ? 1 : -1;
    if (direction !== undefined && direction !== needed) return undefined;
    direction = needed;
    at += 1;
  }
  return direction ?? 1;
}

function hasNullableTail(index: IndexDefinition): boolean {
  return index.partial !== undefined;
}

/** `$or` whose every branch finds an index: the candidates are united, each document once. */
function unionAccess(collection: Collection, analysis: Analysis): UnionPlan | undefined {
  for (const branches of analysis.alternatives) {
    const plans: Access[] = [];
    for (const branch of branches) {
      const inner = analyze(branch);
      const merged: Analysis = {
        predicates: [...inner.predicates, ...analysis.predicates],
        alternatives: inner.alternatives,
        complete: false,
      };
      const best = bestCandidate(collection.indexes, merged, undefined, false);
      if (!best || best.plan.bounds.used.size === 0) break;
      plans.push(best.plan);
    }
    if (plans.length === branches.length) return { kind: 'union', branches: plans };
  }
  return undefined;
}
