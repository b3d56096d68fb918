import { expect } from 'chai';
import * as fc from 'fast-check';
import { type CommandName, commandNames } from '../../shared/contract/registry.ts';
import type { CarrierWord } from '../../shared/model/call/call.ts';
import { Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { OF_DEMANDS } from './lived-demand.ts';
import { type Act, GUESTS, LivedRoom, PROJECT_ACTS, type Reader, READERS, READINGS, STREAMS } from './lived-room.ts';

const who = fc.constantFrom(...READERS);
const stream = fc.constantFrom(...STREAMS);
const part = fc.double({ min: 0, max: 1, noNaN: true });
const word = fc.constantFrom<CarrierWord>(
  { type: 'ringing', leg: 'caller' },
  { type: 'ringing', leg: 'callee' },
  { type: 'connected' },
  { type: 'over' },
  { type: 'ended', state: 'completed', durationMs: 5_000 },
  { type: 'ended', state: 'busy', reason: 'callee_busy' },
);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('send' as const), who, stream }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('edit' as const, 'recall' as const), who, nth: fc.nat(30) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mark' as const), who, stream, part }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('type' as const), who, stream, typing: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('add' as const, 'remove' as const),
      who: fc.constantFrom<Reader>('buyer', 'admin', 'operator', ...GUESTS),
      guest: fc.constantFrom(...GUESTS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'refresh' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      who,
      name: fc.constantFrom(...READINGS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('order' as const, 'directory' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('active' as const), active: fc.boolean() }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('turn' as const), who, nth: fc.nat(5) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('project' as const),
      who: fc.constantFrom<Reader>('buyer', 'admin', 'designer', 'vendor', 'manager', 'operator', 'rival'),
      name: fc.constantFrom(...PROJECT_ACTS),
      nth: fc.nat(1),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      who: fc.constantFrom<Reader>('buyer', 'colleague', 'admin', 'designer', 'idle', 'rival', 'vendor'),
      whom: fc.constantFrom<Reader>('buyer', 'colleague', 'admin', 'designer', 'idle', 'rival'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('agree' as const, 'hang up' as const), who }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hear' as const), word }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('later' as const), hours: fc.integer({ min: 1, max: 400 }) }) },
);

/** A history in which every command is obeyed at least once, before the random ones. */
const EVERYTHING: Act[] = [
  { do: 'directory' },
  { do: 'order' },
  { do: 'send', who: 'buyer', stream: 'public' },
  { do: 'send', who: 'admin', stream: 'provider' },
  { do: 'send', who: 'operator', stream: 'operator' },
  { do: 'edit', who: 'buyer', nth: 0 },
  { do: 'recall', who: 'buyer', nth: 0 },
  { do: 'add', who: 'buyer', guest: 'colleague' },
  { do: 'add', who: 'admin', guest: 'designer' },
  { do: 'open', who: 'colleague' },
  { do: 'open', who: 'designer' },
  { do: 'mark', who: 'colleague', stream: 'public', part: 1 },
  { do: 'type', who: 'buyer', stream: 'public', typing: true },
  { do: 'remove', who: 'buyer', guest: 'colleague' },
  { do: 'send', who: 'designer', stream: 'provider' },
  { do: 'cut', who: 'vendor' },
  { do: 'send', who: 'designer', stream: 'public' },
  { do: 'turn', who: 'buyer', nth: 0 },
  { do: 'project', who: 'admin', name: 'project.dispatch', nth: 0 },
  { do: 'project', who: 'admin', name: 'project.changeOperator', nth: 0 },
  { do: 'project', who: 'admin', name: 'project.changeOperator', nth: 1 },
  { do: 'project', who: 'buyer', name: 'project.pause', nth: 0 },
  { do: 'later', hours: 30 },
  { do: 'project', who: 'buyer', name: 'project.resume', nth: 0 },
  { do: 'turn', who: 'operator', nth: 0 },
  { do: 'turn', who: 'operator', nth: 0 },
  { do: 'turn', who: 'operator', nth: 1 },
  { do: 'call', who: 'buyer', whom: 'designer' },
  { do: 'agree', who: 'designer' },
  { do: 'hear', word: { type: 'ringing', leg: 'callee' } },
  { do: 'hang up', who: 'designer' },
  { do: 'call', who: 'designer', whom: 'buyer' },
  { do: 'hear', word: { type: 'connected' } },
  { do: 'hear', word: { type: 'over' } },
  { do: 'active', active: false },
  { do: 'refresh', who: 'operator' },
  { do: 'close', who: 'manager' },
  { do: 'office' },
  ...READINGS.map((name): Act => ({ do: 'read', who: 'operator', name })),
  { do: 'project', who: 'vendor', name: 'project.changeProvider', nth: 0 },
  { do: 'turn', who: 'buyer', nth: 0 },
  { do: 'project', who: 'operator', name: 'project.close', nth: 0 },
];

describe('R5: state is a snapshot and the events after it', () => {
  let started: TestService;
  let portal: Portal;
  const used = new Set<CommandName>();

  before(async () => {
    started = await startTestService({ env: { DEMO: '1', CALL_DAILY_LIMIT: '10000' } });
    portal = new Portal(started.service.url);
    await LivedRoom.furnish(portal);
  });
  after(() => started.stop());

  it('over random histories of every command, for every kind of reader', async () => {
    const end = performance.now() + (process.env['R5_MS'] === undefined ? 15_000 : Number(process.env['R5_MS']));
    let lived = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 15, maxLength: 60 }), async (acts) => {
        // Bounded by time: a history that has begun is lived through, and after the end none begins.
        if (lived > 1 && performance.now() > end) return;
        lived += 1;
        await live(acts);
      }),
      { numRuns: 1_000, endOnFailure: true, examples: [[EVERYTHING]] },
    );
  });

  it('obeyed every command on the way', () => {
    // Those of demands have histories of their own.
    const missing = commandNames.filter(
      (name) => !OF_DEMANDS.some((family) => name.startsWith(family)) && !used.has(name),
    );
    expect(missing).to.deep.equal([]);
  });

  /** Lives one history through, then compares what each client shows with what a fresh one of the same reader is shown. */
  async function live(acts: readonly Act[]): Promise<void> {
    const room = await LivedRoom.open({ portal, used, hear: (event) => started.context.calls.hear(event) });
    try {
      for (const one of acts) await room.carryOut(one);
      await room.activate(true);
      await room.compare();
    } finally {
      await room.close();
    }
  }
});
