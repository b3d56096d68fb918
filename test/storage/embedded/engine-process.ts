/**
 * Started by tests as a process of its own, so that it can be killed: the engine on the directory of its argument, on a free port.
 * Its first line is the URI, or the sentence with which it refused.
 */
import { StartRefused, startEmbedded } from '../../../server/storage/embedded/start.ts';

const [dataDir = ''] = process.argv.slice(2);
try {
  const database = await startEmbedded({ dataDir, listen: { host: '127.0.0.1', port: 0 }, waitForOwnerMs: 500 });
  process.once('SIGTERM', () => {
    database.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  console.log(database.uri);
} catch (error) {
  console.log(error instanceof StartRefused ? error.message : error);
  process.exit(1);
}
