import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The programs that are killed. */
export interface CompiledService {
  readonly server: string;
  readonly database: string;
  /** The server before a carrier of the test's own. */
  readonly beforeCarrier: string;
  /** The jobs apart from it, over errands. */
  readonly errands: string;
  /** The jobs apart from it, as `npm run jobs` starts them. */
  readonly jobs: string;
  /** Removes what was made for this run. */
  drop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The service compiled from the sources as they are: a server started through a loader takes seconds, most of which a run would spend waiting.
 * A compiled run uses what it was compiled with.
 */
export async function compiledService(): Promise<CompiledService> {
  if (!import.meta.url.endsWith('.ts')) return { ...programsIn(ROOT), drop: () => Promise.resolve() };
  const cache = join(ROOT, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'chaos-'));
  const drop = () => rm(folder, { recursive: true, force: true });
  try {
    const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
    const compiler = join(dirname(manifest), 'bin', 'tsc');
    const config = join(ROOT, 'tsconfig.build.json');
    const options = [
      '-p',
      config,
      '--outDir',
      folder,
      '--noCheck',
      '--incremental',
      'false',
      '--tsBuildInfoFile',
      'null',
    ];
    await promisify(execFile)(process.execPath, [compiler, ...options], { cwd: ROOT, timeout: 60_000 });
    // Below node_modules, the tree's own manifest does not say what kind of modules these are.
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  } catch (error) {
    await drop();
    throw error;
  }
  return { ...programsIn(folder), drop };
}

function programsIn(folder: string): Omit<CompiledService, 'drop'> {
  return {
    server: join(folder, 'server', 'main.js'),
    database: join(folder, 'server', 'storage', 'embedded', 'main.js'),
    beforeCarrier: join(folder, 'test', 'scenarios', 'service-before-carrier.js'),
    errands: join(folder, 'test', 'jobs', 'errand-worker.js'),
    jobs: join(folder, 'jobs', 'main.js'),
  };
}
