import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readSettings } from '../../server/app/settings.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createSharedDatabase } from '../support/shared-database.ts';
import { startTestService } from '../support/service.ts';
import { tokenOf } from '../support/tokens.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map((match) => (match[1] ?? '').trim());

/** Runs a command as a newcomer would, until it ends or has said what is awaited; then ends its whole process group. */
async function run(command: string, env: NodeJS.ProcessEnv, until?: RegExp): Promise<string> {
  const child: ChildProcess = spawn('bash', ['-c', command], {
    cwd: root,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  // Not `exit`: what the shell has started ends after it.
  const ended = once(child, 'close');
  await new Promise<void>((resolve) => {
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
      if (until?.test(output) === true) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('close', () => resolve());
  });
  if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  await ended;
  return output;
}

describe('the README', function () {
  this.timeout(240_000);
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  /** How each command is executed. Those of the gate are what `.ci/run` itself runs. */
  const GATE = ['npm ci && npm test', 'npm run test:mongodb'];
  const EXECUTED: Record<string, () => Promise<void>> = {
    'npm ci && npm start': async () => {
      // `npm ci` would take away the modules that this very test runs on; the gate has just run it.
      expect(await run('npm start', { ...database.env, PORT: '0' }, /as=operator/)).to.match(/demo\/room\?as=buyer/);
    },
    'npm run start:production': async () => {
      const env = {
        ...database.env,
        PORT: '0',
        NODE_ENV: 'production',
        JWT_SECRET: 'invented-for-this-test-and-long-enough',
      };
      expect(await run('npm run start:production', env, /"msg":"serving"/)).to.match(/"msg":"serving"/);
    },
    'npm run jobs': async () => {
      const shared = await createSharedDatabase();
      try {
        expect(await run('npm run jobs', shared.env, /running the jobs/)).to.match(/"msg":"running the jobs"/);
        // What it says where it cannot work with the server.
        const alone = await run('npm run jobs', { DATA_DIR: database.env.DATA_DIR, MONGODB_URI: '' });
        expect(alone).to.match(/MONGODB_URI: needed to run the jobs apart/);
        expect(await readdir(database.env.DATA_DIR)).to.deep.equal([]);
      } finally {
        await shared.drop();
      }
    },
    'npm run db': async () => {
      expect(
        await run('npm run db', { DATA_DIR: database.env.DATA_DIR, DB_PORT: '0', MONGODB_URI: '' }, /mongodb:\/\/\S+/),
      ).to.match(/mongodb:\/\/127\.0\.0\.1:\d+/);
    },
    'npm run cluster': async () => {
      const env = { ...database.env, PORT: '0' };
      const output = await run('npm run cluster', env, /as=operator/);
      expect(output).to.match(/server 2 runs \(process \d+\)[^]*jobs runs[^]*demo\/room\?as=buyer/);
      expect(output).to.match(/server 1 has stopped/);
    },
    'npm run chaos -- --kills 10 --faults 3 --seed 1': async () => {
      // Fewer kills than a person would ask for: the chaos tests do the killing.
      expect(await run('npm run build:server && npm run chaos -- --kills 1 --faults 0 --seed 1', {})).to.match(/lost/);
    },
    'npm run bench -- --quick': async () => {
      // One figure of the run: a whole one is for a machine that does nothing else.
      const output = await run('npm run bench -- --quick P9', {});
      expect(JSON.parse(output.trim().split('\n').at(-1) ?? ''))
        .to.have.nested.property('P9.value')
        .that.is.a('number');
    },
  };

  it('names no command that nothing executes', () => {
    expect(blocks('sh')).to.have.members([...GATE, ...Object.keys(EXECUTED)]);
  });

  it('is run by the gate as it stands here', async () => {
    const gate = await readFile(join(root, '.ci/run'), 'utf8');
    for (const command of GATE) expect(gate).to.include(command);
  });

  for (const [command, execute] of Object.entries(EXECUTED)) it(`says a command that works: ${command}`, execute);

  it('shows how to embed the client with code that runs', async () => {
    const { service, stop } = await startTestService();
    try {
      const portal = await tokenOf({ sub: 'portal', side: 'service' });
      const call = async (name: string, input: unknown): Promise<{ roomId: string }> => {
        const answer = await fetch(`${service.url}/v1/${name}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${portal}`, 'content-type': 'application/json' },
          body: JSON.stringify(input),
        });
        return (await answer.json()) as { roomId: string };
      };
      await call('org.put', { orgId: 'studio', name: 'Studio' });
      await call('product.put', {
        productId: 'logo',
        name: 'Logo',
        vendorOrg: 'studio',
        templateId: 'basic',
        providers: [{ org: 'studio', maxLoad: 5 }],
      });
      const { roomId } = await call('project.create', {
        orderId: 'order-1',
        productId: 'logo',
        buyer: { id: 'bea', org: 'shop', name: 'Bea' },
      });
      const [snippet] = blocks('ts');
      const token = await tokenOf({ sub: 'bea', side: 'buyer', org: 'shop' });
      const file = join(root, 'dist', `embed-${process.pid}.mjs`);
      const given = `const roomId = ${JSON.stringify(roomId)}; const tokenFromYourBackend = () => ${JSON.stringify(token)}; let drawn = 0; const render = () => { drawn += 1; };`;
      const body = (snippet ?? '')
        .replace('https://rooms.example', service.url)
        .replace(/^import .*$/m, (line) => `${line}\n${given}`);
      await writeFile(file, `${body}\nawait client.close();\nconsole.log('drawn', drawn > 0);`);
      const output = await run(`node ${file}`, {});
      await rm(file);
      expect(output).to.match(/^6\ndrawn true/);
    } finally {
      await stop();
    }
  });

  it('lists every setting that is read, and no other', async () => {
    const files = ['settings.ts', 'call-settings.ts'].map((file) => readFile(join(root, 'server/app', file), 'utf8'));
    const read = new Set(
      [...(await Promise.all(files)).join('').matchAll(/^ +([A-Z_]+): setting\(|set\('([A-Z_]+)'\)/gm)].map(
        (match) => match[1] ?? match[2],
      ),
    );
    const table = readme.slice(readme.indexOf('## Settings'), readme.indexOf('## Running'));
    const listed = [...table.matchAll(/^\| ([^|]+)\|/gm)].flatMap((row) =>
      [...(row[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map((match) => match[1]),
    );
    expect(listed).to.have.members([...read]);
    expect(readSettings({}).port).to.equal(3000);
  });

  it('has a line for every folder of the tree, and none for a folder that is not there', () => {
    const named = [...readme.matchAll(/^\| `([a-z/-]+)` \|/gm)].map((match) => match[1] ?? '');
    const folders = ['server', 'shared'].flatMap((top) =>
      readdirSync(join(root, top), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${top}/${entry.name}`),
    );
    expect(named).to.include.members(folders);
    for (const folder of named) expect(existsSync(join(root, folder)), folder).to.equal(true);
  });
});
