import { spawnSync } from 'node:child_process';

/** Where Debian keeps what only administrators have on their path. */
const PLACES = ['', '/usr/sbin/', '/usr/local/sbin/', '/usr/local/bin/'];

/** A `redis-server` that knows sharded publish and subscribe (7 or newer); undefined where none is installed. */
export function findRedisServer(): string | undefined {
  return find('redis-server', ['--version'], (words) => Number(/\bv=(\d+)/.exec(words)?.[1] ?? 0) >= 7);
}

export function findNginx(): string | undefined {
  return find('nginx', ['-v'], (words) => words.includes('nginx'));
}

function find(name: string, args: string[], fits: (words: string) => boolean): string | undefined {
  return PLACES.map((place) => place + name).find((file) => {
    const { error, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
    return error === undefined && fits(stdout + stderr);
  });
}
