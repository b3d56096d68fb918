import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { build } from 'vite';

/** What the headless client, and the elements with it, may weigh, minified and gzipped (quality.md, Users). */
const BUNDLE_MAX_BYTES = 45 * 1024;
const WIDGET_MAX_BYTES = 120 * 1024;

async function bundle(file: string): Promise<{ code: string; modules: string[] }> {
  const entry = fileURLToPath(new URL(`../../client-sdk/${file}`, import.meta.url));
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: true, lib: { entry, formats: ['iife'], name: 'DeliveryRooms' } },
  });
  const [first] = Array.isArray(result) ? result : [result];
  if (!first || !('output' in first)) throw new Error('vite answered without an output');
  const chunks = first.output.filter((part) => part.type === 'chunk');
  return {
    code: chunks.map(({ code }) => code).join('\n'),
    modules: chunks.flatMap(({ moduleIds }) => moduleIds),
  };
}

describe('client-sdk bundle', () => {
  let built: Awaited<ReturnType<typeof bundle>>;
  let widget: Awaited<ReturnType<typeof bundle>>;
  before(async () => {
    // Vite sets NODE_ENV for the whole process, and the tests after this one start services.
    const before = process.env['NODE_ENV'];
    try {
      built = await bundle('index.ts');
      widget = await bundle('element/define.ts');
    } finally {
      if (before === undefined) delete process.env['NODE_ENV'];
      else process.env['NODE_ENV'] = before;
    }
  });

  it('weighs at most 45 KiB', () => {
    expect(gzipSync(built.code, { level: 9 }).byteLength).to.be.within(10 * 1024, BUNDLE_MAX_BYTES);
  });

  it('weighs at most 120 KiB with its elements, which bring no schemas either', () => {
    expect(gzipSync(widget.code, { level: 9 }).byteLength).to.be.within(40 * 1024, WIDGET_MAX_BYTES);
    expect(widget.modules.filter((id) => /\/(zod|server|mongoose|mongodb)\//.test(id))).to.deep.equal([]);
  });

  it('brings no schemas and nothing of the server, but socket.io-client alone', () => {
    const foreign = built.modules.filter((id) => /\/(zod|server|mongoose|mongodb)\//.test(id));
    expect(foreign).to.deep.equal([]);
    const packages = built.modules.flatMap((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []);
    expect([...new Set(packages)].sort()).to.deep.equal([
      '@socket.io/component-emitter',
      'engine.io-client',
      'engine.io-parser',
      'socket.io-client',
      'socket.io-parser',
    ]);
  });
});
