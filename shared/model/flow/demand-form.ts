import { ATTACHMENTS_MAX, ID_MAX, NAME_MAX, TEXT_MAX } from '../../contract/limits.ts';
import type { DemandForm, Fault } from './flow.ts';

const MISSING = 'is required';

/** What each required field may hold; nothing more is judged of a mail address or a number than that it can be one. */
const FIELDS = {
  contactName: { max: NAME_MAX },
  phone: { max: 40, pattern: /^\+?[\d\s()-]{5,}$/, reason: 'must be a phone number' },
  email: { max: 200, pattern: /^[^\s@]+@[^\s@]+\.[^\s@]+$/, reason: 'must be a mail address' },
  address: { max: 500 },
  details: { max: TEXT_MAX },
} as const satisfies Record<string, { max: number; pattern?: RegExp; reason?: string }>;

type Field = keyof typeof FIELDS;

/**
 * Reads the demand form of `submit_demand` (domain.md, section 4): the values, trimmed, or the path and reason of each fault. A value is never
 * repeated in a reason.
 */
export function readDemandForm(form: unknown): { values: DemandForm } | { faults: readonly Fault[] } {
  const given = new Map(typeof form === 'object' && form !== null ? Object.entries(form) : []);
  const faults: Fault[] = [];
  const fault = (field: string, reason: string): void => {
    faults.push({ path: field === '' ? 'form' : `form.${field}`, reason });
  };

  const text = (field: Field): string => {
    const value: unknown = given.get(field);
    const rule: { max: number; pattern?: RegExp; reason?: string } = FIELDS[field];
    if (value === undefined || value === null || value === '') fault(field, MISSING);
    else if (typeof value !== 'string') fault(field, 'must be text');
    else if (value.trim() === '') fault(field, MISSING);
    else if (value.length > rule.max) fault(field, `must be at most ${rule.max} characters long`);
    else if (!value.isWellFormed() || value.includes('\u0000')) fault(field, 'must be well-formed text');
    else if (rule.pattern?.test(value.trim()) === false) fault(field, rule.reason ?? 'does not fit');
    return typeof value === 'string' ? value.trim() : '';
  };
  const values: DemandForm = {
    contactName: text('contactName'),
    phone: text('phone'),
    email: text('email'),
    address: text('address'),
    details: text('details'),
    attachments: readAttachments(given.get('attachments'), fault),
  };
  for (const field of given.keys()) {
    // The name itself came from outside: it is not repeated.
    if (!Object.hasOwn(values, field)) {
      fault('', 'holds a field that this form does not have');
      break;
    }
  }
  return faults.length === 0 ? { values } : { faults };
}

function readAttachments(value: unknown, fault: (field: string, reason: string) => void): readonly string[] {
  if (value === undefined || value === null) return [];
  const ids = Array.isArray(value) ? value.filter((one: unknown) => typeof one === 'string') : [];
  if (!Array.isArray(value) || ids.length !== value.length) fault('attachments', 'must be a list of file ids');
  else if (ids.length > ATTACHMENTS_MAX) fault('attachments', `must be at most ${ATTACHMENTS_MAX} files`);
  else if (ids.some((id) => id.length === 0 || id.length > ID_MAX)) fault('attachments', 'must be a list of file ids');
  return ids;
}
