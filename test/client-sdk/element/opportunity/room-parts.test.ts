import { expect } from 'chai';
import { en } from '../../../../client-sdk/element/language/en.ts';
import { zhCn } from '../../../../client-sdk/element/language/zh-cn.ts';
import { deskChanged } from '../../../../client-sdk/element/opportunity/desk-state.ts';
import { clockWords, engagementClock } from '../../../../client-sdk/element/opportunity/engagement-clock.ts';
import {
  firstStream,
  hintFor,
  isNote,
  placeholderFor,
  streamGroups,
} from '../../../../client-sdk/element/opportunity/opportunity-streams.ts';
import { checkTask, fieldsOf, optionsFor } from '../../../../client-sdk/element/opportunity/opportunity-task.ts';
import { ActDraft } from '../../../../client-sdk/element/flow/act-form.ts';
import type { StreamView } from '../../../../client-sdk/index.ts';
import type { DeskItem } from '../../../../shared/contract/desk.ts';
import { demandOf, engagementOf } from '../../support/demand.ts';
import { event, view } from '../support/entries.ts';

const HOUR = 3_600_000;

const viewOf = (stream: string, at?: string): StreamView =>
  view(at === undefined ? [] : [{ ...event(1, 'engagement.accepted'), at, stream }], { stream });

describe("a demand's streams", () => {
  const demand = demandOf({ engagements: [engagementOf('kite'), engagementOf('fox')] });
  const namesFor = (side: 'buyer' | 'operator' | 'provider', streams: string[], about = demand) =>
    streamGroups(
      streams.map((one) => viewOf(one)),
      about,
      side,
      en,
    ).map(({ name, views }) => (views.length === 1 ? name : [name, ...views.map(({ stream }) => stream)]));

  it('are named to a buyer by their companies', () => {
    expect(namesFor('buyer', ['public', 'lane:kite', 'lane:fox'])).to.deep.equal([
      'Company kite',
      'Company fox',
      'News',
    ]);
  });

  it('are named to a provider by what they are for', () => {
    const { engagements: _all, ...shown } = demandOf({ engagement: engagementOf('kite') });
    expect(namesFor('provider', ['public', 'lane:kite', 'notes:kite', 'desk:kite'], shown)).to.deep.equal([
      'Buyer',
      'Records',
      'Ask the platform',
      'News',
    ]);
  });

  it('stand together to an operator, company by company', () => {
    const streams = ['public', 'operator', 'lane:kite', 'notes:kite', 'desk:kite', 'desk:fox', 'lane:fox'];
    expect(namesFor('operator', streams)).to.deep.equal([
      'News',
      'Remarks',
      ['Company kite', 'lane:kite', 'notes:kite', 'desk:kite'],
      ['Company fox', 'lane:fox', 'desk:fox'],
    ]);
  });

  it('begin with a provider’s lane, or its desk before it has accepted, and with the buyer’s newest lane', () => {
    const views = (...streams: string[]) => streams.map((one) => viewOf(one));
    expect(firstStream(views('public', 'desk:kite', 'lane:kite'), 'provider')).to.equal('lane:kite');
    expect(firstStream(views('public', 'desk:kite'), 'provider')).to.equal('desk:kite');
    const lanes = [
      viewOf('public'),
      viewOf('lane:a', '2026-11-02T01:00:00Z'),
      viewOf('lane:b', '2026-11-02T02:00:00Z'),
    ];
    expect(firstStream(lanes, 'buyer')).to.equal('lane:b');
    expect(firstStream(views('public'), 'buyer')).to.equal(undefined);
    expect(firstStream(views('public', 'lane:a'), 'operator')).to.equal(undefined);
  });

  it('say who reads them, and what is never the buyer’s', () => {
    expect(hintFor('notes:kite', en)).to.include('The buyer never sees it');
    expect(hintFor('public', en)).to.equal(undefined);
    expect(hintFor('toString', en)).to.equal(undefined);
    expect(['public', 'lane:a', 'notes:a', 'desk:a', 'operator', 'provider'].filter(isNote)).to.deep.equal([
      'notes:a',
      'desk:a',
      'operator',
      'provider',
    ]);
    expect(placeholderFor('desk:kite', 'provider', en)).to.equal('Ask the operators of the platform');
    expect(placeholderFor('desk:kite', 'operator', en)).to.equal('Answer the provider');
    expect(placeholderFor('public', 'operator', en)).to.equal(en.write);
  });
});

describe("an engagement's clock", () => {
  const at = Date.parse('2026-11-09T02:00:00.000Z');

  it('runs to the answer while it is offered, to the end of the window while it follows, and no further', () => {
    const offered = engagementOf('kite', { status: 'offered', answerBy: '2026-11-09T02:00:00.000Z' });
    expect(engagementClock(offered, at - 2 * HOUR)).to.include({ late: false, span: 2 * HOUR, dueAt: at });
    expect(engagementClock(engagementOf('kite'), at - HOUR)).to.include({ span: HOUR });
    expect(engagementClock(engagementOf('kite'), at)).to.include({ late: true });
    for (const status of ['won', 'lost', 'expired', 'rejected', 'terminated'] as const)
      expect(engagementClock(engagementOf('kite', { status }), at), status).to.equal(undefined);
    const { windowEndsAt: _not, ...shown } = engagementOf('kite');
    expect(engagementClock(shown, at), 'a buyer is told of no window').to.equal(undefined);
  });

  it('is said to the one who answers and to those who look on', () => {
    const offered = engagementOf('kite', { status: 'offered', answerBy: '2026-11-09T02:00:00.000Z' });
    const clock = engagementClock(offered, at - 26 * HOUR);
    if (clock === undefined) throw new Error('no clock');
    expect(clockWords(offered, clock, true, en)).to.equal('1 d 2 h left to answer');
    expect(clockWords(offered, clock, false, zhCn)).to.equal('1 天 2 小时 内答复');
    expect(clockWords(engagementOf('kite'), clock, true, en)).to.equal('1 d 2 h left');
    expect(clockWords(offered, { ...clock, late: true }, true, en)).to.equal('the time is over');
  });
});

describe("the operators' desks", () => {
  const desk = (org: string, since: string | null, unanswered = 1): DeskItem => ({
    roomId: 'room-1',
    org,
    name: org,
    title: 'A site',
    unanswered,
    since,
  });

  it('are the oldest first; one that is answered goes, and one that asks again comes last', () => {
    const first = [desk('a', '2026-11-02T01:00:00Z'), desk('b', '2026-11-02T02:00:00Z')].reduce<DeskItem[]>(
      deskChanged,
      [],
    );
    expect(first.map(({ org }) => org)).to.deep.equal(['a', 'b']);
    const more = deskChanged(first, desk('a', '2026-11-02T01:00:00Z', 2));
    expect(more.map(({ org, unanswered }) => `${org} ${unanswered}`)).to.deep.equal(['a 2', 'b 1']);
    const answered = deskChanged(more, desk('a', null, 0));
    expect(answered.map(({ org }) => org)).to.deep.equal(['b']);
    expect(deskChanged(answered, desk('a', '2026-11-02T03:00:00Z')).map(({ org }) => org)).to.deep.equal(['b', 'a']);
    expect(deskChanged(answered, { ...desk('b', null), roomId: 'room-2' })).to.have.length(1);
  });
});

describe('what is done to a demand', () => {
  const faultsOf = (action: Parameters<typeof fieldsOf>[0]['action'], values: Record<string, string>) => {
    const draft = new ActDraft();
    for (const [name, value] of Object.entries(values)) draft.values.set(name, value);
    return checkTask({ action }, draft).map(({ path, reason }) => `${path} ${reason}`);
  };

  it('asks for what its command needs', () => {
    expect(faultsOf('record', {})).to.deep.equal(['connected is required', 'stage is required', 'text is required']);
    expect(faultsOf('record', { connected: 'no', stage: 'price', text: 'x'.repeat(8000) })).to.deep.equal([]);
    expect(faultsOf('record', { connected: 'no', stage: 'price', text: 'x'.repeat(8001) })).to.have.length(1);
    expect(faultsOf('reject', { remark: 'x'.repeat(1001) })).to.have.length(2);
    expect(faultsOf('assign', {})).to.deep.equal(['org is required']);
    for (const action of ['accept', 'revoke', 'withdraw'] as const) expect(faultsOf(action, {})).to.deep.equal([]);
  });

  it('offers the reasons of its own catalogue', () => {
    const reasons = (action: 'reject' | 'terminate') => {
      const field = fieldsOf({ action }).find(({ name }) => name === 'reason');
      return field === undefined ? [] : optionsFor({ action }, field, en).map(({ value }) => value);
    };
    expect(reasons('reject')).to.include('budget_too_low').and.not.include('no_response');
    expect(reasons('terminate')).to.include('no_response').and.not.include('budget_too_low');
  });
});
