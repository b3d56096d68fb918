/**
 * Started by tests as a process of its own, so that it can be killed: the engine on the directory of its first argument, on a free port, without
 * the thread that `start.ts` would put it in, because every start of a thread costs the tests a second.
 * The second argument, if there is one, is the number of bytes after which a checkpoint begins.
 * Its first line is the URI, or the sentence with which it refused.
 */
import { REAL_WORLD } from '../../../server/storage/embedded/engine.ts';
import { startServer } from '../../../server/storage/embedded/server.ts';
import { StartRefused } from '../../../server/storage/embedded/store/data-directory.ts';

const [dataDir = '', checkpointBytes] = process.argv.slice(2);
try {
  const server = await startServer(
    {
      dataDir,
      listen: { host: '127.0.0.1', port: 0 },
      ttlIntervalMs: 60_000,
      waitForOwnerMs: 500,
      checkpointBytes: checkpointBytes === undefined ? undefined : Number(checkpointBytes),
    },
    REAL_WORLD,
  );
  console.log(server.uri);
} catch (error) {
  console.log(error instanceof StartRefused ? error.message : error);
  process.exit(1);
}
