/** Expiry: documents whose date is older than their TTL index allows are deleted. */
import { encodeKey } from './semantics/index.ts';
import type { Engine } from './engine.ts';
import type { Collection, StoredDocument } from './store/collection.ts';
import type { IndexDefinition } from './store/index-definition.ts';
import { successor } from './store/layout.ts';
import type { Access } from './plan/planner.ts';
import { walk } from './plan/access.ts';

/** Deletions of one transaction, so that a large sweep leaves room for others. */
const SWEEP_AT_ONCE = 500;

/** Deletes at most `SWEEP_AT_ONCE` expired documents of one index; returns how many. Only in a write transaction. */
function sweepIndex(engine: Engine, collection: Collection, index: IndexDefinition, now: Date): number {
  const seconds = index.expireAfterSeconds ?? 0;
  const limit = new Date(now.getTime() - seconds * 1000);
  const direction = index.directions[0] ?? 1;
  const edge = Buffer.from(encodeKey([limit], [direction]).key);
  const tag = edge.subarray(0, 1);
  // In an index on an array of dates the smallest date decides, and every older one is in the range.
  const interval =
    direction === 1 ? { low: Buffer.from(tag), high: successor(edge) } : { low: edge, high: successor(tag) };
  const access: Access = {
    kind: 'index',
    index,
    backwards: false,
    bounds: {
      intervals: [interval],
      pointFields: 0,
      rangeField: true,
      constantFields: new Set(),
      used: new Set(),
      exact: true,
    },
  };
  const expired: StoredDocument[] = [];
  const way = walk(engine.env, collection, access, { keysExamined: 0, docsExamined: 0 }, SWEEP_AT_ONCE);
  for (let found = way.next(); found; found = way.next()) {
    expired.push(found);
    if (expired.length >= SWEEP_AT_ONCE) break;
  }
  for (const document of expired) collection.remove(document);
  return expired.length;
}

/** Puts one sweep into the commit queue, and goes on until nothing expired is left. */
export function sweepExpired(engine: Engine): void {
  const now = engine.world.now();
  for (const collection of engine.catalog.all())
    for (const index of collection.indexes)
      if (index.expireAfterSeconds !== undefined) enqueue(engine, collection, index, now);
}

function enqueue(engine: Engine, collection: Collection, index: IndexDefinition, now: Date): void {
  let swept = 0;
  engine.queue.push({
    run: () => {
      const there =
        engine.catalog.find(collection.db, collection.name) === collection && collection.indexes.includes(index);
      swept = there ? sweepIndex(engine, collection, index, now) : 0;
    },
    done: (failure) => {
      if (failure === undefined && swept === SWEEP_AT_ONCE) enqueue(engine, collection, index, now);
    },
  });
}
