import { expect } from 'chai';
import {
  aheadBy,
  countdown,
  derivation,
  dueState,
  nextWordsIn,
  spanWords,
  thresholdWords,
  workingSpanWords,
} from '../../../../client-sdk/element/flow/due-words.ts';
import { en } from '../../../../client-sdk/element/language/en.ts';
import { zhCn } from '../../../../client-sdk/element/language/zh-cn.ts';
import type { Project } from '../../../../shared/contract/projects.ts';
import { nodesAt } from '../../support/flow-project.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DUE_AT = Date.UTC(2026, 9, 13, 9, 30);

const OVER = [{ name: { zh: '国庆节', en: 'National Day' }, from: '2026-10-01', to: '2026-10-08' }];

function due(more: Partial<Project['nodes'][number]> = {}, provisional = false): Project['nodes'][number] {
  const node = nodesAt('demand', {
    dueAt: new Date(DUE_AT).toISOString(),
    due: { provisional, because: { days: 3, from: '2026-09-25T09:10:00.000Z', over: OVER } },
    ...more,
  }).find(({ id }) => id === 'demand');
  if (node === undefined) throw new Error('there is no such node');
  return node;
}

describe('the countdown of a step', () => {
  it('says what is left and what is over, in the two greatest units', () => {
    const said = (left: number, words = en) => {
      const state = dueState(due(), DUE_AT - left);
      return state === undefined ? '' : countdown(state, words);
    };
    expect(said(2 * DAY + 3 * HOUR + 40 * MINUTE)).to.equal('2 d 3 h left');
    expect(said(2 * DAY + 40 * MINUTE)).to.equal('2 d left');
    expect(said(90 * MINUTE)).to.equal('1 h 30 min left');
    expect(said(MINUTE)).to.equal('1 min left');
    expect(said(59_000)).to.equal('59 s left');
    expect(said(0)).to.equal('overdue by 0 s');
    expect(said(-5 * HOUR)).to.equal('overdue by 5 h');
    expect(said(2 * DAY + 3 * HOUR, zhCn)).to.equal('剩余 2 天 3 小时');
    expect(said(-90 * MINUTE, zhCn)).to.equal('已超时 1 小时 30 分钟');
  });

  it('has nobody late by a guess, and believes the service that somebody is', () => {
    expect(dueState(due({}, true), DUE_AT + DAY)).to.include({ late: false, span: 0, provisional: true });
    expect(dueState(due({ overdue: true }), DUE_AT - MINUTE)).to.include({ late: true, span: 0 });
    const { dueAt: _at, ...unlimited } = due();
    expect(dueState(unlimited, DUE_AT)).to.equal(undefined);
  });

  it('says how the due instant was arrived at, in each language', () => {
    expect(derivation(due(), en, 'Asia/Shanghai')).to.equal('3 working days from Fri 17:10, over the Oct 1-8 holiday');
    expect(derivation(due(), zhCn, 'Asia/Shanghai')).to.equal('自周五 17:10起3个工作日，跨10月1日至8日国庆节假期');
    const { due: _due, ...unlimited } = due();
    expect(derivation(unlimited, en, 'Asia/Shanghai')).to.equal(undefined);
  });

  it('says it anew when the words change, and to a screen reader at thresholds only', () => {
    const left = (ms: number) => dueState(due(), DUE_AT - ms);
    for (const ms of [DAY + 1, HOUR + 20_500, 61_000, 59_500, 1_000, -10_500, -61_000]) {
      const state = left(ms);
      if (state === undefined) throw new Error('it is due');
      const wait = nextWordsIn(state);
      expect(wait, `${ms}`).to.be.within(1, MINUTE);
      const later = dueState(due(), DUE_AT - ms + wait + 1);
      if (ms < DAY) expect(later && countdown(later, en), `${ms}`).to.not.equal(countdown(state, en));
    }
    const heard = [3 * DAY, DAY - 1, HOUR + 1, HOUR - 1, 1, 0].map((ms) => thresholdWords(left(ms), en));
    expect(new Set(heard).size).to.equal(4);
    expect(thresholdWords(undefined, en)).to.equal('');
  });

  it('counts working time in hours: a working day has not 24 of them', () => {
    expect(workingSpanWords(25.5 * HOUR, en)).to.equal('25 h 30 min');
    expect(workingSpanWords(8 * HOUR, zhCn)).to.equal('8 小时');
    expect(workingSpanWords(0, en)).to.equal('0 min');
    expect(spanWords(0, en)).to.equal('0 s');
  });

  it('goes by the clock of the service where that is well ahead', () => {
    expect(aheadBy(new Date(DUE_AT + 14 * DAY).toISOString(), DUE_AT)).to.equal(14 * DAY);
    expect(aheadBy(new Date(DUE_AT + 5_000).toISOString(), DUE_AT)).to.equal(0);
    expect(aheadBy(new Date(DUE_AT - DAY).toISOString(), DUE_AT)).to.equal(0);
  });
});
