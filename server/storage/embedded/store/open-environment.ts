/** Opens the store of a data directory: checks it, takes it over, and reads what earlier owners left in their logs. */
import { join } from 'node:path';
import { type RootDatabase, open } from 'lmdb';
import { DATA_FILE, StartRefused, prepareDataDirectory, reasonOf, syncDirectory } from './data-directory.ts';
import { type Environment, OwnedEnvironment } from './environment.ts';
import { FORMAT_VERSION } from './layout.ts';
import type { TreeName } from './memtable.ts';
import { OWNER_KEY, Ownership } from './ownership.ts';
import { type Found, RedoLog, readLogs, removeLogs } from './redo-log.ts';
import { type StoredTree, type StoredTrees, lastLogged, noteLogged, storeChanges } from './stored-trees.ts';

/** Address space that is reserved for the map, not memory and not disk: the most that one database can grow to. */
const MAP_BYTES = 2 ** 39;

/** A message takes about fifteen hundred bytes. */
const DEFAULT_CHECKPOINT_BYTES = 6 * 1024 * 1024;

const FORMAT_KEY = Buffer.from('format');

export interface EnvironmentOptions {
  /** For how long the end of a live owner is waited for, in milliseconds, so that a restart does not fail because the old process is still ending. */
  readonly waitForOwnerMs: number;
  /** A checkpoint begins when so many bytes were written since the last; default 6 MiB. */
  readonly checkpointBytes?: number | undefined;
}

/** Opens the directory, or throws `StartRefused` with one sentence. */
export async function openEnvironment(
  dataDir: string,
  { waitForOwnerMs, checkpointBytes = DEFAULT_CHECKPOINT_BYTES }: EnvironmentOptions,
): Promise<Environment> {
  prepareDataDirectory(dataDir);
  let root: RootDatabase<Buffer, Buffer>;
  try {
    root = open<Buffer, Buffer>({
      path: join(dataDir, DATA_FILE),
      noSubdir: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      maxDbs: 4,
      mapSize: MAP_BYTES,
      // Without it a commit returns after fdatasync of the pages and a synchronous write of the meta page, which is what is promised.
      overlappingSync: false,
      // With it the library rejects a promise that nobody holds when a commit fails, which would end the process.
      eventTurnBatching: false,
    });
  } catch (error) {
    throw new StartRefused(`The database in ${dataDir} cannot be opened: ${reasonOf(error)}.`, { cause: error });
  }
  try {
    const tree = (name: TreeName): StoredTree =>
      root.openDB<Buffer, Buffer>(name, { keyEncoding: 'binary', encoding: 'binary' });
    const catalog = tree('catalog');
    const ownership = await Ownership.take(dataDir, root, catalog, waitForOwnerMs);
    checkFormat(dataDir, root, catalog);
    const stored = { documents: tree('documents'), index: tree('index'), catalog };
    const log = RedoLog.create(dataDir, ownership.name, takeOverLogs(dataDir, root, stored, ownership));
    try {
      // Who took over since the logs were read did not read this one.
      ownership.assertNow();
    } catch (error) {
      log.close();
      throw error;
    }
    return new OwnedEnvironment({ dataDir, root, stored, log, ownership, checkpointBytes });
  } catch (error) {
    await root.close();
    if (error instanceof StartRefused) throw error;
    throw new StartRefused(`The database in ${dataDir} cannot be opened: ${reasonOf(error)}.`, { cause: error });
  }
}

function checkFormat(dataDir: string, root: RootDatabase<Buffer, Buffer>, catalog: StoredTree): void {
  const stored = catalog.get(FORMAT_KEY);
  if (!stored) {
    const empty = [...catalog.getKeys({ limit: 3 })].every((key) => key.equals(OWNER_KEY));
    if (!empty) throw new StartRefused(`The database in ${dataDir} is not one of this engine: it has no format.`);
    root.transactionSync(() => catalog.putSync(FORMAT_KEY, Buffer.from(String(FORMAT_VERSION))));
    syncDirectory(dataDir);
    return;
  }
  const version = Number(stored.toString('utf8'));
  if (!Number.isInteger(version) || version < 1 || version > FORMAT_VERSION)
    throw new StartRefused(
      `The database in ${dataDir} has format ${stored.toString('utf8')}, this engine reads formats up to ${FORMAT_VERSION}; use the version of the service that wrote it, or a newer one.`,
    );
  // What format 1 lacks is read as its absence; from now on what is written is of our format.
  if (version < FORMAT_VERSION)
    root.transactionSync(() => catalog.putSync(FORMAT_KEY, Buffer.from(String(FORMAT_VERSION))));
}

/** Writes what earlier owners left in their logs into the trees; returns the number of the last record there ever was. */
function takeOverLogs(
  dataDir: string,
  root: RootDatabase<Buffer, Buffer>,
  stored: StoredTrees,
  ownership: Ownership,
): number {
  const { last, paths } = root.transactionSync(() => {
    ownership.assert();
    const after = lastLogged(stored);
    const { records, paths } = foundLogs(dataDir, after);
    for (const { changes } of records) storeChanges(stored, changes.values());
    const last = records.at(-1)?.number ?? after;
    if (last > after) noteLogged(stored, last);
    return { last, paths };
  });
  removeLogs(paths);
  if (paths.length > 0) syncDirectory(dataDir);
  return last;
}

function foundLogs(dataDir: string, after: number): Found {
  try {
    return readLogs(dataDir, after);
  } catch (error) {
    throw new StartRefused(`The database in ${dataDir} is damaged: ${reasonOf(error)}; restore it from a backup.`, {
      cause: error,
    });
  }
}
