import { expect } from 'chai';
import type { Because } from '../../../shared/model/calendar/due.ts';
import { sayDueEn, sayDueZh } from '../../../shared/model/calendar/say-due.ts';

const TZ = 'Asia/Shanghai';
const name = { zh: '国庆节', en: 'National Day' };
// A Friday, 17:10 in Shanghai.
const from = '2025-09-26T09:10:00.000Z';

const cases: [Because, string, string][] = [
  [{ days: 1, from, over: [] }, '1 working day from Fri 17:10', '自周五 17:10起1个工作日'],
  [{ days: 0.5, from, over: [] }, '0.5 working days from Fri 17:10', '自周五 17:10起0.5个工作日'],
  [
    { days: 3, from, over: [{ name, from: '2025-10-01', to: '2025-10-08' }] },
    '3 working days from Fri 17:10, over the Oct 1-8 holiday',
    '自周五 17:10起3个工作日，跨10月1日至8日国庆节假期',
  ],
  [
    {
      days: 30,
      from,
      over: [
        { from: '2025-10-31', to: '2025-11-02' },
        { name, from: '2025-12-25', to: '2025-12-25' },
      ],
      pauses: [{ from, to: from }],
    },
    '30 working days from Fri 17:10, over the holidays Oct 31-Nov 2, Dec 25, with a pause',
    '自周五 17:10起30个工作日，跨10月31日至11月2日假期、12月25日国庆节假期，期间暂停1次',
  ],
];

describe('saying how a due instant was arrived at', () => {
  for (const [because, en, zh] of cases) {
    it(`${en} / ${zh}`, () => {
      expect(sayDueEn(because, TZ)).to.equal(en);
      expect(sayDueZh(because, TZ)).to.equal(zh);
    });
  }
});
