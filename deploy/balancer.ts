import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface BalancerPlace {
  host: string;
  port: number;
  /** The servers' own addresses, such as `http://127.0.0.1:4000`. */
  servers: readonly string[];
  /** A folder of its own. */
  folder: string;
}

/** nginx's parts that keep files while they work. */
const KEEPERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * The balancer's configuration for other addresses than those of `compose.yaml`, for a user who need not be root.
 * @throws when the text is not what it knows
 */
export function balancerConfig(text: string, { host, port, servers, folder }: BalancerPlace): string {
  const upstream = servers.map((url) => `    server ${new URL(url).host} fail_timeout=2s;\n`).join('');
  const keeps = KEEPERS.map((name) => `  ${name}_temp_path ${quoted(join(folder, name))};\n`).join('');
  const changes: [RegExp, string][] = [
    [/( {4}server server-\d+:3000 fail_timeout=2s;\n)+/, upstream],
    [/listen 8080;/, `listen ${host.includes(':') ? `[${host}]` : host}:${port};`],
    [/http \{\n/, `http {\n${keeps}`],
  ];
  return changes.reduce((changed, [found, put]) => {
    if (!found.test(changed)) throw new Error(`the configuration of nginx has nothing like ${found.source}`);
    return changed.replace(found, () => put);
  }, text);
}

/** Writes it to the folder, and gives the arguments with which nginx runs there until it is asked to stop. */
export async function prepareBalancer(template: string, place: BalancerPlace): Promise<string[]> {
  const { folder } = place;
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'nginx.conf');
  await writeFile(file, balancerConfig(await readFile(template, 'utf8'), place));
  const rest = `daemon off; pid ${quoted(join(folder, 'nginx.pid'))}; error_log stderr notice;`;
  return ['-p', folder, '-c', file, '-e', 'stderr', '-g', rest];
}

const quoted = (path: string): string => `"${path.replaceAll(/["\\]/g, '\\$&')}"`;
