import { expect } from 'chai';
import * as fc from 'fast-check';
import { nodeAction } from '../../shared/contract/projects.ts';
import type { NodeInput } from '../../shared/contract/templates.ts';
import { TwoOffices } from '../support/two-offices.ts';
import { type Act, PRODUCTS, PROJECT_ACTS, RandomMarket } from './random-market.ts';

const SEED = Number(process.env['FLOW_SEED'] ?? 20_261_128);
const RUNS = Number(process.env['FLOW_RUNS'] ?? 4);

/** Only picks, so that small ones are no more likely than others. */
const number = fc.noBias(fc.nat(1000));
const index = (count: number) => fc.noBias(fc.nat(count - 1));
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('order' as const), product: index(PRODUCTS) }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('turn' as const), project: number, nth: number }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('try' as const),
      project: number,
      who: number,
      action: fc.constantFrom(...nodeAction.options),
      stale: fc.boolean(),
    }),
  },
  {
    weight: 11,
    arbitrary: fc.record({
      do: fc.constant('project' as const),
      project: number,
      who: number,
      fits: fc.noBias(fc.integer({ min: 0, max: 3 })).map((one) => one > 0),
      // Closing is the end of it.
      action: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...PROJECT_ACTS.slice(0, -1)) },
        { weight: 2, arbitrary: fc.constant('close' as const) },
      ),
      whom: number,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('staff' as const),
      whom: number,
      change: fc.oneof(
        fc.record({ maxLoad: fc.nat(3) }),
        fc.record({ accepting: fc.boolean() }),
        fc.record({ leaveDays: fc.nat(3) }),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('active' as const), whom: number, active: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('provider' as const),
      product: index(PRODUCTS),
      company: index(2),
      maxLoad: fc.nat(6),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('later' as const), hours: fc.integer({ min: 1, max: 60 }) }) },
);
/** One thing after the other, and now and then two at once at two servers. */
const moment = fc.oneof(
  { weight: 3, arbitrary: act.map((one) => [one]) },
  { weight: 1, arbitrary: fc.tuple(act, act).map((both): Act[] => both) },
);

const finish: NodeInput = {
  id: 'finish',
  type: 'finish',
  name: 'Finish',
  side: 'buyer',
  rejectable: true,
  timeoutDays: 1,
  autoAdvance: true,
};
const dispatch: NodeInput = { id: 'dispatch', type: 'dispatch_order', name: 'Dispatch', side: 'system' };
const TEMPLATES: readonly NodeInput[][] = [
  [
    { ...finish, id: 'ok', type: 'confirm', name: 'Agree', timeoutDays: 0.5 },
    { id: 'work', type: 'generic', name: 'Work', side: 'provider', role: 'provider_admin', timeoutDays: 2 },
    finish,
  ],
  [
    { ...dispatch, role: 'delivery_specialist', rule: 'provider_first' },
    { id: 'work', type: 'generic', name: 'Work', side: 'provider', role: 'delivery_specialist', timeoutDays: 1.5 },
    finish,
  ],
  [
    { id: 'demand', type: 'submit_demand', name: 'Demand', side: 'buyer' },
    { id: 'claim', type: 'claim_order', name: 'Claim', side: 'provider', role: 'account_manager' },
    { ...dispatch, role: 'delivery_specialist', rule: 'department_first' },
    { id: 'check', type: 'confirm', name: 'Check', side: 'provider', role: 'account_manager' },
    { id: 'work', type: 'generic', name: 'Work', side: 'provider', role: 'delivery_specialist' },
    finish,
  ],
];

describe('Projects over random histories at two servers', function () {
  this.timeout(300_000);
  let offices: TwoOffices;
  let templates: string[] = [];
  before(async () => {
    offices = await TwoOffices.open();
    for (const [i, nodes] of TEMPLATES.entries()) templates = [...templates, await offices.template(`T${i}`, nodes)];
  });
  after(() => offices.close());

  it(`keep their rules after every step, whoever does what, and lose nobody in a queue (seed ${SEED})`, async () => {
    const told = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { minLength: 70, maxLength: 90, size: 'max' }), async (moments) => {
        const market = await RandomMarket.open(offices, templates);
        for (const acts of moments) await market.carryOut(acts);
        await market.makeRoom();
        await market.close();
        for (const event of market.told) told.add(event);
        expect(offices.faults).to.deep.equal([]);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
    // A history that never gets anywhere would show nothing.
    expect([...told]).to.include.members([
      'project.queued',
      'project.paused',
      'project.resumed',
      'project.completed',
      'project.closed',
      'provider.assigned',
      'provider.changed',
      'order.claimed',
      'order.dispatched',
      'operator.changed',
      'node.done',
      'node.rejected',
      'node.timed_out',
      'node.due_soon',
    ]);
  });
});
