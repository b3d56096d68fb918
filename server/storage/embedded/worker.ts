/** The thread that the engine runs in; started by `start.ts`, which it answers with messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { REAL_WORLD } from './engine.ts';
import { type ServerOptions, startServer } from './server.ts';
import { StartRefused } from './store/data-directory.ts';

/** What the thread tells: first `started` or `refused`, last `stopped`. */
export type WorkerMessage =
  | { readonly kind: 'started'; readonly uri: string }
  | { readonly kind: 'refused'; readonly sentence: string; readonly expected: boolean }
  | { readonly kind: 'stopped' };

const port = parentPort;
if (!port) throw new Error('worker.ts is started by start.ts, as a thread');

function tell(message: WorkerMessage): void {
  port?.postMessage(message);
}

try {
  const server = await startServer(workerData as ServerOptions, REAL_WORLD);
  port.once('message', () => {
    server.stop().then(
      () => {
        tell({ kind: 'stopped' });
        port.close();
      },
      (error: unknown) => {
        throw error;
      },
    );
  });
  tell({ kind: 'started', uri: server.uri });
} catch (error) {
  tell({
    kind: 'refused',
    sentence: error instanceof Error ? error.message : String(error),
    expected: error instanceof StartRefused,
  });
  port.close();
}
