import type { Log } from '../telemetry/log.ts';

export type Step = readonly [name: string, run: () => Promise<void> | void];

/**
 * Runs the steps of a stop one after the other.
 * A step that fails, or does not end within `stepMs` milliseconds, is logged and the next one begins: a stop always ends.
 */
export async function stopInOrder(log: Log, steps: readonly Step[], stepMs: number): Promise<void> {
  for (const [step, run] of steps) {
    let cancel = (): void => undefined;
    const late = new Promise<void>((_resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`took longer than ${stepMs} ms`)), stepMs);
      cancel = () => clearTimeout(timer);
    });
    try {
      await Promise.race([run(), late]);
    } catch (error) {
      log.error({ err: error, step }, 'a step of the stop failed');
    } finally {
      cancel();
    }
  }
  log.info('stopped');
}
