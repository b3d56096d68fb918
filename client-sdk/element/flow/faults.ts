import type { RoomError } from '../../index.ts';
import { reasonOf, type Words } from '../language/words.ts';

/** What does not fit, by field; the field's name is the first part of its path, without `form`. */
export type FieldFaults = ReadonlyMap<string, string>;

interface PathFault {
  readonly path: string;
  readonly reason: string;
}

/** Faults by field in the reader's words, of a refusal's details or of a check that was made here. */
export function fieldFaults(faults: readonly PathFault[], words: Words): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, reason } of faults) {
    const [first = '', second] = path.split('.');
    const field = first === 'form' ? (second ?? 'form') : first;
    if (!found.has(field)) found.set(field, faultWords(reason, words));
  }
  return found;
}

/** The faults that an error's details name, if they do. */
export function faultsOf({ details }: RoomError): PathFault[] {
  if (!Array.isArray(details)) return [];
  return details.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null || !('path' in one) || !('reason' in one)) return [];
    const path: unknown = Array.isArray(one.path) ? one.path.join('.') : one.path;
    return typeof path === 'string' && typeof one.reason === 'string' ? [{ path, reason: one.reason }] : [];
  });
}

/** The rules' own reasons in the reader's language; one that is not known is said in general. */
export function faultWords(reason: string, { delivery, opportunity, calls }: Words): string {
  const most = /at most (\d+) characters/.exec(reason)?.[1];
  if (most !== undefined) return delivery.tooLongFault(most);
  const bytes = /at most (\d+) bytes/.exec(reason)?.[1];
  if (bytes !== undefined) return delivery.tooLargeFault(sizeWords(Number(bytes)));
  const types = /^must be one of (.+)$/.exec(reason)?.[1];
  if (types !== undefined) return delivery.typesFault(types);
  if (reason === 'is required') return delivery.faults.required;
  if (reason.startsWith('must be a phone number')) return delivery.faults.phone;
  if (reason === 'must be a mail address') return delivery.faults.email;
  if (/file.*needed|name a file/.test(reason)) return delivery.faults.fileNeeded;
  if (reason.startsWith('must be an amount')) return opportunity.faults.amount;
  if (reason === 'must not be less than min') return opportunity.faults.budget;
  if (/product that your company delivers/.test(reason)) return opportunity.faults.product;
  if (reason.endsWith('at kept numbers only')) return calls.refused.keptOnly;
  return delivery.faults.other;
}

/** Why an act was not done, in a sentence. */
export function refusalWords(error: RoomError, words: Words): string {
  switch (error.code) {
    case 'conflict':
    case 'read_only':
      return words.delivery.lostRace;
    case 'unavailable':
      return error.message.includes('nothing was done') ? words.delivery.notSent : words.delivery.notSure;
    default:
      return reasonOf(words, error);
  }
}

const UNITS = ['B', 'KB', 'MB', 'GB'] as const;

/** A file's size as people read it. */
export function sizeWords(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** power;
  return `${size >= 10 || Number.isInteger(size) ? Math.round(size) : size.toFixed(1)} ${UNITS[power] ?? 'B'}`;
}
