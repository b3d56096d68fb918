import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { open } from 'lmdb';
import { MongoClient } from 'mongodb';
import { StartRefused, startEmbedded } from '../../../server/storage/embedded/start.ts';
import { errorOf } from './database-under-test.ts';

const ROUNDS = 20;

interface EngineProcess {
  readonly child: ChildProcess;
  readonly firstLine: string;
}

async function startProcess(
  dataDir: string,
  { script = './engine-process.ts', checkpointBytes }: { script?: string; checkpointBytes?: number } = {},
): Promise<EngineProcess> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const args = [dataDir, ...(checkpointBytes === undefined ? [] : [String(checkpointBytes)])];
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DATA_DIR: dataDir, DB_PORT: '0' },
  });
  const lines = createInterface({ input: child.stdout });
  const [firstLine] = (await once(lines, 'line')) as [string];
  return { child, firstLine };
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

interface Entry {
  _id: number;
  room: string;
  n: number;
  tags: string[];
}

/** Writes until the connection breaks; returns what was acknowledged. */
async function writeUntilBroken(
  uri: string,
  first: number,
  onProgress: () => void,
): Promise<{ inserted: number[]; updated: Map<number, number> }> {
  const client = await new MongoClient(uri, { serverSelectionTimeoutMS: 10_000, retryWrites: false }).connect();
  const entries = client.db('kill').collection<Entry>('entries');
  const inserted: number[] = [];
  const updated = new Map<number, number>();
  let next = first;
  const one = async (): Promise<void> => {
    for (;;) {
      const id = next++;
      await entries.insertOne({ _id: id, room: `room-${id % 5}`, n: 0, tags: [`a${id % 7}`, `b${id % 3}`] });
      inserted.push(id);
      onProgress();
      const { modifiedCount } = await entries.updateOne({ _id: id }, { $set: { n: id + 1, room: `moved-${id % 4}` } });
      if (modifiedCount === 1) updated.set(id, id + 1);
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, one));
  await client.close();
  return { inserted, updated };
}

describe('embedded database: durability', function () {
  this.timeout(600_000);
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'durability-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it(`loses nothing that it acknowledged, and corrupts nothing, over ${ROUNDS} kills in mid write`, async () => {
    const inserted: number[] = [];
    const updated = new Map<number, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      // Every other engine is always in the middle of a checkpoint; the others keep everything in the log.
      const { child, firstLine: uri } = await startProcess(dataDir, round % 2 === 0 ? {} : { checkpointBytes: 2_000 });
      try {
        expect(uri).to.match(/^mongodb:/);
        const client = await new MongoClient(uri).connect();
        const db = client.db('kill');
        if (round === 0)
          await db
            .collection('entries')
            .createIndexes([{ key: { room: 1, n: 1 } }, { key: { tags: 1 } }, { key: { n: 1, _id: 1 }, unique: true }]);
        const check = await db.command({ validate: 'entries' });
        expect(check['errors'], `round ${round}`).to.deep.equal([]);
        const found = new Map(
          (await db.collection<Entry>('entries').find().toArray()).map((entry) => [entry._id, entry]),
        );
        for (const id of inserted) expect(found.has(id), `round ${round}: ${id} was acknowledged`).to.equal(true);
        for (const [id, n] of updated) expect(found.get(id)?.n, `round ${round}: the update of ${id}`).to.equal(n);
        await client.close();
        // The instant of the kill is counted in acknowledged writes, another number each round, so that it falls anywhere in a commit.
        let left = 5 + round * 11;
        const work = await writeUntilBroken(uri, round * 1_000_000, () => {
          left -= 1;
          if (left === 0) child.kill('SIGKILL');
        });
        inserted.push(...work.inserted);
        for (const [id, n] of work.updated) updated.set(id, n);
      } finally {
        await kill(child, 'SIGKILL');
      }
    }
    expect(inserted.length).to.be.greaterThan(ROUNDS * 5);
    const database = await startEmbedded({ dataDir });
    const client = await new MongoClient(database.uri).connect();
    expect((await client.db('kill').command({ validate: 'entries' }))['errors']).to.deep.equal([]);
    expect(
      await client
        .db('kill')
        .collection<Entry>('entries')
        .countDocuments({ _id: { $in: inserted } }),
    ).to.equal(inserted.length);
    await client.close();
    await database.stop();
  });

  it('stops in order on SIGTERM as `npm run db`, and what was written is there afterwards', async () => {
    const { child, firstLine: uri } = await startProcess(dataDir, {
      script: '../../../server/storage/embedded/main.ts',
    });
    const client = await new MongoClient(uri).connect();
    await client.db('a').collection<Entry>('b').insertOne({ _id: 1, room: '', n: 1, tags: [] });
    await client.close();
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).to.deep.equal([0, null]);
    const database = await startEmbedded({ dataDir });
    const again = await new MongoClient(database.uri).connect();
    expect(await again.db('a').collection('b').countDocuments()).to.equal(1);
    await again.close();
    await database.stop();
  });

  it('refuses a second process on the directory, and takes it over the moment the first is killed', async () => {
    const first = await startProcess(dataDir);
    try {
      const second = await startProcess(dataDir);
      await kill(second.child, 'SIGKILL');
      expect(second.firstLine).to.equal(
        `The data directory ${dataDir} is in use by another process (pid ${first.child.pid}); stop it or choose another directory.`,
      );
      const own = startEmbedded({ dataDir, waitForOwnerMs: 30_000 });
      await kill(first.child, 'SIGKILL');
      await (await own).stop();
    } finally {
      await kill(first.child, 'SIGKILL');
    }
  });

  it('refuses a second engine of the same process', async () => {
    const database = await startEmbedded({ dataDir });
    try {
      const error = await errorOf(startEmbedded({ dataDir }));
      expect(error.message).to.match(/in use by this process/);
    } finally {
      await database.stop();
    }
    await (await startEmbedded({ dataDir })).stop();
  });

  it('never writes over a successor that took it for dead', async () => {
    const database = await startEmbedded({ dataDir, listen: { host: '127.0.0.1', port: 0 } });
    const client = await new MongoClient(database.uri).connect();
    const c = client.db('a').collection<Entry>('b');
    await c.insertOne({ _id: 1, room: '', n: 1, tags: [] });
    const root = open<Buffer, Buffer>({
      path: join(dataDir, 'engine.mdb'),
      noSubdir: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      maxDbs: 4,
      overlappingSync: false,
    });
    const catalog = root.openDB<Buffer, Buffer>('catalog', { keyEncoding: 'binary', encoding: 'binary' });
    root.transactionSync(() =>
      catalog.putSync(Buffer.from('owner'), Buffer.from(JSON.stringify({ pid: 1, name: 'successor' }))),
    );
    const error = await errorOf(c.insertOne({ _id: 2, room: '', n: 1, tags: [] }));
    expect(error['code']).to.equal(91);
    expect(error.message).to.match(/taken over the data directory/);
    await client.close();
    await root.close();
    await database.stop();
  });

  describe('says in one sentence why it does not start', () => {
    const refusal = async (options: Parameters<typeof startEmbedded>[0]): Promise<string> => {
      try {
        await (await startEmbedded(options)).stop();
      } catch (error) {
        expect(error).to.be.instanceOf(StartRefused);
        const { message } = error as StartRefused;
        expect(message.split('\n')).to.have.length(1);
        return message;
      }
      throw new Error('it started');
    };

    it('a path that cannot be a directory', async () => {
      const file = join(dataDir, 'file');
      await writeFile(file, '');
      expect(await refusal({ dataDir: join(file, 'data') })).to.match(
        /cannot be created: a part of the path is not a directory/,
      );
    });

    it('a directory of something else', async () => {
      await writeFile(join(dataDir, 'letters.txt'), 'mine');
      expect(await refusal({ dataDir })).to.match(/holds other files \(letters\.txt\)/);
      expect(await readFile(join(dataDir, 'letters.txt'), 'utf8')).to.equal('mine');
    });

    it('a file that is no database', async () => {
      await writeFile(join(dataDir, 'engine.mdb'), 'this is not a database'.repeat(1000));
      expect(await refusal({ dataDir })).to.match(/is not a database of this engine, or it is damaged/);
    });

    it('a database that was cut off', async () => {
      const database = await startEmbedded({ dataDir });
      const client = await new MongoClient(database.uri).connect();
      await client
        .db('a')
        .collection('b')
        .insertMany(Array.from({ length: 200 }, (_, at) => ({ at, pad: 'x'.repeat(20_000) })));
      await client.close();
      await database.stop();
      await truncate(join(dataDir, 'engine.mdb'), 100_000);
      expect(await refusal({ dataDir })).to.match(/is damaged: its file is cut off/);
    });

    it('a format of the future', async () => {
      await (await startEmbedded({ dataDir })).stop();
      const root = open<Buffer, Buffer>({
        path: join(dataDir, 'engine.mdb'),
        noSubdir: true,
        keyEncoding: 'binary',
        encoding: 'binary',
        maxDbs: 4,
        overlappingSync: false,
      });
      const catalog = root.openDB<Buffer, Buffer>('catalog', { keyEncoding: 'binary', encoding: 'binary' });
      root.transactionSync(() => catalog.putSync(Buffer.from('format'), Buffer.from('99')));
      await root.close();
      expect(await refusal({ dataDir })).to.match(/has format 99, this engine reads formats up to 3/);
    });

    it('a port that is taken', async () => {
      const other = await startEmbedded({ dataDir: join(dataDir, 'one'), listen: { host: '127.0.0.1', port: 0 } });
      const port = Number(new URL(other.uri).port);
      try {
        expect(await refusal({ dataDir: join(dataDir, 'two'), listen: { host: '127.0.0.1', port } })).to.match(
          /cannot listen on 127\.0\.0\.1:\d+: the address is already in use/,
        );
      } finally {
        await other.stop();
      }
    });
  });
});
