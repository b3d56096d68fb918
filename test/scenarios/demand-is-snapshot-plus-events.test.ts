import { expect } from 'chai';
import * as fc from 'fast-check';
import { type CommandName, commandNames } from '../../shared/contract/registry.ts';
import { seedCompetitors } from '../support/demands.ts';
import { Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { type Act, LivedDemand, OF_DEMANDS, PROVIDER_NAMES, type Reader, READER_NAMES } from './lived-demand.ts';

const provider = fc.constantFrom(...PROVIDER_NAMES);
const reader = fc.constantFrom<Reader>(...READER_NAMES);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constantFrom('grab' as const, 'accept' as const, 'record' as const, 'propose' as const),
      who: provider,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('reject' as const, 'terminate' as const, 'withdraw' as const),
      who: provider,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('assign' as const), whom: provider }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      who: reader,
      family: fc.constantFrom('public' as const, 'lane' as const, 'notes' as const, 'desk' as const),
      whom: provider,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('open' as const, 'open' as const, 'leave' as const), who: reader }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      who: fc.constantFrom('buyer' as const, ...PROVIDER_NAMES),
      whom: provider,
    }),
  },
  { weight: 3, arbitrary: fc.constant<Act>({ do: 'talk' }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('later' as const), hours: fc.integer({ min: 1, max: 100 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pay' as const), whom: provider }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('revoke' as const, 'close' as const) }) },
);

/** Every command is obeyed, first in a demand that ends as a deal, then in others. */
const DEAL: Act[] = [
  { do: 'later', hours: 1 },
  { do: 'look', who: 'admin' },
  { do: 'grab', who: 'admin' },
  { do: 'open', who: 'admin' },
  { do: 'assign', whom: 'rival' },
  { do: 'open', who: 'rival' },
  { do: 'look', who: 'operator' },
  { do: 'accept', who: 'rival' },
  { do: 'assign', whom: 'third' },
  { do: 'open', who: 'third' },
  { do: 'reject', who: 'third' },
  { do: 'record', who: 'admin' },
  { do: 'call', who: 'admin', whom: 'admin' },
  { do: 'talk' },
  { do: 'say', who: 'admin', family: 'lane', whom: 'admin' },
  { do: 'say', who: 'buyer', family: 'lane', whom: 'rival' },
  { do: 'say', who: 'rival', family: 'desk', whom: 'rival' },
  { do: 'say', who: 'operator', family: 'operator', whom: 'rival' },
  { do: 'propose', who: 'rival' },
  { do: 'withdraw', who: 'rival' },
  { do: 'propose', who: 'rival' },
  { do: 'propose', who: 'admin' },
  { do: 'look', who: 'buyer' },
  { do: 'code' },
  { do: 'pay', whom: 'admin' },
];
const LEFT: Act[] = [
  { do: 'later', hours: 1 },
  { do: 'grab', who: 'third' },
  { do: 'open', who: 'third' },
  { do: 'terminate', who: 'third' },
  { do: 'close' },
];
const REVOKED: Act[] = [{ do: 'assign', whom: 'admin' }, { do: 'open', who: 'admin' }, { do: 'revoke' }];

describe('R5: a demand is a snapshot and the events after it', () => {
  let started: TestService;
  let portal: Portal;
  const used = new Set<CommandName>();

  before(async () => {
    started = await startTestService({ env: { DEMO: '1', CALL_DAILY_LIMIT: '10000' } });
    portal = new Portal(started.service.url);
    await portal.seed();
    await seedCompetitors(portal);
  });
  after(() => started.stop());

  it('over random histories of every command, for every kind of reader', async () => {
    const end = performance.now() + (process.env['R5_MS'] === undefined ? 10_000 : Number(process.env['R5_MS']));
    let lived = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 40 }), async (acts) => {
        // Bounded by time: a history that has begun is lived through, and after the end none begins.
        if (lived > 3 && performance.now() > end) return;
        lived += 1;
        const demand = await LivedDemand.open(portal, used, (event) => started.context.calls.hear(event));
        try {
          for (const one of acts) await demand.carryOut(one);
          await demand.compare();
        } finally {
          await demand.close();
        }
      }),
      { numRuns: 1_000, endOnFailure: true, examples: [[DEAL], [LEFT], [REVOKED]] },
    );
  });

  it('obeyed every command on the way', () => {
    const missing = commandNames.filter(
      (name) => OF_DEMANDS.some((family) => name.startsWith(family)) && !used.has(name),
    );
    expect(missing).to.deep.equal([]);
  });
});
