/**
 * `npm run db`: the embedded database alone, so that any MongoDB client can look inside.
 * Settings: DATA_DIR (as the service's: `./data`), DB_PORT (27717; 0 takes a free one). It listens on loopback only, because it asks nobody who they are.
 */
import { StartRefused, startEmbedded } from './start.ts';

const DEFAULT_PORT = 27717;
const LOOPBACK = '127.0.0.1';
/** An empty setting is one that is not set, as for the service. */
const setting = (name: string): string | undefined => process.env[name] || undefined;

function portFrom(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new StartRefused(`DB_PORT must be a port between 0 and 65535, not "${text}".`);
  return port;
}

try {
  const database = await startEmbedded({
    dataDir: setting('DATA_DIR') ?? './data',
    listen: { host: LOOPBACK, port: portFrom(setting('DB_PORT')) },
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
