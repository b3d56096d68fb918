import { expect } from 'chai';
import {
  checkDemand,
  DemandDraft,
  demandFields,
  demandOf,
  fieldOf,
  readCode,
} from '../../../../client-sdk/element/opportunity/demand-draft.ts';
import { DEMAND_TITLE_MAX } from '../../../../shared/contract/limits.ts';
import { opportunityCommands } from '../../../../shared/contract/opportunities.ts';
import type { Side } from '../../../../shared/contract/primitives.ts';

const WHOLE = {
  category: 'Sites',
  title: 'A site',
  details: 'Eight pages',
  region: 'Xiamen',
  budgetMin: '10,000',
  budgetMax: '30000',
  contactName: 'Ann',
  email: 'ann@acme.example',
  phone: '13900001111',
};
const CUSTOMERS = [{ id: 'ann', org: 'acme', name: 'Ann of Acme' }];

function draftOf(values: Record<string, string> = {}): DemandDraft {
  const draft = new DemandDraft();
  for (const [name, value] of Object.entries({ ...WHOLE, ...values })) draft.values.set(name, value);
  return draft;
}

function faultsIn(side: Side, draft: DemandDraft, given = true): string[] {
  const { whose, what, who } = demandFields(side, draft, given);
  return checkDemand([...whose, ...what, ...who], draft).map(({ path }) => path);
}

const fits = (demand: object): boolean => opportunityCommands['opportunity.create'].input.safeParse(demand).success;

describe('a demand that is being written', () => {
  it('is sent as the contract takes it: a buyer names nobody', () => {
    const draft = draftOf({ code: ' 123 456 ' });
    draft.codeFor = '13900001111';
    draft.shares = true;
    expect(faultsIn('buyer', draft)).to.deep.equal([]);
    const sent = demandOf('buyer', draft, CUSTOMERS);
    expect(sent).to.deep.equal({
      clientId: draft.clientId,
      kind: 'normal',
      category: 'Sites',
      title: 'A site',
      details: 'Eight pages',
      region: 'Xiamen',
      budget: { min: '10000.00', max: '30000.00' },
      contactName: 'Ann',
      email: 'ann@acme.example',
      phone: '13900001111',
      code: '123456',
      shareContact: true,
    });
    expect(fits(sent)).to.equal(true);
  });

  it('is aimed at a provider where the buyer says so, and leaves out what is empty', () => {
    const draft = draftOf({ kind: 'targeted', org: 'kite', subCategory: '', budgetMin: '', budgetMax: '', email: '' });
    draft.values.delete('phone');
    const sent = demandOf('buyer', draft, []);
    expect(sent).to.include({ kind: 'targeted', org: 'kite' });
    expect(sent).to.not.have.any.keys('subCategory', 'budget', 'email', 'phone', 'code', 'buyer', 'to');
    expect(fits(sent)).to.equal(true);
  });

  it("is a provider's for a customer, to itself or to the platform, and never targeted by hand", () => {
    const draft = draftOf({ buyer: 'ann', to: 'platform', kind: 'targeted' });
    draft.values.delete('phone');
    expect(faultsIn('provider', draft)).to.deep.equal([]);
    const sent = demandOf('provider', draft, CUSTOMERS);
    expect(sent).to.deep.include({ kind: 'normal', to: 'platform', buyer: CUSTOMERS[0] });
    expect(fits(sent)).to.equal(true);
    draft.values.set('to', 'self');
    expect(demandOf('provider', draft, CUSTOMERS)).to.include({ to: 'self' });
    expect(demandOf('operator', draft, CUSTOMERS))
      .to.include({ kind: 'targeted' })
      .and.to.not.have.property('to');
  });

  it('names a customer whom the portal does not know by hand', () => {
    const draft = draftOf({ buyerName: 'Bo', buyerId: 'bo', buyerOrg: 'bo-ltd' });
    expect(faultsIn('provider', draft, false)).to.deep.equal([]);
    expect(demandOf('provider', draft, []).buyer).to.deep.equal({ id: 'bo', org: 'bo-ltd', name: 'Bo' });
    draft.values.delete('buyerOrg');
    expect(faultsIn('provider', draft, false)).to.deep.equal(['buyerOrg']);
  });

  it('asks a buyer for a phone and its code, once one was sent to just that phone', () => {
    const draft = draftOf();
    expect(faultsIn('buyer', draftOf({ phone: ' ' }))).to.deep.equal(['phone']);
    expect(faultsIn('provider', draftOf({ phone: '', buyer: 'ann' }))).to.deep.equal([]);
    expect(demandFields('buyer', draft, true).who.map(({ name }) => name)).to.not.include('code');
    draft.codeFor = '13900001111';
    expect(faultsIn('buyer', draft)).to.deep.equal(['code']);
    draft.values.set('code', '12345');
    expect(faultsIn('buyer', draft)).to.deep.equal(['code']);
    draft.values.set('code', '123456');
    expect(faultsIn('buyer', draft)).to.deep.equal([]);
    draft.values.set('phone', '13900002222');
    expect(demandOf('buyer', draft, []), 'a code of another phone').to.not.have.property('code');
  });

  it('says what does not fit', () => {
    expect(faultsIn('buyer', new DemandDraft())).to.deep.equal(['category', 'title', 'details', 'region', 'phone']);
    expect(faultsIn('buyer', draftOf({ kind: 'targeted' }))).to.deep.equal(['org']);
    expect(faultsIn('buyer', draftOf({ title: 'x'.repeat(DEMAND_TITLE_MAX + 1) }))).to.deep.equal(['title']);
    expect(faultsIn('buyer', draftOf({ budgetMin: 'much' }))).to.deep.equal(['budgetMin']);
    expect(faultsIn('buyer', draftOf({ budgetMin: '30000.01' }))).to.deep.equal(['budgetMax']);
    expect(faultsIn('provider', draftOf({ to: 'self' }))).to.deep.equal(['buyer']);
  });

  it("finds the field that a fault of the service's belongs to", () => {
    expect(['budget.min', 'budget.max', 'budget', 'buyer.id', 'code', 'title'].map(fieldOf)).to.deep.equal([
      'budgetMin',
      'budgetMax',
      'budgetMax',
      'buyer',
      'code',
      'title',
    ]);
  });

  it('reads a code as it is typed', () => {
    expect(readCode('１２３ ４５６')).to.equal('123456');
    for (const typed of ['12345', '1234567', 'abcdef', '']) expect(readCode(typed), typed).to.equal(undefined);
  });
});
