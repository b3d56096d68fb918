import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const ENTRY = 'client-sdk/pages/demo-page.ts';

const manifest = z.record(z.string(), z.looseObject({ file: z.string().regex(/^assets\/[\w.-]+$/) }));

/** Where `npm run build:page` puts the page: the same folder whether the server runs from its sources or from `dist`. */
export const PAGE_DIR = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/page/' : '../../page/', import.meta.url),
);

/**
 * The page's script, as a path below `PAGE_DIR`; its name changes with its content.
 * @throws {Error} when the page has not been built
 */
export async function builtScript(): Promise<string> {
  const text = await readFile(join(PAGE_DIR, '.vite', 'manifest.json'), 'utf8').catch((cause: unknown) => {
    throw new Error('The page is not built: run "npm run build:page".', { cause });
  });
  const entry = manifest.parse(JSON.parse(text))[ENTRY];
  if (entry === undefined) throw new Error(`The page's build has no entry ${ENTRY}: run "npm run build:page".`);
  return entry.file;
}
