/**
 * `npm run db`: the embedded database alone, so that any MongoDB client can look inside.
 * Settings: DATA_DIR (default `data/db` below the current directory), DB_HOST (127.0.0.1), DB_PORT (27717; 0 takes a free one).
 */
import { StartRefused, startEmbedded } from './start.ts';

const DEFAULT_PORT = 27717;

function portFrom(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_PORT;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new StartRefused(`DB_PORT must be a port between 0 and 65535, not "${text}".`);
  return port;
}

try {
  const database = await startEmbedded({
    dataDir: process.env['DATA_DIR'] ?? 'data/db',
    listen: { host: process.env['DB_HOST'] ?? '127.0.0.1', port: portFrom(process.env['DB_PORT']) },
  });
  const stop = (): void => {
    database.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  void database.failed.then((error) => {
    console.error(error.message);
    process.exit(1);
  });
  console.log(database.uri);
} catch (error) {
  console.error(error instanceof StartRefused ? error.message : error);
  process.exit(1);
}
