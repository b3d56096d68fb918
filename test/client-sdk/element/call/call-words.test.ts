import { expect } from 'chai';
import { type Call, callEnd, callReason, callState } from '../../../../shared/contract/calls.ts';
import { RoomError } from '../../../../shared/contract/errors.ts';
import type { CallFact } from '../../../../shared/model/call/call-fact.ts';
import { ask } from '../../../shared/call/call-bench.ts';
import {
  becameWords,
  callFactLine,
  callLine,
  callRefusal,
  changeRefusal,
  isMissingOwn,
  nowWords,
  talkTime,
  titleWords,
} from '../../../../client-sdk/element/call/call-words.ts';
import { eventLine } from '../../../../client-sdk/element/event-line.ts';
import { en } from '../../../../client-sdk/element/language/en.ts';
import { zhCn } from '../../../../client-sdk/element/language/zh-cn.ts';
import { event } from '../support/entries.ts';

const LIN = { userId: 'lin', name: 'Lin Jie', side: 'provider' } as const;
const WANG = { userId: 'wang', name: 'Wang Fang', side: 'buyer' } as const;
const QIU = { userId: 'qiu', side: 'operator' } as const;

const callOf = (more: Partial<Call> = {}): Call => ({
  id: 'call1',
  roomId: 'room-1',
  stream: 'public',
  state: 'requested',
  from: LIN,
  to: WANG,
  at: '2026-11-20T02:00:00.000Z',
  actions: [],
  ...more,
});

describe('talkTime', () => {
  for (const [ms, said] of [
    [-5, '0:00'],
    [999, '0:00'],
    [7_000, '0:07'],
    [750_000, '12:30'],
    [3_599_999, '59:59'],
    [3_723_000, '1:02:03'],
  ] as const) {
    it(`says ${said} for ${ms} ms`, () => {
      expect(talkTime(ms)).to.equal(said);
    });
  }
});

describe('words of a call', () => {
  it('tell each of the two, and who looks on, whose phone rings', () => {
    const said = (call: Call, me: Parameters<typeof nowWords>[1]) =>
      `${titleWords(call, me, en)}: ${nowWords(call, me, en)}`;
    const first = callOf({ state: 'ringing_caller' });
    expect(said(first, LIN)).to.equal('Call with Wang Fang: Your phone rings: pick it up.');
    expect(said(first, WANG)).to.equal('Call with Lin Jie: The phone of Lin Jie rings.');
    expect(said(first, QIU)).to.equal('Lin Jie calls Wang Fang: The phone of Lin Jie rings.');
    const then = callOf({ state: 'ringing_callee' });
    expect(said(then, LIN)).to.equal('Call with Wang Fang: The phone of Wang Fang rings.');
    expect(said(then, WANG)).to.equal('Call with Lin Jie: Your phone rings: pick it up.');
    // One id on two sides is two people.
    expect(said(then, { ...WANG, side: 'provider' })).to.equal(
      'Lin Jie calls Wang Fang: The phone of Wang Fang rings.',
    );
    expect(said(callOf({ state: 'connected' }), undefined)).to.equal('Lin Jie calls Wang Fang: Connected');
  });

  it('tell who has to agree, and whom it is asked of', () => {
    const toCallee = callOf({ awaits: 'callee' });
    expect(nowWords(toCallee, WANG, en)).to.include('Lin Jie asks you for a call');
    expect(nowWords(toCallee, LIN, en)).to.equal('Waits until Wang Fang agrees.');
    const toOperator = callOf({ awaits: 'operator' });
    expect(nowWords(toOperator, LIN, en)).to.equal('Waits until an operator agrees.');
    expect(nowWords({ ...toOperator, actions: ['approve'] }, QIU, en)).to.include(
      'Lin Jie asks for a call with Wang Fang',
    );
    expect(nowWords(callOf({ dial: { number: '+12025550100', until: '' } }), LIN, en)).to.equal('');
  });

  for (const words of [en, zhCn]) {
    it(`say in ${words.tag} every state, end and reason of the contract, and every fact`, () => {
      expect(words.calls.ends).to.have.all.keys(callEnd.options);
      expect(words.calls.reasons).to.have.all.keys(callReason.options);
      const said = [
        ...callState.options.map((state) => callOf({ state })),
        ...callReason.options.map((reason) => callOf({ state: 'failed', reason })),
      ].map((call) => becameWords(call, words));
      for (const one of said) expect(one).to.not.be.empty.and.not.match(/undefined|NaN|\[object/);
      const facts: Record<CallFact['event'], Record<string, unknown>> = {
        'call.requested': { from: LIN, to: WANG },
        'call.approved': {},
        'call.ringing': { leg: 'caller' },
        'call.connected': {},
        'call.ended': { state: 'busy' },
      };
      expect(words.calls.events).to.have.all.keys(Object.keys(facts));
      for (const [name, body] of Object.entries(facts)) {
        const line = eventLine({ ...event(1, name, body), kind: 'call' }, words);
        expect(line, name).to.not.be.empty.and.not.match(/undefined|NaN|\[object/);
      }
    });
  }

  it('make one line of a call, with what became of it', () => {
    expect(callLine(callOf({ state: 'completed', durationMs: 42_000 }), en)).to.equal(
      'Lin Jie called Wang Fang · talked for 0:42',
    );
    expect(callLine(callOf({ state: 'completed', reason: 'unreported' }), en)).to.equal(
      'Lin Jie called Wang Fang · ended',
    );
    expect(callLine(callOf({ state: 'no_answer', reason: 'callee_no_answer' }), zhCn)).to.equal(
      'Lin Jie 呼叫 Wang Fang · Wang Fang 未接听',
    );
    const later = JSON.parse('{ "state": "failed", "reason": "solar_flare" }') as Partial<Call>;
    expect(callLine(callOf(later), en)).to.equal('Lin Jie called Wang Fang · failed');
  });

  it('tell of one entry what that one tells', () => {
    const ended = { ...event(1, 'call.ended', { state: 'completed', durationMs: 61_000 }), kind: 'call' as const };
    expect(callFactLine(ended, en)).to.equal('A call: talked for 1:01');
    expect(callFactLine(event(1, 'node.entered'), en)).to.equal(undefined);
    expect(callFactLine(event(1, 'toString'), en)).to.equal(undefined);
  });
});

describe('why there is no call', () => {
  const NOW = Date.UTC(2026, 10, 20, 12);
  const said = (error: RoomError, words = en) => callRefusal(error, 'Wang Fang', NOW, words);
  /** What the rules themselves refuse. */
  const refusal = (more: Parameters<typeof ask>[0]): RoomError => {
    const result = ask(more);
    if (result.ok) throw new Error('it was not refused');
    const { code, message, ...rest } = result;
    return new RoomError(code, message, rest);
  };

  it('is told for each refusal of the rules', () => {
    const running = { id: 'other', state: 'connected' } as const;
    expect(said(refusal({ running }))).to.equal('There is a call between you two already.');
    expect(said(refusal({ rules: { quiet: { from: '09:00', to: '11:00' } } }))).to.match(
      /^It is quiet hours: .* before .*\d\d:00\.$/,
    );
    expect(said(refusal({ askedToday: 3 }))).to.match(/as many calls today .* from .*\d\d:00 on\.$/);
    expect(said(refusal({ askedToday: 3 }), zhCn)).to.match(/^你今天的呼叫次数已用完/);
  });

  it('tells whose number is missing, and whether the caller can give it', () => {
    const missing = (which: string) => new RoomError('conflict', 'no number', { details: { missing: which } });
    expect(said(missing('to'))).to.equal('No phone number of Wang Fang is known: they cannot be called.');
    expect(said(missing('from'))).to.include('enter the one');
    expect([missing('to'), missing('from'), new RoomError('conflict', 'x')].map(isMissingOwn)).to.deep.equal([
      false,
      true,
      false,
    ]);
    const keptOnly = new RoomError('conflict', 'no number', { details: { missing: 'from', fromNumber: 'own' } });
    expect(said(keptOnly)).to.equal(en.calls.refused.noKeptNumber);
    expect(isMissingOwn(keptOnly), 'nor can it be given').to.equal(false);
  });

  it('tells what is sure from what is not', () => {
    expect(said(new RoomError('unavailable', 'There is no connection; nothing was done'))).to.include(
      'nothing was sent',
    );
    expect(said(new RoomError('unavailable', 'No answer in time', { details: { unanswered: true } }))).to.include(
      'may have been placed',
    );
    expect(said(new RoomError('unavailable', 'This deployment joins no phones'))).to.equal(
      'Calls cannot be placed at the moment.',
    );
    expect(said(new RoomError('rate_limited', 'slowly', { retryAfterMs: 4_000 }))).to.equal(en.errors.rate_limited);
    expect(said(new RoomError('not_found', 'nobody'))).to.equal('Wang Fang cannot be called here.');
    expect(said(new RoomError('read_only', 'closed'))).to.equal(en.calls.refused.late);
    expect(said(new RoomError('conflict', 'something of a later version'))).to.equal(en.errors.conflict);
  });

  it('tells who comes too late to change one how it stands', () => {
    const late = (state: string) => new RoomError('conflict', 'late', { details: { callId: 'c', state } });
    expect(changeRefusal(late('connected'), 'Wang Fang', NOW, en)).to.include('connected already');
    expect(changeRefusal(late('busy'), 'Wang Fang', NOW, en)).to.equal('This call is over.');
    const quiet = new RoomError('conflict', 'quiet', { details: { quietUntil: '2026-11-21T00:30:00.000Z' } });
    expect(changeRefusal(quiet, 'Wang Fang', NOW, en)).to.include('quiet hours');
    expect(changeRefusal(new RoomError('forbidden', 'x'), 'Wang Fang', NOW, en)).to.equal(en.errors.forbidden);
  });
});
