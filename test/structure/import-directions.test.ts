import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Which folders a folder may import from, besides itself. The longest prefix that fits a file decides; `packages` names the packages that only
 * this folder may import.
 */
const RULES: Record<string, { from: string[]; packages?: string[] }> = {
  'shared/contract': { from: [] },
  'shared/model': { from: ['shared/contract'] },
  'client-sdk/core': { from: ['shared'] },
  'client-sdk/session': { from: ['shared', 'client-sdk/core', 'client-sdk/transport'] },
  'client-sdk/transport': { from: ['shared', 'client-sdk/core'], packages: ['socket.io-client'] },
  'client-sdk': { from: ['shared'] },
  'server/storage/embedded': { from: [], packages: ['lmdb', 'bson', 'sorted-btree'] },
  'server/storage': { from: ['shared'] },
  'server/telemetry': { from: ['shared'] },
  'server/clock.ts': { from: [] },
  'server/under-way.ts': { from: [] },
  'server/timeline': {
    from: ['shared', 'server/clock.ts', 'server/storage', 'server/telemetry', 'server/under-way.ts'],
  },
  'server/rooms': { from: ['shared', 'server/clock.ts', 'server/registry', 'server/timeline', 'server/storage'] },
  'server/live': { from: ['shared', 'server/clock.ts', 'server/registry', 'server/rooms', 'server/timeline'] },
  'server/cluster': {
    from: ['shared', 'server/live', 'server/registry', 'server/rooms', 'server/telemetry', 'server/timeline'],
    packages: ['ioredis', '@socket.io/redis-adapter'],
  },
  'server/directory': {
    from: ['shared', 'server/numbers', 'server/registry', 'server/storage', 'server/rooms', 'server/templates'],
  },
  'server/delivery': {
    from: [
      'shared',
      'server/clock.ts',
      'server/registry',
      'server/timeline',
      'server/rooms',
      'server/directory',
      'server/numbers',
      'server/templates',
      'server/calendar',
      'server/storage',
    ],
  },
  'server/numbers': {
    from: ['shared', 'server/clock.ts', 'server/registry', 'server/storage'],
    packages: ['libphonenumber-js'],
  },
  'server/opportunities': {
    from: [
      'shared',
      'server/clock.ts',
      'server/registry',
      'server/timeline',
      'server/rooms',
      'server/directory',
      'server/delivery',
      'server/numbers',
      'server/storage',
    ],
  },
  'server/calls': {
    from: [
      'shared',
      'server/clock.ts',
      'server/files',
      'server/registry',
      'server/timeline',
      'server/rooms',
      'server/directory',
      'server/numbers',
      'server/storage',
      'server/under-way.ts',
    ],
  },
  'server/files': {
    from: ['shared', 'server/clock.ts', 'server/registry', 'server/rooms', 'server/timeline'],
    packages: ['file-type'],
  },
  'server/conversation': {
    from: [
      'shared',
      'server/clock.ts',
      'server/files',
      'server/registry',
      'server/timeline',
      'server/rooms',
      'server/live',
      'server/directory',
      'server/delivery',
      'server/opportunities',
    ],
  },
  'server/templates': { from: ['shared', 'server/registry', 'server/storage'] },
  'server/calendar': { from: ['shared', 'server/clock.ts', 'server/registry'] },
  'server/time': {
    from: ['shared', 'server/clock.ts', 'server/registry', 'server/storage', 'server/delivery/sweeps.ts'],
  },
  'server/registry': {
    from: ['shared', 'server/clock.ts', 'server/storage', 'server/telemetry', 'server/under-way.ts'],
  },
  'server/auth': {
    from: ['shared', 'server/app/settings.ts', 'server/clock.ts', 'server/registry', 'server/telemetry'],
  },
  'server/transport': {
    from: [
      'shared',
      'server/app/settings.ts',
      'server/auth',
      'server/calls',
      'server/clock.ts',
      'server/under-way.ts',
      'server/files',
      'server/live',
      'server/registry',
      'server/rooms',
      'server/telemetry',
    ],
  },
  'server/demo': {
    from: ['shared', 'server/app/settings.ts', 'server/clock.ts', 'server/registry', 'server/auth', 'server/telemetry'],
  },
  server: { from: ['shared', 'server', 'jobs'] },
  jobs: { from: ['shared', 'server'] },
  deploy: { from: ['server/app', 'server/demo'] },
};

function* filesUnder(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (/\.(ts|js|mjs)$/.test(entry.name)) yield path;
  }
}

const within = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`);

function ruleOf(path: string): string {
  const fitting = Object.keys(RULES).filter((prefix) => within(path, prefix));
  return fitting.reduce((longest, prefix) => (prefix.length > longest.length ? prefix : longest), '');
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '');
}

describe('the direction of imports', () => {
  const files = ['shared', 'server', 'client-sdk', 'jobs', 'deploy'].flatMap((folder) => [...filesUnder(folder)]);

  it('reads files and their imports', () => {
    expect(files).to.include('server/main.ts');
    expect(importsOf('server/main.ts')).to.include('./app/settings.ts');
  });

  it('goes one way: shared <- capabilities <- transports, jobs <- app; the embedded engine stands alone', () => {
    const wrong = files.flatMap((path) => {
      const own = ruleOf(path);
      return importsOf(path)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) =>
          relative(root, normalize(join(root, dirname(path), specifier)))
            .split(sep)
            .join('/'),
        )
        .filter(
          (target) => !within(target, own) && !(RULES[own]?.from ?? []).some((allowed) => within(target, allowed)),
        )
        .map((target) => `${path} imports ${target}`);
    });
    expect(wrong).to.deep.equal([]);
  });

  it('keeps the packages that belong to one folder in that folder', () => {
    const owners = Object.entries(RULES).flatMap(([folder, { packages }]) =>
      (packages ?? []).map((name) => ({ folder, name })),
    );
    const wrong = files.flatMap((path) =>
      owners
        .filter(
          ({ folder, name }) => !within(path, folder) && importsOf(path).some((specifier) => within(specifier, name)),
        )
        .map(({ name }) => `${path} imports ${name}`),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('keeps zod and Node out of what browsers load', () => {
    const wrong = files
      .filter((path) => within(path, 'client-sdk') || within(path, 'shared/model'))
      .flatMap((path) =>
        importsOf(path)
          .filter((specifier) => specifier === 'zod' || specifier.startsWith('node:'))
          .map((specifier) => `${path} imports ${specifier}`),
      );
    expect(wrong).to.deep.equal([]);
  });
});
