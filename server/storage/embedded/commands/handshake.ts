/** What a driver asks before and beside its work: hello, ping, buildInfo, sessions. */
import { MongoError } from '../errors.ts';
import { type Doc, isDoc } from '../semantics/index.ts';
import { MAX_DOCUMENT_BYTES } from '../store/raw-bson.ts';
import { MAX_MESSAGE_BYTES } from '../wire/frame.ts';
import { type Call, type Command, arrayField } from './command.ts';
import { sessionKey } from './session.ts';

/** The release whose behaviour the engine follows, and its wire version. */
export const VERSION = '7.0.0';
const WIRE_VERSION = 21;
const SESSION_MINUTES = 30;
const MAX_WRITE_BATCH = 100_000;

function hello(call: Call): Doc {
  return {
    helloOk: true,
    ...(call.name === 'hello' ? { isWritablePrimary: true } : { ismaster: true }),
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: MAX_WRITE_BATCH,
    localTime: call.engine.world.now(),
    logicalSessionTimeoutMinutes: SESSION_MINUTES,
    connectionId: call.connectionId,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
  };
}

function buildInfo(): Doc {
  return {
    version: VERSION,
    gitVersion: 'embedded',
    modules: ['embedded'],
    sysInfo: 'deprecated',
    versionArray: [7, 0, 0, 0],
    bits: 64,
    debug: false,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    storageEngines: ['lmdb'],
  };
}

function endSessions(call: Call): Doc {
  for (const session of arrayField(call, call.name) ?? []) {
    const key = sessionKey(session);
    if (key !== undefined) call.engine.cursors.endSession(key);
  }
  return {};
}

const PARAMETERS: Doc = { featureCompatibilityVersion: { version: '7.0' }, authenticationMechanisms: [], quiet: false };

function getParameter(call: Call): Doc {
  const wanted = call.body[call.name];
  const all = wanted === '*' || (isDoc(wanted) && wanted['allParameters'] === true);
  const found: Doc = {};
  for (const [name, value] of Object.entries(PARAMETERS)) if (all || call.body[name] !== undefined) found[name] = value;
  if (Object.keys(found).length === 0) throw new MongoError('InvalidOptions', 'no option found to get');
  return found;
}

export const handshakeCommands: readonly Command[] = [
  { names: ['hello', 'isMaster', 'ismaster'], writes: false, fields: ['*'], run: hello },
  { names: ['ping'], writes: false, fields: [], run: () => ({}) },
  { names: ['buildInfo', 'buildinfo'], writes: false, fields: [], run: buildInfo },
  { names: ['endSessions', 'killSessions', 'refreshSessions'], writes: false, fields: [], run: endSessions },
  { names: ['startSession'], writes: false, fields: [], run: () => ({ timeoutMinutes: SESSION_MINUTES }) },
  { names: ['getParameter'], writes: false, fields: ['*'], adminOnly: true, run: getParameter },
  { names: ['whatsmyuri'], writes: false, fields: [], run: () => ({ you: '' }) },
  {
    names: ['connectionStatus'],
    writes: false,
    fields: ['showPrivileges'],
    run: () => ({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] } }),
  },
  { names: ['getCmdLineOpts'], writes: false, fields: [], adminOnly: true, run: () => ({ argv: [], parsed: {} }) },
  { names: ['getLog'], writes: false, fields: [], adminOnly: true, run: () => ({ totalLinesWritten: 0, log: [] }) },
  {
    names: ['getFreeMonitoringStatus'],
    writes: false,
    fields: [],
    adminOnly: true,
    run: () => ({ state: 'disabled' }),
  },
  { names: ['features'], writes: false, fields: [], run: () => ({}) },
];
