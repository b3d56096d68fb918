import { inspect } from 'node:util';
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { RoomError } from '../../shared/contract/errors.ts';

const HIDDEN = '[number]';

/** A phone number in hand. Whatever prints, logs or stores it gets `[number]`; only `reveal` gives it, to what rings or seals it. */
export class PhoneNumber {
  readonly #e164: string;

  /** @param e164 with its country calling code: `+` and at most 15 digits */
  constructor(e164: string) {
    this.#e164 = e164;
  }

  reveal(): string {
    return this.#e164;
  }

  /** Of mainland China, Hong Kong, Macao or Taiwan, which are written to in Chinese. */
  get isChinese(): boolean {
    return /^\+(86|852|853|886)/.test(this.#e164);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** Two letters of ISO 3166-1 that numbers without a country calling code are read by. */
export type Region = CountryCode;

export const isRegion = (text: string): text is Region => isSupportedCountry(text);

/**
 * Reads a number as somebody typed it.
 * @param path the field of the input that holds it, for the fault
 * @throws {RoomError} `invalid`, which never repeats it
 */
export type ReadNumber = (text: string, path: string) => PhoneNumber;

/**
 * Held to what a number of its country can be by its length: ranges are opened faster than a library is updated, so that a new one is not refused. Premium
 * numbers are: whoever rings or writes to one pays its owner.
 */
export function numberReader(region: Region): ReadNumber {
  return (text, path) => {
    const found = parsePhoneNumberFromString(text.trim(), { defaultCountry: region, extract: false });
    if (found?.isPossible() !== true || found.ext !== undefined || found.getType() === 'PREMIUM_RATE') {
      const reason = 'must be a phone number that can be rung';
      throw new RoomError('invalid', `${path}: ${reason}`, { details: [{ path, reason }] });
    }
    return new PhoneNumber(found.number);
  };
}
