/** find, and what continues and ends its cursors. */
import { Long } from 'bson';
import { MongoError } from '../errors.ts';
import { type Doc, kindOf, toWhole } from '../semantics/index.ts';
import { type Plan, planQuery } from '../plan/planner.ts';
import { deadlineAfter, findResults } from '../plan/query.ts';
import { cursorReply } from '../wire/frame.ts';
import {
  type Call,
  type Command,
  arrayField,
  collectionName,
  documentField,
  flagField,
  textField,
  wholeField,
} from './command.ts';

/** Options of find whose refusal is better than a result that ignores them. */
const UNSUPPORTED = [
  'min',
  'max',
  'returnKey',
  'showRecordId',
  'tailable',
  'awaitData',
  'term',
  'readOnce',
  'resumeAfter',
  'requestResumeToken',
];

export interface FindWish {
  readonly plan: Plan;
  readonly skip: number;
  readonly limit: number;
  readonly singleBatch: boolean;
  readonly batchSize: number | undefined;
  readonly projection: Doc | undefined;
}

/** Reads the fields of a find command and plans it. */
export function planFind(call: Call): FindWish {
  for (const option of UNSUPPORTED)
    if (call.body[option] !== undefined && call.body[option] !== false)
      throw new MongoError(
        'CommandNotSupported',
        `The option '${option}' of find is not supported by the embedded database`,
      );
  const collection = call.engine.catalog.find(call.db, collectionName(call));
  const given = wholeField(call, 'limit', true) ?? 0;
  return {
    plan: planQuery(collection, {
      filter: documentField(call, 'filter') ?? {},
      sort: documentField(call, 'sort'),
      hint: call.body['hint'],
      collation: documentField(call, 'collation'),
      let: documentField(call, 'let'),
      now: call.engine.world.now(),
    }),
    skip: wholeField(call, 'skip') ?? 0,
    limit: Math.abs(given),
    singleBatch: given < 0 || (flagField(call, 'singleBatch') ?? false),
    batchSize: wholeField(call, 'batchSize'),
    projection: documentField(call, 'projection'),
  };
}

function find(call: Call): Buffer {
  const { engine } = call;
  const wish = planFind(call);
  const name = collectionName(call);
  const namespace = `${call.db}.${name}`;
  const deadline = deadlineAfter(wholeField(call, 'maxTimeMS'), engine.world.monotonicMs);
  const results = findResults(engine.env, engine.catalog.find(call.db, name), wish.plan, wish, deadline);
  const { documents, id } = engine.cursors.first(results, {
    namespace,
    session: call.session,
    batchSize: wish.batchSize,
    singleBatch: wish.singleBatch,
    immortal: flagField(call, 'noCursorTimeout') ?? false,
  });
  return cursorReply('firstBatch', documents, id, namespace);
}

function cursorId(value: unknown): bigint {
  const id = toWhole(value);
  if (id === null)
    throw new MongoError(
      'TypeMismatch',
      `BSON field 'getMore.getMore' is the wrong type '${kindOf(value)}', expected type 'long'`,
    );
  return id;
}

function getMore(call: Call): Buffer {
  const namespace = `${call.db}.${textField(call, 'collection') ?? ''}`;
  const { documents, id } = call.engine.cursors.more(
    cursorId(call.body[call.name]),
    namespace,
    wholeField(call, 'batchSize'),
  );
  return cursorReply('nextBatch', documents, id, namespace);
}

function killCursors(call: Call): Doc {
  const killed: Long[] = [];
  const missing: Long[] = [];
  for (const value of arrayField(call, 'cursors') ?? []) {
    const id = cursorId(value);
    (call.engine.cursors.kill(id) ? killed : missing).push(Long.fromBigInt(id));
  }
  return { cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [] };
}

export const FIND_FIELDS: readonly string[] = [
  'filter',
  'sort',
  'projection',
  'hint',
  'skip',
  'limit',
  'batchSize',
  'singleBatch',
  'noCursorTimeout',
  'allowDiskUse',
  'allowPartialResults',
  'oplogReplay',
  'collation',
  'let',
  ...UNSUPPORTED,
];

export const findCommands: readonly Command[] = [
  { names: ['find'], writes: false, fields: FIND_FIELDS, run: find },
  { names: ['getMore'], writes: false, fields: ['collection', 'batchSize', 'term'], run: getMore },
  { names: ['killCursors'], writes: false, fields: ['cursors'], run: killCursors },
];
