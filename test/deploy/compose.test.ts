import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { type Settings, readSettings, SettingsError } from '../../server/app/settings.ts';
import { FILE_MAX_BYTES, FORM_MAX_BYTES, PING_INTERVAL_MS, PING_TIMEOUT_MS } from '../../shared/contract/limits.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(root + path, 'utf8');

interface ComposeService {
  image?: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  volumes?: string[];
  ports?: string[];
}

const compose: { services: Record<string, ComposeService>; volumes: Record<string, unknown> } = parse(
  read('compose.yaml'),
  { merge: true },
);
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);
const nginx = read('deploy/nginx.conf');

/** What Compose puts in the place of `${NAME:-default}`. */
const filledIn = (text: string, env: Record<string, string>): string =>
  text.replace(/\$\{([A-Z_]+):-([^}]*)\}/g, (_whole, name: string, fallback: string) => env[name] || fallback);

/** The settings that a service of ours would run with, on top of those of its image. */
function settingsOf({ environment = {} }: ComposeService, env: Record<string, string> = {}): Settings {
  const given = Object.entries(environment).map(([name, text]): [string, string] => [name, filledIn(text, env)]);
  const image = [...(/^ENV (.+)$/m.exec(read('Dockerfile'))?.[1] ?? '').matchAll(/([A-Z_]+)=(\S+)/g)];
  return readSettings({
    ...Object.fromEntries(image.map(([, name, value]) => [name ?? '', value])),
    ...Object.fromEntries(given),
  });
}

describe('compose.yaml', () => {
  it('has two servers, a worker, what they share, and a balancer', () => {
    expect(ours.map(([name]) => name)).to.have.members(['server-1', 'server-2', 'jobs']);
    expect(Object.keys(compose.services)).to.include.members(['mongo-1', 'mongo-init', 'redis', 'nginx']);
  });

  it('gives every service of ours settings that it takes, as it stands and for production', () => {
    const production = { NODE_ENV: 'production', DEMO: '0', JWT_SECRET: 'invented-for-this-test-and-long-enough' };
    for (const [name, service] of ours) {
      expect(settingsOf(service), name).to.include({ demo: true, production: false, jobs: 'apart', host: '0.0.0.0' });
      expect(settingsOf(service, production), name).to.include({ demo: false, production: true });
      expect(() => settingsOf(service, { NODE_ENV: 'production' })).to.throw(SettingsError, /DEMO is refused/);
    }
  });

  it('names in its settings and conditions what there is', () => {
    for (const [name, { environment, depends_on, volumes = [] }] of services) {
      const hosts = [...JSON.stringify(environment ?? {}).matchAll(/([a-z0-9-]+):\d+/g)].map((match) => match[1]);
      expect(Object.keys(compose.services), name).to.include.members(hosts);
      for (const [other, { condition }] of Object.entries(depends_on ?? {})) {
        expect(compose.services, name).to.have.property(other);
        if (condition === 'service_healthy')
          expect(compose.services[other], `${name} waits for ${other}`).to.have.property('healthcheck');
      }
      for (const volume of volumes.filter((one) => !one.startsWith('.')))
        expect(compose.volumes, name).to.have.property(volume.split(':')[0] ?? '');
      for (const file of volumes.filter((one) => one.startsWith('./')).map((one) => one.split(':')[0] ?? ''))
        expect(read(file), name).to.not.equal('');
    }
  });

  it('starts programs that the build makes', () => {
    const commands = [/^CMD (\[.+\])$/m.exec(read('Dockerfile'))?.[1] ?? ''].map((list): string[] => JSON.parse(list));
    for (const [, { command }] of ours) if (command !== undefined) commands.push(command);
    expect(commands).to.have.length(2);
    for (const [runtime, program = ''] of commands) {
      expect(runtime).to.equal('node');
      expect(read(program.replace(/^dist\//, '').replace(/\.js$/, '.ts'))).to.not.equal('');
    }
  });

  it('is balanced over its servers, for whom a WebSocket may be silent and a file large', () => {
    const port = settingsOf(compose.services['server-1'] ?? {}).port;
    const balanced = [...nginx.matchAll(/^ +server (\S+?):(\d+) /gm)].map(([, host, at]) => [host, Number(at)]);
    expect(balanced).to.deep.equal(['server-1', 'server-2'].map((name) => [name, port]));
    expect(compose.services['nginx']?.ports?.join()).to.match(
      new RegExp(`:${/listen (\d+)/.exec(nginx)?.[1] ?? 'none'}$`),
    );
    const seconds = Number(/proxy_read_timeout (\d+)s/.exec(nginx)?.[1]);
    expect(seconds * 1_000).to.be.greaterThan(2 * (PING_INTERVAL_MS + PING_TIMEOUT_MS));
    const megabytes = Number(/client_max_body_size (\d+)m/.exec(nginx)?.[1]);
    expect(megabytes * 2 ** 20).to.be.at.least(FILE_MAX_BYTES + FORM_MAX_BYTES);
  });
});
