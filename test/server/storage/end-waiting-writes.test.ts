import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { startEmbedded } from '../../../server/storage/embedded/start.ts';
import { isUnreachable } from '../../../server/storage/unreachable.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

/** More than a socket takes at once. */
const LARGE = 'x'.repeat(4_000_000);
const SMALL_BYTES = 64_000;

type End = (near: Socket) => void;

/** Stands before a database, and ends a connection in the middle of a large command. */
class Gate {
  readonly #server: Server;
  #end: End | undefined;

  private constructor(server: Server, to: () => { host: string; port: number }) {
    this.#server = server;
    server.on('connection', (near: Socket) => {
      const far = connect(to());
      let heard = 0;
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.on('data', (chunk) => {
        heard += chunk.length;
        if (this.#end === undefined || heard < SMALL_BYTES) far.write(chunk);
        else if (!near.writableEnded) this.#end(near);
      });
      far.on('data', (chunk) => near.write(chunk));
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    });
  }

  static async open(to: { host: string; port: number }): Promise<Gate> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gate(server, () => to);
  }

  get uri(): string {
    return `mongodb://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rooms`;
  }

  endLargeCommands(end: End | undefined): void {
    this.#end = end;
  }

  close(): void {
    this.#server.close();
  }
}

describe('a write that waits for a connection to take more', () => {
  let data: TestDatabase;
  let engine: Awaited<ReturnType<typeof startEmbedded>>;
  let gate: Gate;
  let storage: Storage;

  before(async () => {
    data = await createTestDatabase();
    engine = await startEmbedded({
      dataDir: join(data.env.DATA_DIR, 'behind-a-gate'),
      listen: { host: '127.0.0.1', port: 0 },
    });
    const { hostname, port } = new URL(engine.uri);
    gate = await Gate.open({ host: hostname, port: Number(port) });
    storage = await connectStorage({ mongodbUri: gate.uri, dataDir: data.env.DATA_DIR });
  });
  after(async () => {
    await storage.stop();
    gate.close();
    await engine.stop();
    await data.drop();
  });

  const ends: readonly [how: string, end: End][] = [
    ['is closed', (near) => near.end()],
    ['is reset', (near) => near.resetAndDestroy()],
  ];
  for (const [how, end] of ends)
    it(`fails as on an unreachable database when the connection ${how}, and the next one is stored`, async () => {
      const things = storage.connection.collection<{ _id: string; text: string }>('things');
      gate.endLargeCommands(end);
      const error = await things.insertOne({ _id: how, text: LARGE }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(isUnreachable(error), String(error)).to.equal(true);
      gate.endLargeCommands(undefined);
      await things.insertOne({ _id: `${how}, then`, text: LARGE });
    });
});
