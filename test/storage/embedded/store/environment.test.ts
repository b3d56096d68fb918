import { cpSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { type Environment, GroupTooLarge } from '../../../../server/storage/embedded/store/environment.ts';
import { openEnvironment } from '../../../../server/storage/embedded/store/open-environment.ts';
import type { Span } from '../../../../server/storage/embedded/store/memtable.ts';
import { errorOf } from '../database-under-test.ts';

const KEYS = 24;
const keyOf = (n: number): Buffer => Buffer.from([1, n >> 4, (n & 15) * 17]);
const END = Buffer.from([2]);

type Model = Map<number, string>;
type Change = readonly [key: number, value: string | null];
type Step =
  | { readonly kind: 'write' | 'refuse'; readonly changes: readonly Change[] }
  | { readonly kind: 'turns'; readonly count: number }
  | { readonly kind: 'large'; readonly changes: readonly Change[] }
  | { readonly kind: 'reopen' };

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.nat(KEYS - 1),
  fc.option(fc.string({ maxLength: 40 }), { freq: 2, nil: null }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('write' as const), changes: fc.array(change, { maxLength: 8 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('refuse' as const), changes: fc.array(change, { maxLength: 8 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('large' as const),
      changes: fc.array(change, { minLength: 1, maxLength: 8 }),
    }),
  },
  // Turns of the event loop, in which a checkpoint gets on; and a new start.
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.constantFrom(1, 2, 5, 50) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);
const span = fc.record({
  low: fc.nat(KEYS),
  high: fc.nat(KEYS),
  lowExclusive: fc.boolean(),
  backwards: fc.boolean(),
  limit: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
});

type AskedSpan = typeof span extends fc.Arbitrary<infer Asked> ? Asked : never;

function apply(env: Environment, model: Model, changes: readonly Change[]): void {
  for (const [key, value] of changes)
    if (value === null) {
      env.index.remove(keyOf(key));
      model.delete(key);
    } else {
      env.index.put(keyOf(key), Buffer.from(value));
      model.set(key, value);
    }
}

/** What a span of the model holds, told as `LayeredTree.range` tells it. */
function pairsOf(model: Model, { low, high, lowExclusive, backwards, limit }: AskedSpan): string[] {
  const found = [...model]
    .filter(([key]) => (lowExclusive ? key > low : key >= low) && key < high)
    .sort(([a], [b]) => (backwards ? b - a : a - b))
    .map(([key, value]) => `${key} ${value}`);
  return limit === undefined ? found : found.slice(0, limit);
}

describe('embedded database: the store', function () {
  this.timeout(120_000);
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'store-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('reads what was written, whether it is in memory, on its way to the trees, in them or in the log', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(span, { minLength: 4, maxLength: 4 }),
        async (steps, spans) => {
          number += 1;
          const own = join(dataDir, String(number));
          // So few bytes that checkpoints begin all the time, and writes come while one is on its way.
          const open = () => openEnvironment(own, { waitForOwnerMs: 0, checkpointBytes: 1_000 });
          let env = await open();
          const model: Model = new Map();
          const check = (): void => {
            for (const one of spans) {
              const asked: Span = {
                low: keyOf(one.low),
                high: one.high === KEYS ? END : keyOf(one.high),
                lowExclusive: one.lowExclusive,
                backwards: one.backwards,
                ...(one.limit === undefined ? {} : { limit: one.limit }),
              };
              const expected = pairsOf(model, one);
              const told = ({ key }: { key: Buffer }): number => (key[1] ?? 0) * 16 + (key[2] ?? 0) / 17;
              expect(env.index.range(asked).map((pair) => `${told(pair)} ${pair.value.toString()}`)).to.deep.equal(
                expected,
              );
              expect(env.index.keys(asked).map((key) => told({ key }))).to.deep.equal(
                expected.map((pair) => Number(pair.split(' ', 1)[0])),
              );
            }
            expect(env.index.count({ low: keyOf(0), high: END })).to.equal(model.size);
            for (let key = 0; key < KEYS; key += 1) {
              expect(env.index.get(keyOf(key))?.toString()).to.equal(model.get(key));
              expect(env.index.has(keyOf(key))).to.equal(model.has(key));
            }
          };
          try {
            for (const one of steps) {
              /* oxlint-disable no-await-in-loop -- one step after the other */
              if (one.kind === 'write') env.write(() => apply(env, model, one.changes));
              else if (one.kind === 'refuse')
                expect(() =>
                  env.write(() => {
                    apply(env, new Map(model), one.changes);
                    throw new Error('refused');
                  }),
                ).to.throw('refused');
              else if (one.kind === 'large') {
                // Over eight checkpoints' bytes, of which a change is a hundred at least.
                const large = Array.from({ length: 100 }, () => one.changes).flat();
                expect(() => env.write(() => apply(env, new Map(model), large))).to.throw(GroupTooLarge);
                check();
                await env.quiet();
                env.writeThrough(() => apply(env, model, one.changes));
              } else if (one.kind === 'turns')
                for (let turn = 0; turn < one.count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
              else {
                await env.close();
                env = await open();
              }
              /* oxlint-enable no-await-in-loop */
              check();
            }
            await env.close();
            expect((await readdir(own)).sort()).to.deep.equal(['engine.mdb', 'engine.mdb-lock']);
            env = await open();
            check();
          } finally {
            await env.close();
            await rm(own, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('starts with every group of which the log is whole, and with nothing of the one that is cut off', async () => {
    const env = await openEnvironment(dataDir, { waitForOwnerMs: 0 });
    const copies = await mkdtemp(join(tmpdir(), 'store-copies-'));
    try {
      const groups = 6;
      for (let group = 0; group < groups; group += 1)
        env.write(() => {
          env.index.put(keyOf(group), Buffer.from(`group ${group}`));
          env.documents.put(keyOf(group), Buffer.from('x'.repeat(group)));
        });
      const log = (await readdir(dataDir)).find((name) => name.endsWith('-0')) ?? '';
      // A record is a header of 24 bytes and two changes, each a header of 8 bytes, a key of 3 and a value.
      const ends = Array.from({ length: groups }, (_, at) => at + 1).map((count) =>
        Array.from({ length: count }, (_, group) => 24 + 2 * (8 + 3) + 7 + group).reduce((a, b) => a + b, 0),
      );
      for (let cut = 0; cut <= (ends.at(-1) ?? 0); cut += 5) {
        /* oxlint-disable no-await-in-loop -- one copy after the other */
        const own = join(copies, String(cut));
        await cp(dataDir, own, { recursive: true });
        await truncate(join(own, log), cut);
        const again = await openEnvironment(own, { waitForOwnerMs: 0 });
        const whole = ends.filter((end) => end <= cut).length;
        for (const tree of [again.index, again.documents])
          expect(
            tree.keys({ low: keyOf(0), high: END }).map((key) => (key[2] ?? 0) / 17),
            `cut at ${cut}`,
          ).to.deep.equal(Array.from({ length: whole }, (_, group) => group));
        // What is written now is not taken for something of the log before.
        again.write(() => again.index.put(keyOf(KEYS - 1), Buffer.from('after')));
        await again.close();
        const third = await openEnvironment(own, { waitForOwnerMs: 0 });
        expect(third.index.count({ low: keyOf(0), high: END })).to.equal(whole + 1);
        await third.close();
        /* oxlint-enable no-await-in-loop */
      }
    } finally {
      await env.close();
      await rm(copies, { recursive: true, force: true });
    }
  });

  it('refuses to start on a log that lacks a record in the middle', async () => {
    const env = await openEnvironment(dataDir, { waitForOwnerMs: 0, checkpointBytes: 50 });
    const copy = await mkdtemp(join(tmpdir(), 'store-copies-'));
    try {
      // The checkpoint that the first begins has turned to the other file, and can write nothing before this turn of the event loop ends.
      for (let group = 0; group < 3; group += 1) env.write(() => env.index.put(keyOf(group), Buffer.from('x')));
      cpSync(dataDir, copy, { recursive: true });
      const log = (await readdir(copy)).find((name) => name.endsWith('-0')) ?? '';
      await truncate(join(copy, log), 5);
      const error = await errorOf(openEnvironment(copy, { waitForOwnerMs: 0 }));
      expect(error.message).to.match(/is damaged: its log lacks record 1 and has record 2/);
    } finally {
      await env.close();
      await rm(copy, { recursive: true, force: true });
    }
  });

  it('refuses to be written to outside of a write', async () => {
    const env = await openEnvironment(dataDir, { waitForOwnerMs: 0 });
    expect(() => env.index.put(keyOf(1), Buffer.from('x'))).to.throw(/outside of a write/);
    await env.close();
  });
});
