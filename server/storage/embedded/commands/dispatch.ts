/** From a request to its reply: finds the command, checks what holds for all of them, runs it at once or in the commit queue. */
import type { Engine } from '../engine.ts';
import { MongoError } from '../errors.ts';
import { type Doc, decode, encode, isDoc, toNumber } from '../semantics/index.ts';
import { checkDatabaseName } from '../store/catalog.ts';
import {
  BSON_TYPE,
  MAX_DOCUMENT_BYTES,
  type RawElement,
  arrayDocuments,
  elements,
  joinElements,
} from '../store/raw-bson.ts';
import type { Connection } from '../wire/connection.ts';
import { type Request, frameReply } from '../wire/frame.ts';
import { type Call, type Command, GENERIC_FIELDS } from './command.ts';
import { COMMANDS } from './registry.ts';
import { sessionKey } from './session.ts';

let lastReplyId = 0;

function nextReplyId(): number {
  lastReplyId = (lastReplyId + 1) & 0x7fffffff;
  return lastReplyId;
}

/** The reply to a message that could not even be read. */
export function refusal(requestId: number, reason: string): Buffer {
  return frameReply({ requestId, legacy: false }, nextReplyId(), errorBody(new MongoError('ProtocolError', reason)));
}

/** Answers requests with the commands of the registry. */
export function dispatcher(
  engine: Engine,
): (connection: Connection, request: Request, reply: (message: Buffer | undefined) => void) => void {
  return (connection, request, reply) => {
    const answer = (body: Buffer): void =>
      reply(request.wantsReply ? frameReply(request, nextReplyId(), body) : undefined);
    let command: Command;
    let call: Call;
    try {
      ({ command, call } = prepare(engine, connection.id, request));
    } catch (error) {
      answer(errorBody(error));
      return;
    }
    engine.counters.set(call.name, (engine.counters.get(call.name) ?? 0) + 1);
    const writes = typeof command.writes === 'function' ? command.writes(call) : command.writes;
    if (!writes) {
      try {
        answer(bodyOf(command, call));
      } catch (error) {
        answer(errorBody(error));
      }
      return;
    }
    let body: Buffer | undefined;
    engine.queue.push({
      run: () => {
        body = bodyOf(command, call);
      },
      done: (failure) => answer(failure === undefined && body ? body : errorBody(failure)),
    });
  };
}

/** The reply of a run. A fault that is not MongoDB's own is thrown on, because a write that stopped midway must not be committed. */
function bodyOf(command: Command, call: Call): Buffer {
  try {
    const result = command.run(call);
    return Buffer.isBuffer(result) ? result : okBody(result);
  } catch (error) {
    if (error instanceof MongoError) return errorBody(error);
    throw error;
  }
}

/** A reply may be as long as a document, and what stands around it. */
const MAX_REPLY_BYTES = MAX_DOCUMENT_BYTES + 16 * 1024;

function okBody(reply: Doc): Buffer {
  const body = Buffer.from(encode({ ...reply, ok: 1 }));
  if (body.length > MAX_REPLY_BYTES)
    throw new MongoError(
      'BSONObjectTooLarge',
      `BSONObj size: ${body.length} is invalid. Size must be between 0 and ${MAX_DOCUMENT_BYTES}`,
    );
  return body;
}

/** An error as MongoDB answers it. What is no `MongoError` is our own fault, and named so. */
export function errorBody(error: unknown): Buffer {
  const known =
    error instanceof MongoError
      ? error
      : new MongoError(
          'InternalError',
          `The embedded database failed: ${error instanceof Error ? error.message : String(error)}`,
        );
  return Buffer.from(
    encode({
      ok: 0,
      errmsg: known.message,
      code: known.code,
      codeName: known.codeName,
      ...(known.keyPattern ? { keyPattern: known.keyPattern } : {}),
      ...(known.keyValue ? { keyValue: known.keyValue } : {}),
      ...(known.labels ? { errorLabels: [...known.labels] } : {}),
    }),
  );
}

function prepare(engine: Engine, connectionId: number, request: Request): { command: Command; call: Call } {
  const [first] = elements(request.body);
  if (!first) throw new MongoError('CommandNotFound', 'no such command: an empty document');
  const name = first.name;
  const command = COMMANDS.get(name);
  if (!command) throw new MongoError('CommandNotFound', `no such command: '${name}'`);
  const { body, documents } = readBody(request, command);
  const named = body['$db'];
  const db = request.database ?? (typeof named === 'string' ? named : '');
  checkDatabaseName(db);
  checkGeneric(name, body);
  checkFields(command, name, body, documents);
  if (command.adminOnly && db !== 'admin')
    throw new MongoError('Unauthorized', `${name} may only be run against the admin database.`);
  return { command, call: { engine, connectionId, db, name, body, documents, session: sessionKey(body['lsid']) } };
}

/** Decodes the body, but keeps the arrays of documents as they came. */
function readBody(
  request: Request,
  command: Command,
): { body: Doc; documents: ReadonlyMap<string, readonly Buffer[]> } {
  const raws = command.rawArrays;
  if (!raws) return { body: decode(request.body), documents: request.sequences };
  let inBody: RawElement[] | undefined;
  for (const element of elements(request.body))
    if (element.type === BSON_TYPE.array && raws.includes(element.name)) (inBody ??= []).push(element);
  if (!inBody) return { body: decode(request.body), documents: request.sequences };
  const documents = new Map(request.sequences);
  const runs: Buffer[] = [];
  let at = 4;
  for (const element of inBody) {
    if (documents.has(element.name)) throw new MongoError(40413, `BSON field '${element.name}' is a duplicate field`);
    documents.set(element.name, arrayDocuments(request.body, element));
    runs.push(request.body.subarray(at, element.start));
    at = element.end;
  }
  runs.push(request.body.subarray(at, request.body.length - 1));
  return { body: decode(joinElements(runs)), documents };
}

function checkGeneric(name: string, body: Doc): void {
  if (body['txnNumber'] !== undefined || body['startTransaction'] !== undefined || body['autocommit'] !== undefined)
    throw new MongoError('IllegalOperation', 'Transaction numbers are only allowed on a replica set member or mongos');
  const concern = body['writeConcern'];
  if (isDoc(concern)) {
    const w = concern['w'];
    if (typeof w === 'string' ? w !== 'majority' : toNumber(w) > 1)
      throw new MongoError('BadValue', "cannot use non-majority 'w' mode or 'w' > 1 when a host is not replicated");
  }
  const readConcern = body['readConcern'];
  if (isDoc(readConcern) && readConcern['level'] === 'snapshot')
    throw new MongoError(
      'SnapshotUnavailable',
      `Command ${name} does not support readConcern level snapshot on a standalone`,
    );
}

function checkFields(
  command: Command,
  name: string,
  body: Doc,
  documents: ReadonlyMap<string, readonly Buffer[]>,
): void {
  if (command.fields[0] === '*') return;
  for (const field of [...Object.keys(body), ...documents.keys()])
    if (
      field !== name &&
      !GENERIC_FIELDS.has(field) &&
      !command.fields.includes(field) &&
      !command.rawArrays?.includes(field)
    )
      throw new MongoError(40415, `BSON field '${name}.${field}' is an unknown field.`);
}
