import { expect } from 'chai';
import * as fc from 'fast-check';
import { callApproval, callEnd, type CallEnd } from '../../../shared/contract/calls.ts';
import { type Call, type CarrierWord, isOver, progressOf, wakeAt } from '../../../shared/model/call/call.ts';
import { callView } from '../../../shared/model/call/call-view.ts';
import { foldCalls } from '../../../shared/model/call/fold-call.ts';
import { quietFrom, quietUntil } from '../../../shared/model/call/quiet-hours.ts';
import { type CallEvent, step } from '../../../shared/model/call/step.ts';
import { SYSTEM_ACTOR } from '../../../shared/model/flow/flow.ts';
import {
  bea,
  CallBench,
  COMPLETED,
  CONNECTED,
  dan,
  eve,
  ops,
  OVER,
  RINGING_CALLEE,
  RINGING_CALLER,
  START,
  ZONE,
} from './call-bench.ts';

const word: fc.Arbitrary<CarrierWord> = fc.oneof(
  fc.constantFrom(RINGING_CALLER, RINGING_CALLEE, CONNECTED, OVER, COMPLETED),
  fc.record({ type: fc.constant('ended' as const), state: fc.constantFrom(...callEnd.options) }),
);
const someone = fc.constantFrom(bea, dan, eve, ops);
const attempt = fc.record({
  wait: fc.constantFrom(0, 1, 1000, 30_000, 100_000, 300_000, 4_000_000),
  by: someone,
  event: fc.oneof(
    { weight: 4, arbitrary: word.map((one): CallEvent => ({ type: 'carrier', word: one })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<CallEvent>(
        { type: 'approve' },
        { type: 'cancel' },
        { type: 'tick' },
        { type: 'not_placed', reason: 'carrier_refused' },
      ),
    },
  ),
});
const history = fc.array(attempt, { maxLength: 12 });
const beginning = fc.record({ approval: fc.constantFrom(...callApproval.options), callerDials: fc.boolean() });

const begin = ({ approval, callerDials }: { approval: 'none' | 'callee' | 'operator'; callerDials: boolean }) =>
  new CallBench({ rules: { approval }, request: { callerDials } });

/** What a carrier truly tells of one call, in its order. */
const STORIES: Readonly<Record<string, { words: readonly CarrierWord[]; end: CallEnd }>> = {
  talked: { words: [RINGING_CALLER, RINGING_CALLEE, CONNECTED, COMPLETED], end: 'completed' },
  busy: {
    words: [RINGING_CALLER, RINGING_CALLEE, { type: 'ended', state: 'busy', reason: 'callee_busy' }, OVER],
    end: 'busy',
  },
  unanswered: {
    words: [RINGING_CALLER, { type: 'ended', state: 'no_answer', reason: 'caller_no_answer' }, OVER],
    end: 'no_answer',
  },
  refused: { words: [{ type: 'ended', state: 'failed', reason: 'carrier_refused' }], end: 'failed' },
};

describe('a call over random histories', () => {
  it('only ever goes on, moves no more once it is over, and is what its entries fold to', () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(beginning, history, (how, attempts) => {
        const bench = begin(how);
        for (const { wait, by, event } of attempts) {
          bench.later(wait);
          const before: Call = structuredClone(bench.call);
          const told = bench.entries.length;
          const result = bench.try(event, event.type === 'approve' || event.type === 'cancel' ? by : SYSTEM_ACTOR);
          reached.add(result.ok ? bench.call.state : result.code);
          expect(progressOf(bench.call.state)).to.be.at.least(progressOf(before.state));
          if (!result.ok || isOver(before)) expect(bench.call).to.deep.equal(before);
          if (bench.entries.length === told) expect(bench.call).to.deep.equal(before);
          expect(wakeAt(bench.call) === null).to.equal(isOver(bench.call));
          expect(bench.call.endedAt !== undefined).to.equal(isOver(bench.call));
          if (bench.call.durationMs !== undefined) expect(bench.call.state).to.be.oneOf(callEnd.options);
        }
        const log: typeof bench.entries = JSON.parse(JSON.stringify(bench.entries));
        expect(foldCalls(log.map(({ body }) => body)).get(bench.call.id)).to.deep.equal(bench.call);
      }),
      { numRuns: 1000 },
    );
    // Histories that never get anywhere would show nothing.
    expect([...reached]).to.include.members([
      ...callEnd.options,
      'connected',
      'ringing_callee',
      'forbidden',
      'conflict',
    ]);
  });

  it('ends as it truly did, in whatever order and however often its carrier tells', () => {
    const told = fc.constantFrom(...Object.values(STORIES)).chain(({ words, end }) =>
      fc
        .tuple(
          fc.array(fc.constantFrom(...words), { maxLength: 8 }),
          fc.shuffledSubarray([...words], { minLength: words.length }),
        )
        .chain(([again, all]) => fc.shuffledSubarray([...again, ...all], { minLength: again.length + all.length }))
        .map((order) => ({ order, end, truth: words })),
    );
    fc.assert(
      fc.property(told, ({ order, end, truth }) => {
        const bench = new CallBench().hear(...order);
        const straight = new CallBench().hear(...truth);
        expect(bench.call.state).to.equal(end);
        expect(bench.call.reason).to.equal(straight.call.reason);
        expect(bench.call.durationMs).to.equal(straight.call.durationMs);
        expect(bench.told.filter((event) => event === 'call.ended')).to.have.length(1);
      }),
      { numRuns: 1000 },
    );
  });

  it('comes to an end by ticks alone, at the instants that it says it wakes at, and not before', () => {
    fc.assert(
      fc.property(beginning, history, (how, attempts) => {
        const bench = begin(how);
        for (const { wait, by, event } of attempts) bench.later(wait).try(event, by);
        const due = wakeAt(bench.call);
        if (due === null) return;
        const tick = (now: number) => step(bench.call, { type: 'tick' }, { now, actor: SYSTEM_ACTOR });
        expect(tick(due - 1)).to.deep.include({ ok: true, call: bench.call, entries: [] });
        const settled = tick(due);
        expect(settled.ok && isOver(settled.call)).to.equal(true);
      }),
    );
  });

  it('offers to each viewer exactly what it then accepts from them', () => {
    fc.assert(
      fc.property(beginning, history, (how, attempts) => {
        const bench = begin(how);
        for (const { event } of attempts) bench.try(event, ops);
        for (const actor of [bea, dan, eve, ops]) {
          const accepted = (['approve', 'cancel'] as const).filter((type) => {
            const result = step(bench.call, { type }, { now: bench.now, actor });
            return result.ok && result.entries.length > 0;
          });
          expect(callView(bench.call, actor).actions.filter((action) => action !== 'call_back')).to.deep.equal(
            accepted,
          );
        }
      }),
    );
  });
});

describe('quiet hours', () => {
  const minute = fc.integer({ min: 0, max: 24 * 60 - 1 }).map((at) => {
    const two = (n: number): string => String(n).padStart(2, '0');
    return `${two(Math.floor(at / 60))}:${two(at % 60)}`;
  });

  it('end at an instant that is outside of them, last until then, and do not begin before they are said to', () => {
    const zone = fc.constantFrom(ZONE, 'UTC', 'America/New_York');
    fc.assert(
      fc.property(minute, minute, fc.integer({ min: 0, max: 40 * 24 * 60 }), zone, (from, to, minutes, timeZone) => {
        fc.pre(from !== to);
        const now = START + minutes * 60_000;
        const until = quietUntil(now, { from, to }, timeZone);
        if (until === null) {
          const begin = quietFrom(now, { from, to }, timeZone) ?? now;
          expect(begin - now).to.be.within(1, 24 * 3_600_000);
          expect(quietUntil(begin, { from, to }, timeZone)).not.to.equal(null);
          expect(quietUntil(begin - 1, { from, to }, timeZone)).to.equal(null);
          return;
        }
        expect(until).to.be.greaterThan(now);
        expect(until - now).to.be.at.most(24 * 3_600_000);
        expect(quietUntil(until, { from, to }, timeZone)).to.equal(null);
        expect(quietUntil(until - 1, { from, to }, timeZone)).to.equal(until);
      }),
    );
  });
});
