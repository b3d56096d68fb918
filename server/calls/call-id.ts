import { randomBytes } from 'node:crypto';
import { CALL_ID_BYTES } from '../../shared/contract/limits.ts';

/** No letter or digit that is taken for another one: support staff read these to carriers. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A new id of a call: 75 random bits in as many characters as every carrier takes along. It tells nothing of how many calls there are. */
export function newCallId(): string {
  return Array.from(randomBytes(CALL_ID_BYTES), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
}
