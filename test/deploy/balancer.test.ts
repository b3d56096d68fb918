import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { balancerConfig, prepareBalancer } from '../../deploy/balancer.ts';
import { findNginx } from '../../deploy/installed.ts';

const file = fileURLToPath(new URL('../../deploy/nginx.conf', import.meta.url));
const nginx = findNginx();

describe("the balancer's configuration", () => {
  const servers = ['http://127.0.0.1:4001', 'http://127.0.0.1:4002'];

  it('is given other addresses, and keeps the rest', async () => {
    const text = await readFile(file, 'utf8');
    const changed = balancerConfig(text, { host: '::1', port: 3999, servers, folder: '/a folder/"quoted"' });
    expect(changed).to.match(/listen \[::1\]:3999;/);
    expect([...changed.matchAll(/^ +server (\S+) /gm)].map((match) => match[1])).to.deep.equal([
      '127.0.0.1:4001',
      '127.0.0.1:4002',
    ]);
    expect(changed).to.include('proxy_temp_path "/a folder/\\"quoted\\"/proxy";');
    const kept = text.split('\n').filter((line) => !/server server-|listen /.test(line));
    expect(changed.split('\n')).to.include.members(kept);
  });

  it('says what it does not find, instead of balancing over nothing', () => {
    expect(() => balancerConfig('http {\n}', { host: '127.0.0.1', port: 1, servers, folder: '/' })).to.throw(
      /has nothing like/,
    );
  });

  if (nginx === undefined)
    process.stderr.write("\n*** nginx takes the balancer's configuration: DID NOT RUN, no nginx here\n\n");
  else
    it('is one that nginx takes', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'delivery rooms "balancer"-'));
      try {
        const args = await prepareBalancer(file, { host: '127.0.0.1', port: 3999, servers, folder });
        const { stderr } = await promisify(execFile)(nginx, ['-t', ...args]);
        expect(stderr).to.match(/test is successful/);
        expect(stderr).to.not.match(/\[(warn|emerg|alert)\]/);
        // And one that it does not take is found.
        await writeFile(join(folder, 'nginx.conf'), 'http { nonsense; }');
        const refusal: unknown = await promisify(execFile)(nginx, ['-t', ...args]).catch((error: unknown) => error);
        expect(String(refusal)).to.match(/nonsense/);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
});
