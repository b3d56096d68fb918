const AMOUNT = /^(0|[1-9]\d*)(?:\.(\d{1,2}))?$/u;

/**
 * An amount of money in hundredths of its unit: exact whatever its size, as no floating point number is.
 * @param amount a decimal string without a sign, at most 2 decimals: what the contract's `amount` accepts
 * @throws {RangeError} for anything else
 */
export function hundredths(amount: string): bigint {
  const match = AMOUNT.exec(amount);
  if (match === null) throw new RangeError('not an amount of money');
  const [, whole = '0', part = ''] = match;
  return BigInt(whole) * 100n + BigInt(part.padEnd(2, '0'));
}

/** The decimal string of so many hundredths, always with 2 decimals. */
export function amountOf(value: bigint): string {
  if (value < 0n) throw new RangeError('an amount of money has no sign');
  const digits = value.toString().padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The same amount with 2 decimals: of equal amounts one wording. */
export const plainAmount = (amount: string): string => amountOf(hundredths(amount));

/** @param quantity a whole number, 0 or more */
export const times = (price: string, quantity: number): string => amountOf(hundredths(price) * BigInt(quantity));

export const sumOf = (amounts: readonly string[]): string =>
  amountOf(amounts.reduce((sum, amount) => sum + hundredths(amount), 0n));

/** Says whether the first is more than the second. */
export const isMore = (amount: string, than: string): boolean => hundredths(amount) > hundredths(than);
