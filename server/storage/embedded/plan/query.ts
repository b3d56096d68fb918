/** From a plan to results: candidates, checked, sorted, skipped, limited and projected. */
import { MongoError } from '../errors.ts';
import type { Results } from '../cursors.ts';
import {
  type Doc,
  type Filter,
  compileProjection,
  decode,
  decodeFields,
  encode,
  sortBy,
  toNumber,
} from '../semantics/index.ts';
import type { Collection, StoredDocument } from '../store/collection.ts';
import type { Environment } from '../store/environment.ts';
import { pickElements } from '../store/raw-bson.ts';
import { type Cost, type Walk, walk } from './access.ts';
import type { Plan, Variables } from './planner.ts';

export interface Window {
  readonly skip?: number | undefined;
  /** 0 or undefined: no limit. */
  readonly limit?: number | undefined;
}

/** Stops a query at its time limit; asked now and then on the way. */
export type Deadline = () => void;

/** A deadline of `maxTimeMS` from now; 0 or undefined: none. */
export function deadlineAfter(maxTimeMs: number | undefined, nowMs: () => number): Deadline {
  if (!maxTimeMs) return () => undefined;
  const end = nowMs() + maxTimeMs;
  return () => {
    if (nowMs() > end) throw new MongoError('MaxTimeMSExpired', 'operation exceeded time limit');
  };
}

const CHECK_EVERY = 256;

/** Whether a document is a match, decoding no more of it than the filter reads. */
export function meetsFilter(filter: Filter | undefined, raw: Buffer): boolean {
  if (!filter || filter.always) return true;
  return filter.matches(filter.fields ? decodeFields(raw, filter.fields) : decode(raw));
}

/** The matches of a plan in the order of its sort. */
export class Matches {
  readonly cost: Cost = { keysExamined: 0, docsExamined: 0 };
  readonly #plan: Plan;
  readonly #walk: Walk | undefined;
  readonly #deadline: Deadline;
  #sorted: StoredDocument[] | undefined;
  #at = 0;
  #toSkip: number;
  #left: number;
  #steps = 0;

  constructor(env: Environment, collection: Collection | undefined, plan: Plan, window: Window, deadline: Deadline) {
    this.#plan = plan;
    this.#deadline = deadline;
    this.#toSkip = window.skip ?? 0;
    this.#left = window.limit ? window.limit : Number.POSITIVE_INFINITY;
    const expected = !plan.residual && !plan.sort && window.limit ? window.limit + this.#toSkip : undefined;
    this.#walk = collection && walk(env, collection, plan.access, this.cost, expected);
  }

  next(): StoredDocument | undefined {
    while (this.#left > 0) {
      const found = this.#plan.sort ? this.#nextSorted(this.#plan.sort) : this.#nextMatch();
      if (!found) return undefined;
      if (this.#toSkip > 0) {
        this.#toSkip -= 1;
        continue;
      }
      this.#left -= 1;
      return found;
    }
    return undefined;
  }

  rest(): void {
    this.#walk?.rest();
  }

  #nextMatch(): StoredDocument | undefined {
    if (!this.#walk) return undefined;
    for (;;) {
      this.#steps += 1;
      if (this.#steps % CHECK_EVERY === 0) this.#deadline();
      const candidate = this.#walk.next();
      if (!candidate) return undefined;
      if (meetsFilter(this.#plan.residual, candidate.raw)) return candidate;
    }
  }

  #nextSorted(sort: Doc): StoredDocument | undefined {
    if (!this.#sorted) {
      const fields = sortFields(sort);
      this.#sorted = sortBy(
        this.#all(),
        (found) => (fields ? decodeFields(found.raw, fields) : decode(found.raw)),
        sort,
        this.#left + this.#toSkip,
      );
    }
    return this.#sorted[this.#at++];
  }

  *#all(): Iterable<StoredDocument> {
    for (let found = this.#nextMatch(); found; found = this.#nextMatch()) yield found;
  }
}

function sortFields(sort: Doc): Set<string> | undefined {
  const fields = new Set<string>();
  for (const [path, value] of Object.entries(sort)) {
    if (Number.isNaN(toNumber(value))) return undefined;
    fields.add(path.split('.', 1)[0] ?? path);
  }
  return fields;
}

/** What makes of a match the bytes that the client gets; without `variables` a projection that asks for `$$NOW` is refused. */
export function projector(
  spec: Doc | undefined,
  filter: Filter | undefined,
  variables?: Variables,
): (raw: Buffer) => Buffer {
  if (!spec || Object.keys(spec).length === 0) return (raw) => raw;
  const pick = topLevelPick(spec);
  if (pick) return (raw) => pickElements(raw, pick);
  const project = compileProjection(spec, variables);
  return (raw) => Buffer.from(encode(project(decode(raw), filter)));
}

/** A projection that only names top-level fields cuts the bytes, which keeps the document's order as the server does. */
function topLevelPick(spec: Doc): ((name: string) => boolean) | undefined {
  const included = new Set<string>();
  const excluded = new Set<string>();
  for (const [name, value] of Object.entries(spec)) {
    if (name.includes('.') || name.startsWith('$')) return undefined;
    const wanted = value === true || (value !== false && toNumber(value) !== 0);
    if (typeof value !== 'boolean' && Number.isNaN(toNumber(value))) return undefined;
    if (wanted) included.add(name);
    else excluded.add(name);
  }
  if (included.size > 0) {
    if ([...excluded].some((name) => name !== '_id')) return undefined;
    const withId = !excluded.has('_id');
    return (name) => included.has(name) || (withId && name === '_id');
  }
  return (name) => !excluded.has(name);
}

/** The results of `find`. */
export function findResults(
  env: Environment,
  collection: Collection | undefined,
  plan: Plan,
  window: Window & { readonly projection?: Doc | undefined },
  deadline: Deadline,
): Results & { readonly cost: Cost } {
  const matches = new Matches(env, collection, plan, window, deadline);
  const project = projector(window.projection, plan.filter, plan.variables);
  return {
    cost: matches.cost,
    next: () => {
      const found = matches.next();
      return found && project(found.raw);
    },
    rest: () => matches.rest(),
  };
}
