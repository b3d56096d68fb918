import { expect } from 'chai';
import * as fc from 'fast-check';
import { en } from '../../../../client-sdk/element/language/en.ts';
import { zhCn } from '../../../../client-sdk/element/language/zh-cn.ts';
import { readAmount } from '../../../../client-sdk/element/opportunity/amount.ts';
import { amountWords, budgetWords } from '../../../../client-sdk/element/opportunity/money-words.ts';
import { amount as wireAmount } from '../../../../shared/contract/primitives.ts';
import { amountOf } from '../../../../shared/model/money.ts';

describe('readAmount', () => {
  for (const [typed, amount] of [
    ['12000', '12000.00'],
    ['12000.5', '12000.50'],
    [' 12,000.50 ', '12000.50'],
    ['¥12，000', '12000.00'],
    ['￥１２０００．５', '12000.50'],
    ['0', '0.00'],
    ['007', '7.00'],
    ['999999999999.99', '999999999999.99'],
  ] as const) {
    it(`reads "${typed}" as ${amount}`, () => {
      expect(readAmount(typed)).to.equal(amount);
      expect(wireAmount.safeParse(amount).success).to.equal(true);
    });
  }

  for (const typed of ['', '-1', '1.234', '1e3', '12.', '.5', '一万', '1/2', '1234567890123', 'NaN']) {
    it(`does not guess what "${typed}" may mean`, () => {
      expect(readAmount(typed)).to.equal(undefined);
    });
  }
});

describe('amountWords', () => {
  it('groups digits, and shows hundredths where there are some', () => {
    expect(amountWords('31200.50', 'CNY', en)).to.equal('¥31,200.50');
    expect(amountWords('39600.00', 'CNY', zhCn)).to.equal('¥39,600');
    expect(amountWords('0.00', 'CNY', en)).to.equal('¥0');
    expect(amountWords('1234567.89', 'USD', en)).to.equal('$1,234,567.89');
    expect(amountWords('10.00', 'CHF', en)).to.equal('CHF 10');
  });

  it('rounds no amount, whatever its size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (value) => {
        const amount = amountOf(value);
        const said = amountWords(amount, 'CNY', en);
        const digits = said.replace(/[¥,]/g, '');
        expect(digits.includes('.') ? digits : `${digits}.00`).to.equal(amount);
      }),
    );
  });
});

describe('budgetWords', () => {
  const of = (budget: Parameters<typeof budgetWords>[0]) => [budgetWords(budget, en), budgetWords(budget, zhCn)];

  it('says a range, one end of it, or that there is none', () => {
    expect(of({ min: '10000.00', max: '30000.00', currency: 'CNY' })).to.deep.equal([
      '¥10,000 – ¥30,000',
      '¥10,000 – ¥30,000',
    ]);
    expect(of({ min: '5.00', max: '5.00', currency: 'CNY' })).to.deep.equal(['¥5', '¥5']);
    expect(of({ min: '10000.00', currency: 'CNY' })).to.deep.equal(['from ¥10,000', '¥10,000 起']);
    expect(of({ max: '12000.50', currency: 'CNY' })).to.deep.equal(['up to ¥12,000.50', '¥12,000.50 以内']);
    expect(of({ currency: 'CNY' })).to.deep.equal(['to be agreed', '面议']);
    expect(of(undefined)).to.deep.equal(['to be agreed', '面议']);
  });
});
