import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { ServiceProcess } from './service-process.ts';

/** Starts with settings that cannot work: what it says on stderr, after it has ended with code 1. */
async function refusalOf(env: Record<string, string>): Promise<string[]> {
  const service = new ServiceProcess(env);
  const { code } = await service.end();
  expect(code, service.stdout + service.stderr).to.equal(1);
  expect(service.lines.filter(({ msg }) => msg === 'serving')).to.deep.equal([]);
  const [head, ...sentences] = service.stderr.trim().split('\n');
  expect(head).to.equal('Delivery Rooms cannot start:');
  expect(service.stderr).not.to.match(/\n\s+at /);
  return sentences;
}

describe('a start that cannot work', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  const untouched = async () => expect(await readdir(database.env.DATA_DIR)).to.deep.equal([]);

  it('names every wrong setting', async () => {
    const sentences = await refusalOf({
      ...database.env,
      PORT: 'x',
      NODE_ENV: 'production',
      DEMO: '1',
      REDIS_URL: '127.0.0.1:6379',
    });
    expect(sentences).to.have.members([
      'PORT must be a whole number from 0 to 65535',
      'DEMO is refused when NODE_ENV=production',
      'JWT_SECRET must be set to a secret of your own (or JWKS_URL) when NODE_ENV=production',
      'REDIS_URL must be a redis:// or rediss:// address',
    ]);
    await untouched();
  });

  it('says that the port is busy, and touches no data', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const [sentence, ...more] = await refusalOf({ DATA_DIR: join(database.env.DATA_DIR, 'new'), PORT: String(port) });
      expect(sentence).to.equal(
        `PORT ${port} is in use by another process: choose another PORT, or stop that process.`,
      );
      expect(more).to.deep.equal([]);
      await untouched();
    } finally {
      other.close();
    }
  });

  for (const host of ['203.0.113.7', 'not an address', '999.1.1.1']) {
    it(`says that HOST "${host}" is not this machine's, and touches no data`, async () => {
      expect(await refusalOf({ DATA_DIR: join(database.env.DATA_DIR, 'new'), HOST: host })).to.deep.equal([
        'HOST is not an address of this machine.',
      ]);
      await untouched();
    });
  }

  it('says that no MongoDB answers, without repeating the password', async () => {
    const [sentence, ...more] = await refusalOf({
      ...database.env,
      MONGODB_URI: 'mongodb://user:hunter2@127.0.0.1:1/x',
    });
    expect(sentence).to.match(/^MONGODB_URI: no MongoDB answered within 5 s/);
    expect(sentence).not.to.include('hunter2');
    expect(more).to.deep.equal([]);
    await untouched();
  });

  it('says what is wrong with a MongoDB address', async () => {
    const [sentence] = await refusalOf({ ...database.env, MONGODB_URI: 'mongodb://a:b:c@d/e' });
    expect(sentence).to.match(/^MONGODB_URI/);
    await untouched();
  });

  it('says that the data directory cannot be used', async () => {
    const file = join(database.env.DATA_DIR, 'file');
    await writeFile(file, 'not a directory');
    for (const dataDir of [file, join(file, 'below')]) {
      const [sentence, ...more] = await refusalOf({ DATA_DIR: dataDir });
      expect(sentence).to.match(/^The data directory .*: .*\.$/);
      expect(more).to.deep.equal([]);
    }
    expect(await readdir(database.env.DATA_DIR)).to.deep.equal(['file']);
  });

  it('says that the data directory is in use, and leaves its owner alone', async () => {
    const dataDir = join(database.env.DATA_DIR, 'shared');
    const first = new ServiceProcess({ DATA_DIR: dataDir });
    try {
      const url = await first.url();
      const [sentence, ...more] = await refusalOf({ DATA_DIR: dataDir });
      expect(sentence).to.match(/data directory .* in use/);
      expect(more).to.deep.equal([]);
      expect((await fetch(`${url}/readyz`)).status).to.equal(200);
      expect(existsSync(dataDir)).to.equal(true);
    } finally {
      await first.kill();
    }
  });
});
