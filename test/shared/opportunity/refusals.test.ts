import { expect } from 'chai';
import { opportunityAction, type OpportunityAction } from '../../../shared/contract/opportunities.ts';
import type { FlowActor } from '../../../shared/model/flow/flow.ts';
import {
  adminOf,
  buyer,
  codeOf,
  colleague,
  fitting,
  operator,
  OpportunityBench,
  otherBuyer,
  portal,
  staffOf,
  vendor,
} from './opportunity-bench.ts';

/** Alpha follows and has proposed, beta is offered, gamma has terminated; two of three places are taken. Delta looks on. */
const busy = () =>
  OpportunityBench.shown({ settings: { places: 3 } })
    .grabbed('alpha', 'gamma')
    .proposed('alpha')
    .do({ type: 'terminate', reason: 'price' }, adminOf('gamma'))
    .assigned('beta');
const won = () => busy().paid('alpha');
const revoked = () => busy().do({ type: 'revoke' }, buyer);

const who = {
  buyer,
  colleague,
  'other buyer': otherBuyer,
  'follows: admin': adminOf('alpha'),
  'follows: staff': staffOf('alpha'),
  'offered: admin': adminOf('beta'),
  'offered: staff': staffOf('beta'),
  'left: admin': adminOf('gamma'),
  'outside: admin': adminOf('delta'),
  'outside: staff': staffOf('delta'),
  vendor,
  operator,
  portal,
} satisfies Record<string, FlowActor>;
type Who = keyof typeof who;

/** A letter for each of who, in their order: o = ok, f = forbidden, n = not_found, c = conflict. */
const letters: Record<string, string> = { o: 'ok', f: 'forbidden', n: 'not_found', c: 'conflict' };
const table: Record<OpportunityAction, { busy: string; won: string; revoked: string }> = {
  //                  b c o  F f  O o  L  D d  v o p
  grab: /*     */ { busy: 'ffn of cf c of nff', won: 'ffn of cf c cf nff', revoked: 'ffn cf cf c cf nff' },
  assign: /*   */ { busy: 'ffn ff ff f nn nof', won: 'ffn ff ff f nn ncf', revoked: 'ffn ff ff f nn ncf' },
  accept: /*   */ { busy: 'ffn of of c nn nff', won: 'ffn of cf c nn nff', revoked: 'ffn cf cf c nn nff' },
  reject: /*   */ { busy: 'ffn cf of c nn nff', won: 'ffn cf cf c nn nff', revoked: 'ffn cf cf c nn nff' },
  record: /*   */ { busy: 'ffn oo cc c nn nff', won: 'ffn cc cc c nn nff', revoked: 'ffn cc cc c nn nff' },
  propose: /*  */ { busy: 'ffn oo cc c nn nff', won: 'ffn cc cc c nn nff', revoked: 'ffn cc cc c nn nff' },
  withdraw: /* */ { busy: 'ffn oo nn n nn nff', won: 'ffn nn nn n nn nff', revoked: 'ffn nn nn n nn nff' },
  terminate: /**/ { busy: 'ffn of cf o nn nff', won: 'ffn cf cf o nn nff', revoked: 'ffn cf cf o nn nff' },
  revoke: /*   */ { busy: 'oon ff ff f nn nff', won: 'ccn ff ff f nn nff', revoked: 'oon ff ff f nn nff' },
  close: /*    */ { busy: 'ffn ff ff f nn nof', won: 'ffn ff ff f nn ncf', revoked: 'ffn ff ff f nn ncf' },
};

describe('who may do what to a demand', () => {
  const states = { busy, won, revoked } as const;
  for (const action of opportunityAction.options) {
    for (const state of ['busy', 'won', 'revoked'] as const) {
      it(`${action} while ${state}`, () => {
        const wanted = Array.from(table[action][state].replaceAll(' ', '')).map((letter) => letters[letter]);
        const got = (Object.keys(who) as Who[]).map((name) => {
          const bench = states[state]();
          return codeOf(bench, fitting(action, bench.opportunity, who[name]), who[name]);
        });
        expect(Object.keys(who).map((name, index) => `${name}: ${got[index]}`)).to.deep.equal(
          Object.keys(who).map((name, index) => `${name}: ${wanted[index]}`),
        );
      });
    }
  }

  it('tells who is refused what it may know of the state, and what to do instead', () => {
    const say = (bench: OpportunityBench, action: OpportunityAction, actor: FlowActor) => {
      const result = bench.try(fitting(action, bench.opportunity, actor), actor);
      return result.ok ? 'ok' : [result.message, result.details];
    };
    expect(say(busy(), 'terminate', adminOf('beta'))).to.deep.equal([
      'Your company has not accepted this offer: reject it instead.',
      { status: 'open', engagement: 'offered' },
    ]);
    expect(say(busy(), 'reject', adminOf('alpha'))).to.deep.equal([
      'Your company follows this demand: terminate its service instead.',
      { status: 'quoted', engagement: 'following' },
    ]);
    expect(say(won(), 'record', staffOf('alpha'))).to.deep.equal([
      'This demand is a deal already: go on in its delivery project.',
      { status: 'won', engagement: 'won' },
    ]);
    // Who lost learns that it is over, not for whom; who left before is told the same whatever came after.
    expect(say(won(), 'accept', adminOf('beta'))).to.deep.equal([
      'Your company is not in this demand any more.',
      { status: 'closed', engagement: 'lost' },
    ]);
    const left = say(busy(), 'record', adminOf('gamma'));
    expect(left).to.deep.equal([
      'Your company is not in this demand any more.',
      { status: 'closed', engagement: 'terminated' },
    ]);
    expect(say(won(), 'record', adminOf('gamma'))).to.deep.equal(left);
    expect(say(revoked(), 'record', adminOf('gamma'))).to.deep.equal(left);
  });
});
