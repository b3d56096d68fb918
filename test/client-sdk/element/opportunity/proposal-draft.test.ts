import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  checkProposal,
  lineAmount,
  ProposalDraft,
  proposalOf,
  readQuantity,
  totalsOf,
} from '../../../../client-sdk/element/opportunity/proposal-draft.ts';
import { cheapest, savedBy } from '../../../../client-sdk/element/opportunity/proposal-sums.ts';
import { QUANTITY_MAX, QUOTE_LINES_MAX } from '../../../../shared/contract/limits.ts';
import { proposalCommands } from '../../../../shared/contract/proposals.ts';
import { amountOf, hundredths } from '../../../../shared/model/money.ts';

interface Line {
  product?: string;
  spec?: string;
  quantity?: string;
  listPrice?: string;
  price?: string;
}

function draftOf(...lines: Line[]): ProposalDraft {
  const draft = new ProposalDraft();
  for (const [index, line] of lines.entries()) {
    if (index > 0) draft.addLine();
    const key = draft.lines.at(-1)?.key ?? -1;
    for (const [field, value] of Object.entries(line)) draft.put(key, field as keyof Line, value as string);
  }
  draft.head.values.set('name', 'Standard');
  draft.head.values.set('productId', 'site');
  return draft;
}

const pathsIn = (draft: ProposalDraft): string[] => checkProposal(draft).map(({ path }) => path);

describe('a proposal that is being written', () => {
  it('adds up exactly, as floating point numbers would not', () => {
    const { lines } = draftOf(
      { product: 'a', quantity: '3', price: '0.10' },
      { product: 'b', price: '0.20', listPrice: '0.30' },
      { product: 'half typed', price: '' },
    );
    expect(lines.map((line) => lineAmount(line))).to.deep.equal(['0.30', '0.20', undefined]);
    expect(totalsOf(lines)).to.deep.equal({ total: '0.50', listTotal: '0.60' });
  });

  it('comes to the same totals as integers do, for any lines', () => {
    const line = fc.record({
      quantity: fc.integer({ min: 1, max: QUANTITY_MAX }),
      price: fc.bigInt({ min: 0n, max: 10n ** 14n - 1n }),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: QUOTE_LINES_MAX }), (lines) => {
        const draft = draftOf(
          ...lines.map(({ quantity, price }) => ({ quantity: String(quantity), price: amountOf(price) })),
        );
        const total = lines.reduce((sum, { quantity, price }) => sum + price * BigInt(quantity), 0n);
        expect(totalsOf(draft.lines)).to.deep.equal({ total: amountOf(total), listTotal: amountOf(total) });
      }),
    );
  });

  it('is sent as the contract takes it, its list price being the quoted one where none is typed', () => {
    const draft = draftOf(
      { product: ' Design ', spec: '10 pages', quantity: '１２', listPrice: '3,000', price: '￥2600' },
      { product: 'Hosting', price: '0.5' },
    );
    draft.head.values.set('remark', '  ');
    const sent = proposalOf(draft);
    expect(sent).to.deep.equal({
      clientId: draft.clientId,
      name: 'Standard',
      productId: 'site',
      lines: [
        { product: 'Design', spec: '10 pages', quantity: 12, listPrice: '3000.00', price: '2600.00' },
        { product: 'Hosting', quantity: 1, listPrice: '0.50', price: '0.50' },
      ],
    });
    const { input } = proposalCommands['proposal.send'];
    expect(input.safeParse({ ...sent, opportunityId: 'demand' }).success).to.equal(true);
    expect(pathsIn(draft)).to.deep.equal([]);
  });

  it('says what does not fit, line by line, whichever was taken out', () => {
    const draft = draftOf(
      { product: 'gone', price: '1' },
      { product: '', quantity: '0', price: 'ten', listPrice: 'x' },
      { product: 'fits', price: '1' },
    );
    draft.removeLine(0);
    draft.head.values.delete('name');
    draft.head.values.delete('productId');
    draft.head.values.set('remark', 'x'.repeat(501));
    expect(pathsIn(draft)).to.deep.equal([
      'name',
      'productId',
      'remark',
      'lines.1.product',
      'lines.1.quantity',
      'lines.1.price',
      'lines.1.listPrice',
    ]);
  });

  it('has a line at least, and as many as a proposal may have', () => {
    const draft = draftOf({ product: 'one' });
    draft.removeLine(0);
    expect(draft.lines).to.have.length(1);
    for (let count = 0; count < 2 * QUOTE_LINES_MAX; count++) draft.addLine();
    expect(draft.lines).to.have.length(QUOTE_LINES_MAX);
    expect(draft.isFull).to.equal(true);
    expect(new Set(draft.lines.map(({ key }) => key)).size).to.equal(QUOTE_LINES_MAX);
  });

  for (const [typed, count] of [
    ['1', 1],
    [' 1,000 ', 1000],
    ['１０', 10],
    [String(QUANTITY_MAX), QUANTITY_MAX],
    [String(QUANTITY_MAX + 1), undefined],
    ['0', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['', undefined],
    ['two', undefined],
  ] as const) {
    it(`reads ${count ?? 'no quantity'} in "${typed}"`, () => {
      expect(readQuantity(typed)).to.equal(count);
    });
  }
});

describe('proposals beside each other', () => {
  const one = (id: string, total: string, more: object = {}) => ({
    id,
    total,
    currency: 'CNY',
    status: 'open' as const,
    ...more,
  });

  it('have a cheapest one, by amount and not by its digits', () => {
    expect(cheapest([one('a', '9000.00'), one('b', '31200.50'), one('c', '10000.00')])).to.equal('a');
    expect(cheapest([one('a', '31200.50'), one('b', '31200.49')])).to.equal('b');
  });

  it('have none where there is nothing to compare', () => {
    expect(cheapest([])).to.equal(undefined);
    expect(cheapest([one('a', '1.00')])).to.equal(undefined);
    expect(cheapest([one('a', '1.00'), one('b', '1.00')])).to.equal(undefined);
    expect(cheapest([one('a', '1.00'), one('b', '2.00', { currency: 'USD' })])).to.equal(undefined);
    expect(cheapest([one('a', '1.00', { status: 'paid' }), one('b', '2.00')])).to.equal(undefined);
  });

  it('say what they save, where they do', () => {
    expect(savedBy({ listTotal: '46400.00', total: '39600.50' })).to.equal('6799.50');
    expect(savedBy({ listTotal: '10.00', total: '10.00' })).to.equal(undefined);
    expect(savedBy({ listTotal: '10.00', total: '11.00' })).to.equal(undefined);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 20n }), (total, off) => {
        const saved = savedBy({ listTotal: amountOf(total + off), total: amountOf(total) });
        expect(saved === undefined ? undefined : hundredths(saved)).to.equal(off);
      }),
    );
  });
});
