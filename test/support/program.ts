import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * How a program of this repository is run: compiled where the build is newer than every source (it starts in a third of the time), else from
 * its sources.
 * @param source its path from the root, such as `server/main.ts`
 */
export function programOf(source: string): string[] {
  const built = `${ROOT}dist/${source.replace(/\.ts$/, '.js')}`;
  const stamp = `${ROOT}dist/build.tsbuildinfo`;
  if (existsSync(built) && existsSync(stamp)) {
    const at = statSync(stamp).mtimeMs;
    if (['server', 'shared'].every((folder) => newestIn(`${ROOT}${folder}`) < at)) return [built];
  }
  return ['--import', 'tsx', `${ROOT}${source}`];
}

function newestIn(folder: string): number {
  let newest = 0;
  for (const { name, parentPath } of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (name.endsWith('.ts')) newest = Math.max(newest, statSync(`${parentPath}/${name}`).mtimeMs);
  }
  return newest;
}
