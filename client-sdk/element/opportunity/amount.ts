import { AMOUNT_DIGITS_MAX } from '../../../shared/contract/limits.ts';
import { plainAmount } from '../../../shared/model/money.ts';

/** How people group digits, and signs that they put before an amount. */
const AROUND = /[\s,¥￥$€]/gu;
const TYPED = new RegExp(String.raw`^\d{1,${AMOUNT_DIGITS_MAX}}(\.\d{1,2})?$`, 'u');

/**
 * Reads an amount as somebody typed it: with commas, a currency's sign, or the full-width digits of an input method.
 * @returns the decimal string of the contract, undefined for anything else
 */
export function readAmount(typed: string): string | undefined {
  const text = typed.normalize('NFKC').replace(AROUND, '');
  if (!TYPED.test(text)) return undefined;
  return plainAmount(text.replace(/^0+(?=\d)/, ''));
}
