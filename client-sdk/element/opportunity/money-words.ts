import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import type { Words } from '../language/words.ts';

const signs = new Map<string, string>();

/** A currency's sign where the reader is; its three letters where it has none. */
function signOf(currency: string, tag: string): string {
  const key = `${tag} ${currency}`;
  const known = signs.get(key);
  if (known !== undefined) return known;
  const parts = new Intl.NumberFormat(tag, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  }).formatToParts(0);
  const sign = parts.find(({ type }) => type === 'currency')?.value ?? currency;
  signs.set(key, sign);
  return sign;
}

/**
 * An amount of money as people read it: "¥12,000.50". The digits are never made a number, which would round them; hundredths that are none are left out.
 * @param amount a decimal string of the contract
 */
export function amountWords(amount: string, currency: string, { tag }: Pick<Words, 'tag'>): string {
  const [whole = '0', part = ''] = amount.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = signOf(currency, tag);
  return `${sign}${/[A-Z]$/.test(sign) ? ' ' : ''}${grouped}${/^0*$/.test(part) ? '' : `.${part.padEnd(2, '0')}`}`;
}

/** What the buyer means to spend. */
export function budgetWords(budget: Opportunity['budget'], words: Words): string {
  const { noBudget, from, upTo } = words.opportunity;
  if (budget === undefined) return noBudget;
  const { min, max, currency } = budget;
  const said = (amount: string): string => amountWords(amount, currency, words);
  if (min !== undefined && max !== undefined) return min === max ? said(min) : `${said(min)} – ${said(max)}`;
  if (min !== undefined) return from(said(min));
  return max === undefined ? noBudget : upTo(said(max));
}
