import { expect } from 'chai';
import * as fc from 'fast-check';
import { amount as wireAmount } from '../../../shared/contract/primitives.ts';
import { amountOf, hundredths, isMore, plainAmount, sumOf, times } from '../../../shared/model/money.ts';

const cents = fc.bigInt({ min: 0n, max: 99_999_999_999_999n });

describe('money', () => {
  it('reads and writes amounts of the contract, each in one wording', () => {
    for (const [given, plain, value] of [
      ['0', '0.00', 0n],
      ['0.0', '0.00', 0n],
      ['0.05', '0.05', 5n],
      ['0.5', '0.50', 50n],
      ['7', '7.00', 700n],
      ['1234.5', '1234.50', 123_450n],
      ['999999999999.99', '999999999999.99', 99_999_999_999_999n],
    ] as const) {
      expect(wireAmount.safeParse(given).success, given).to.equal(true);
      expect(hundredths(given), given).to.equal(value);
      expect(plainAmount(given), given).to.equal(plain);
    }
  });

  it('refuses what is no amount, as the contract does', () => {
    for (const given of [
      '',
      '.5',
      '1.',
      '1.234',
      '01',
      '-1',
      '+1',
      '1e3',
      '1,000',
      ' 1',
      '1 ',
      '1\n',
      'NaN',
      'Infinity',
      '0x10',
      '１',
      '1000000000000.00',
    ]) {
      expect(wireAmount.safeParse(given).success, JSON.stringify(given)).to.equal(false);
      // What somebody names is bounded by the contract; what is computed from it may be larger.
      if (given !== '1000000000000.00') expect(() => hundredths(given), JSON.stringify(given)).to.throw(RangeError);
    }
    expect(() => amountOf(-1n)).to.throw(RangeError);
  });

  it('never loses a cent, where floating point numbers do', () => {
    expect(sumOf(['0.10', '0.20'])).to.equal('0.30');
    expect(times('1.15', 100)).to.equal('115.00');
    expect(times('999999999999.99', 1_000_000)).to.equal('999999999999990000.00');
    expect(sumOf([])).to.equal('0.00');
    fc.assert(
      fc.property(fc.array(cents), cents, fc.nat({ max: 1_000_000 }), (values, price, quantity) => {
        expect(hundredths(amountOf(price))).to.equal(price);
        expect(sumOf(values.map(amountOf))).to.equal(amountOf(values.reduce((sum, value) => sum + value, 0n)));
        expect(hundredths(times(amountOf(price), quantity))).to.equal(price * BigInt(quantity));
      }),
    );
  });

  it('compares by value, not by wording', () => {
    expect(isMore('10', '9.99')).to.equal(true);
    expect(isMore('9.99', '10')).to.equal(false);
    expect(isMore('10', '10.00')).to.equal(false);
  });
});
