import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Document, MongoClient } from 'mongodb';
import { errorOf } from './database-under-test.ts';

/** Mounts a small disk for one process tree, in a namespace of its own: needs Linux and user namespaces, not root. */
const unshare = (script: string, ...args: string[]): [string, string[]] => [
  'unshare',
  ['--user', '--map-root-user', '--mount', '--fork', '--kill-child', 'sh', '-c', script, 'sh', ...args],
];
const MOUNT = 'mount -t tmpfs -o size=40m tmpfs "$1"';

describe('embedded database: a full disk', () => {
  let dataDir: string;
  let child: ChildProcess | undefined;
  before(async function () {
    dataDir = await mkdtemp(join(tmpdir(), 'engine-'));
    const [command, args] = unshare(MOUNT, dataDir);
    // Not every system lets its users have namespaces.
    if (spawnSync(command, args, { stdio: 'ignore' }).status !== 0) this.skip();
  });
  after(async () => {
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      // `unshare` waits for its child and hears no other signal; the child goes with it.
      child.kill('SIGKILL');
      await exited;
    }
    await rm(dataDir, { recursive: true, force: true });
  });

  it('refuses the write with code 14031, keeps what it acknowledged, and writes again when there is room', async () => {
    const script = fileURLToPath(new URL('./engine-process.ts', import.meta.url));
    const [command, args] = unshare(`${MOUNT} && exec "$2" --import tsx "$3" "$1"`, dataDir, process.execPath, script);
    child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const output = child.stdout;
    if (!output) throw new Error('the process has no output');
    const [uri] = (await once(createInterface({ input: output }), 'line')) as [string];
    const client = await new MongoClient(uri, { serverSelectionTimeoutMS: 30_000, retryWrites: false }).connect();
    try {
      const c = client.db('full').collection<Document & { _id: number }>('c');
      await c.createIndex({ n: 1 });
      const pad = 'x'.repeat(1024 * 1024);
      const stored: number[] = [];
      const failure = await errorOf(
        (async () => {
          for (let at = 0; at < 100; at++) {
            await c.insertOne({ _id: at, n: at % 5, pad });
            stored.push(at);
          }
        })(),
      );
      expect(failure['code']).to.equal(14031);
      expect(failure.message).to.match(/disk of the data directory .* is full: the write was not stored/);
      expect(stored.length).to.be.greaterThan(10);
      const ids = async (): Promise<number[]> =>
        (await c.find({}, { projection: { _id: 1 }, sort: { _id: 1 } }).toArray()).map(({ _id }) => _id);
      expect(await ids()).to.deep.equal(stored);
      expect((await client.db('full').command({ validate: 'c' }))['errors']).to.deep.equal([]);
      // Freed pages are used again, though the file gets no shorter; a commit needs a few free ones first.
      const removed = stored.splice(0, 8);
      // A removal is not refused because of what is added beside it.
      const [first = -1, ...others] = removed;
      const [removal, addition] = await Promise.allSettled([
        c.deleteOne({ _id: first }),
        c.insertOne({ _id: 2000, n: 1, pad }),
      ]);
      expect(removal).to.deep.include({ status: 'fulfilled' });
      if (addition.status === 'fulfilled') stored.push(2000);
      for (const _id of others) await c.deleteOne({ _id });
      await c.insertOne({ _id: 1000, n: 1, pad });
      expect(await ids()).to.deep.equal([...stored, 1000].sort((a, b) => a - b));
    } finally {
      await client.close();
    }
  });
});
