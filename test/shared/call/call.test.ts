import { expect } from 'chai';
import { call as shownCall } from '../../../shared/contract/calls.ts';
import { CALL_REPORT_MS } from '../../../shared/contract/limits.ts';
import { wakeAt } from '../../../shared/model/call/call.ts';
import { callView } from '../../../shared/model/call/call-view.ts';
import { foldCalls } from '../../../shared/model/call/fold-call.ts';
import { pairOf, timeToBegin } from '../../../shared/model/call/request.ts';
import {
  ask,
  bea,
  BOUNDS,
  CallBench,
  COMPLETED,
  CONNECTED,
  dan,
  eve,
  ops,
  OVER,
  partyOf,
  RINGING_CALLEE,
  RINGING_CALLER,
  START,
  ZONE,
} from './call-bench.ts';

const at = (ms: number): string => new Date(START + ms).toISOString();

describe('asking for a call', () => {
  it('names two people and no number', () => {
    const { call, entries } = new CallBench();
    expect(call).to.deep.include({ state: 'requested', from: partyOf(bea), to: partyOf(dan), at: at(0) });
    expect(entries.map(({ kind, stream, actor }) => [kind, stream, actor.id])).to.deep.equal([
      ['call', 'public', 'bea'],
    ]);
  });

  it('is refused of oneself, but not of a namesake on another side', () => {
    expect(ask({ request: { to: partyOf(bea) } })).to.include({ ok: false, code: 'invalid' });
    expect(ask({ request: { to: { ...partyOf(dan), userId: 'bea' } } }).ok).to.equal(true);
  });

  it('is refused while there is a call between the two, with its state', () => {
    const running = { id: 'other', state: 'ringing_callee' } as const;
    expect(ask({ running })).to.deep.include({
      code: 'conflict',
      details: { callId: 'other', state: 'ringing_callee' },
    });
    expect(pairOf(partyOf(bea), partyOf(dan))).to.equal(pairOf(partyOf(dan), partyOf(bea)));
    expect(pairOf(partyOf(bea), partyOf(dan))).not.to.equal(pairOf(partyOf(bea), partyOf(eve)));
  });

  it('is refused beyond the daily limit, until midnight in the office', () => {
    expect(ask({ askedToday: 2 }).ok).to.equal(true);
    expect(ask({ askedToday: 3 })).to.include({ code: 'rate_limited', retryAfterMs: 14 * 3_600_000 });
  });

  it('is refused in the quiet hours, with their end', () => {
    const quiet = { from: '22:00', to: '08:30' };
    const ms = (hours: number): number => START + hours * 3_600_000;
    expect(ask({ rules: { quiet }, now: ms(11) }).ok).to.equal(true);
    const end = { quietUntil: '2026-11-21T00:30:00.000Z' };
    expect(ask({ rules: { quiet }, now: ms(12) })).to.deep.include({ code: 'conflict', details: end });
    expect(ask({ rules: { quiet }, now: ms(22) })).to.deep.include({ code: 'conflict', details: end });
    expect(ask({ rules: { quiet }, now: ms(22.5) }).ok).to.equal(true);
    expect(ask({ rules: { quiet: { from: '09:30', to: '10:30' } } })).to.deep.include({
      details: { quietUntil: at(30 * 60_000) },
    });
  });
});

describe('a call', () => {
  it('goes through its states, and ends with the duration that the carrier tells', () => {
    const bench = new CallBench();
    bench.later(1000).hear(RINGING_CALLER).later(4000).hear(RINGING_CALLEE).later(5000).hear(CONNECTED);
    expect(bench.call).to.deep.include({ state: 'connected', ringingAt: at(1000), connectedAt: at(10_000) });
    bench.later(50_000).hear(COMPLETED);
    expect(bench.call).to.deep.include({ state: 'completed', endedAt: at(60_000), durationMs: 42_000 });
    expect(bench.told).to.deep.equal([
      'call.requested',
      'call.ringing',
      'call.ringing',
      'call.connected',
      'call.ended',
    ]);
    expect(shownCall.parse(callView(bench.call, bea))).to.deep.equal(callView(bench.call, bea));
  });

  it('hears a word once, and nothing of what lies behind it', () => {
    const bench = new CallBench().hear(CONNECTED, CONNECTED, RINGING_CALLEE, RINGING_CALLER);
    expect(bench.told).to.deep.equal(['call.requested', 'call.connected']);
    bench.hear(COMPLETED, { type: 'ended', state: 'busy' }, CONNECTED);
    expect(bench.call.state).to.equal('completed');
    expect(bench.told).to.deep.equal(['call.requested', 'call.connected', 'call.ended']);
  });

  it('of which its end alone is heard was connected for the time that is told', () => {
    const bench = new CallBench().later(60_000).hear(COMPLETED);
    expect(bench.call).to.include({ state: 'completed', connectedAt: at(18_000), endedAt: at(60_000) });
  });

  it('is over with its connection when everybody has hung up, and not before it', () => {
    const talked = new CallBench().hear(CONNECTED).later(7000).hear(OVER);
    expect(talked.call).to.include({ state: 'completed', durationMs: 7000 });
    const unknown = new CallBench().hear(RINGING_CALLEE, OVER);
    expect(unknown.call.state).to.equal('ringing_callee');
    expect(unknown.hear({ type: 'ended', state: 'busy', reason: 'callee_busy' }).call).to.include({
      state: 'busy',
      reason: 'callee_busy',
    });
  });

  it('fails when its bridge does not take it', () => {
    const bench = new CallBench();
    bench.try({ type: 'not_placed', reason: 'carrier_unavailable' });
    expect(bench.call).to.include({ state: 'failed', reason: 'carrier_unavailable' });
  });

  it('is cancelled by either of the two or an operator, before they talk', () => {
    const reasons = [bea, dan, ops].map((actor) => {
      const bench = new CallBench().hear(RINGING_CALLEE);
      expect(bench.codeOf({ type: 'cancel' }, actor)).to.equal('ok');
      // The carrier's word of it comes after.
      bench.hear({ type: 'ended', state: 'no_answer' });
      expect(bench.call.state).to.equal('cancelled');
      expect(bench.codeOf({ type: 'cancel' }, actor)).to.equal('ok');
      expect(bench.told.filter((event) => event === 'call.ended')).to.have.length(1);
      return bench.call.reason;
    });
    expect(reasons).to.deep.equal(['by_caller', 'by_callee', 'by_operator']);
    expect(new CallBench().codeOf({ type: 'cancel' }, eve)).to.equal('forbidden');
    const talking = new CallBench().hear(CONNECTED);
    expect(talking.codeOf({ type: 'cancel' }, bea)).to.equal('conflict');
    expect(talking.hear(COMPLETED).codeOf({ type: 'cancel' }, bea)).to.equal('conflict');
  });

  it('waits to be agreed to, by nobody but who is asked', () => {
    const bench = new CallBench({ rules: { approval: 'callee' } });
    expect(bench.call).to.include({ state: 'requested', awaits: 'callee' });
    bench.hear(RINGING_CALLER, COMPLETED);
    expect(bench.call.state).to.equal('requested');
    for (const actor of [bea, eve, ops]) expect(bench.codeOf({ type: 'approve' }, actor)).to.equal('forbidden');
    expect(bench.later(200_000).codeOf({ type: 'approve' }, dan)).to.equal('ok');
    expect(bench.call.awaits).to.equal(undefined);
    expect(bench.codeOf({ type: 'approve' }, dan)).to.equal('ok');
    expect(bench.told).to.deep.equal(['call.requested', 'call.approved']);
    // From here on its bridge has its time.
    expect(wakeAt(bench.call)).to.equal(START + 200_000 + BOUNDS.beginMs);
    expect(bench.hear(RINGING_CALLER).call.state).to.equal('ringing_caller');

    const byOperator = new CallBench({ rules: { approval: 'operator' } });
    expect(byOperator.codeOf({ type: 'approve' }, dan)).to.equal('forbidden');
    expect(byOperator.codeOf({ type: 'approve' }, ops)).to.equal('ok');
  });

  it('that its caller is to ring the carrier for begins before the quiet hours, or not at all', () => {
    const rules = { quiet: { from: '10:01', to: '10:30' } };
    const dials = { callerDials: true };
    expect(wakeAt(new CallBench({ rules, request: dials }).call)).to.equal(START + 60_000);
    expect(wakeAt(new CallBench({ rules }).call), 'phones ring at once').to.equal(START + BOUNDS.beginMs);
    const later = new CallBench({ rules: { quiet: { from: '10:03', to: '10:30' } }, request: dials });
    expect(wakeAt(later.call)).to.equal(START + BOUNDS.beginMs);

    const bench = new CallBench({ rules: { ...rules, approval: 'callee' }, request: dials });
    expect(wakeAt(bench.call), 'to agree').to.equal(START + BOUNDS.approvalMs);
    const asked = bench.later(20_000).call;
    const beginMs = timeToBegin(asked, { now: bench.now, rules, timeZone: ZONE });
    bench.try({ type: 'approve', beginMs }, dan);
    expect(wakeAt(bench.call)).to.equal(START + 60_000);
    bench.later(40_000).try({ type: 'tick' });
    expect(bench.call).to.include({ state: 'no_answer', reason: 'caller_no_answer' });
    const folded = foldCalls(bench.entries.map(({ body }) => body)).get(asked.id);
    expect(folded).to.deep.equal(bench.call);
  });

  it('is declined by who is asked, and not agreed to when nobody answers in time', () => {
    const declined = new CallBench({ rules: { approval: 'callee' } });
    declined.try({ type: 'cancel' }, dan);
    expect(declined.call).to.include({ state: 'cancelled', reason: 'declined' });
    const late = new CallBench({ rules: { approval: 'callee' } }).later(BOUNDS.approvalMs);
    expect(late.codeOf({ type: 'approve' }, dan)).to.equal('conflict');
    late.try({ type: 'tick' });
    expect(late.call).to.include({ state: 'no_answer', reason: 'not_agreed' });
  });

  it('of which nothing more is heard is settled when its bound is over', () => {
    const settled = (bench: CallBench, ms: number) => {
      bench.later(ms - 1).try({ type: 'tick' });
      expect(bench.call.endedAt).to.equal(undefined);
      bench.later(1).try({ type: 'tick' });
      return [bench.call.state, bench.call.reason, bench.call.durationMs];
    };
    expect(settled(new CallBench(), BOUNDS.beginMs)).to.deep.equal(['failed', 'unreported', undefined]);
    expect(settled(new CallBench({ request: { callerDials: true } }), BOUNDS.beginMs)).to.deep.equal([
      'no_answer',
      'caller_no_answer',
      undefined,
    ]);
    for (const ringing of [RINGING_CALLER, RINGING_CALLEE])
      expect(settled(new CallBench().hear(ringing), BOUNDS.ringMs)).to.deep.equal(['failed', 'unreported', undefined]);
    expect(settled(new CallBench().hear(CONNECTED), BOUNDS.talkMs + CALL_REPORT_MS)).to.deep.equal([
      'completed',
      'unreported',
      undefined,
    ]);
  });
});

describe('what is shown of a call', () => {
  const dial = { number: '+12025550100', until: at(60_000) };

  it('is a number to ring to the caller alone, and only while they have not', () => {
    const bench = new CallBench({ request: { callerDials: true } });
    expect(callView(bench.call, bea, { dial }).dial).to.deep.equal(dial);
    for (const other of [dan, eve, ops]) expect(callView(bench.call, other, { dial }).dial).to.equal(undefined);
    expect(callView(bench.hear(RINGING_CALLEE).call, bea, { dial }).dial).to.equal(undefined);
  });

  it('offers a call back to the two of a missed one', () => {
    const bench = new CallBench().hear({ type: 'ended', state: 'no_answer', reason: 'callee_no_answer' });
    const offers = [bea, dan, eve, ops].map((viewer) => callView(bench.call, viewer).actions);
    expect(offers).to.deep.equal([['call_back'], ['call_back'], [], []]);
    expect(callView(new CallBench().hear(COMPLETED).call, bea).actions).to.deep.equal([]);
  });
});
