import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

/** What is used of the driver's own class of a connection, which it does not export. */
interface DriverConnection {
  readonly closed: boolean;
  readonly socket: EventEmitter;
  cleanup(this: DriverConnection, error: Error): void;
}

const FILE = 'mongodb/lib/cmap/connection.js';
const mended = new WeakSet<object>();

/**
 * Makes the driver end a command that waits until its connection takes more when that connection ends. The driver waits there for `drain` or `error`, and a
 * connection that the other side closes, or that the driver itself gives up, has neither: the command, and whoever waits behind it, would wait for ever. Where there is an
 * `error`, the command would fail with the socket's own instead of the driver's. Seen in mongodb 7.8.0 and 7.9.0 (`Connection.writeCommand`).
 * @throws where the driver is built in another way: then it has to be seen whether this is needed still
 */
export function endWaitingWrites(): void {
  const loaded: unknown = createRequire(import.meta.url)(FILE);
  const prototype = connectionOf(loaded);
  if (mended.has(prototype)) return;
  mended.add(prototype);
  const { cleanup } = prototype;
  prototype.cleanup = function (error) {
    const ended = !this.closed;
    cleanup.call(this, error);
    // The driver's own listener passes over what comes after the end.
    if (ended && this.socket.listenerCount('drain') > 0) this.socket.emit('error', error);
  };
}

function connectionOf(loaded: unknown): DriverConnection {
  if (
    typeof loaded === 'object' &&
    loaded !== null &&
    'Connection' in loaded &&
    typeof loaded.Connection === 'function'
  ) {
    const { prototype } = loaded.Connection;
    if (isConnection(prototype)) return prototype;
  }
  throw new Error(`the MongoDB driver has no Connection in ${FILE} that can be mended`);
}

const isConnection = (prototype: unknown): prototype is DriverConnection =>
  typeof prototype === 'object' &&
  prototype !== null &&
  'cleanup' in prototype &&
  typeof prototype.cleanup === 'function';
