import {
  CODE_DIGITS,
  DEMAND_DETAILS_MAX,
  DEMAND_TERM_MAX,
  DEMAND_TITLE_MAX,
  NAME_MAX,
} from '../../../shared/contract/limits.ts';
import type { Side } from '../../../shared/contract/primitives.ts';
import { isMore } from '../../../shared/model/money.ts';
import { type NewDemand, newClientId } from '../../index.ts';
import { ActDraft, type Field } from '../flow/act-form.ts';
import { readAmount } from './amount.ts';

/** Somebody for whom a demand can be published, as the portal knows them. */
export interface Customer {
  readonly id: string;
  readonly org: string;
  readonly name: string;
}

/** A demand that is being written. */
export class DemandDraft extends ActDraft {
  readonly clientId = newClientId();
  /** The phone to which a code was sent; another one needs a code of its own. */
  codeFor: string | undefined;
  shares = false;

  constructor() {
    super();
    this.values.set('kind', 'normal');
    this.values.set('to', 'self');
  }
}

const field = (name: string, type: Field['type'], required = true): Field => ({ name, type, required });

/** The fields of a demand, by part of its form. @param given whether the portal has said which customers there are */
export function demandFields(
  side: Side | undefined,
  draft: DemandDraft,
  given: boolean,
): { whose: Field[]; what: Field[]; who: Field[] } {
  const own = side === 'buyer';
  const customer = given
    ? [field('buyer', 'select')]
    : [field('buyerName', 'line'), field('buyerId', 'line'), field('buyerOrg', 'line')];
  const targeted = draft.value('kind') === 'targeted' ? [field('org', 'select')] : [];
  return {
    whose: [
      ...(own ? [] : customer),
      ...(side === 'provider' ? [field('to', 'radio')] : [field('kind', 'radio'), ...targeted]),
    ],
    what: [
      field('category', 'line'),
      field('subCategory', 'line', false),
      field('title', 'line'),
      field('details', 'text'),
      field('region', 'line'),
      field('budgetMin', 'money', false),
      field('budgetMax', 'money', false),
    ],
    who: [
      field('contactName', 'line', false),
      field('email', 'email', false),
      field('phone', 'phone', own),
      ...(needsCode(draft) ? [field('code', 'code', own)] : []),
    ],
  };
}

/** True once a code has been sent to the phone that stands there. */
export const needsCode = (draft: DemandDraft): boolean =>
  draft.codeFor !== undefined && draft.codeFor === draft.value('phone').trim();

const MOST: Readonly<Record<string, number>> = {
  category: DEMAND_TERM_MAX,
  subCategory: DEMAND_TERM_MAX,
  region: DEMAND_TERM_MAX,
  title: DEMAND_TITLE_MAX,
  details: DEMAND_DETAILS_MAX,
  contactName: NAME_MAX,
};

/** What can be seen not to fit before anything is sent. */
export function checkDemand(fields: readonly Field[], draft: DemandDraft): { path: string; reason: string }[] {
  const faults: { path: string; reason: string }[] = [];
  for (const { name, required, type } of fields) {
    const given = draft.value(name).trim();
    const most = Object.hasOwn(MOST, name) ? MOST[name] : undefined;
    if (given === '') {
      if (required) faults.push({ path: name, reason: 'is required' });
    } else if (most !== undefined && given.length > most)
      faults.push({ path: name, reason: `must be at most ${most} characters long` });
    else if (type === 'money' && readAmount(given) === undefined)
      faults.push({ path: name, reason: 'must be an amount' });
    else if (type === 'code' && readCode(given) === undefined) faults.push({ path: name, reason: 'must be a code' });
  }
  const [min, max] = [readAmount(draft.value('budgetMin')), readAmount(draft.value('budgetMax'))];
  if (min !== undefined && max !== undefined && isMore(min, max))
    faults.push({ path: 'budgetMax', reason: 'must not be less than min' });
  return faults;
}

/** A code as somebody typed it, also with the digits of an input method. */
export function readCode(typed: string): string | undefined {
  const code = typed.normalize('NFKC').replace(/\s/gu, '');
  return code.length === CODE_DIGITS && /^\d+$/u.test(code) ? code : undefined;
}

/** What is sent of a draft in which nothing is wrong. */
export function demandOf(side: Side | undefined, draft: DemandDraft, customers: readonly Customer[]): NewDemand {
  const said = (name: string): string => draft.value(name).trim();
  const optional = (name: string): Record<string, string> => (said(name) === '' ? {} : { [name]: said(name) });
  const [min, max] = [readAmount(said('budgetMin')), readAmount(said('budgetMax'))];
  const code = needsCode(draft) ? readCode(said('code')) : undefined;
  const kind = side !== 'provider' && said('kind') === 'targeted' ? 'targeted' : 'normal';
  return {
    clientId: draft.clientId,
    kind,
    category: said('category'),
    ...optional('subCategory'),
    title: said('title'),
    details: said('details'),
    region: said('region'),
    ...(min === undefined && max === undefined
      ? {}
      : { budget: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) } }),
    ...optional('contactName'),
    ...optional('email'),
    ...optional('phone'),
    ...(code === undefined ? {} : { code }),
    shareContact: draft.shares,
    ...(side === 'provider' ? { to: said('to') === 'platform' ? 'platform' : 'self' } : {}),
    ...(kind === 'targeted' ? { org: said('org') } : {}),
    ...(side === 'buyer' ? {} : { buyer: buyerOf(draft, customers) }),
  };
}

function buyerOf(draft: DemandDraft, customers: readonly Customer[]): Customer {
  const chosen = customers.find(({ id }) => id === draft.value('buyer'));
  if (chosen !== undefined) return { id: chosen.id, org: chosen.org, name: chosen.name };
  const said = (name: string): string => draft.value(name).trim();
  return { id: said('buyerId'), org: said('buyerOrg'), name: said('buyerName') };
}

/** The form's field that a fault of the service belongs to. */
export function fieldOf(path: string): string {
  const [first = '', second = ''] = path.split('.');
  if (first === 'budget') return second === 'min' ? 'budgetMin' : 'budgetMax';
  return first;
}
