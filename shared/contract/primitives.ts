import { z } from 'zod';
import { AMOUNT_DIGITS_MAX, ID_MAX, NAME_MAX, PAGE_DEFAULT, PAGE_MAX, REMARK_MAX } from './limits.ts';

// A lone surrogate or a NUL would be stored as something other than what was sent.
const CONTROL = /\p{Cc}/u;
export const isCleanText = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');

const isOneLine = (text: string): boolean => text.isWellFormed() && !CONTROL.test(text);

/** An opaque identifier: 1 to 200 characters, no control characters. */
export const id = z
  .string()
  .min(1)
  .max(ID_MAX)
  .refine(isOneLine, 'must not hold control characters')
  .meta({ description: 'An opaque identifier' });

/** A line of text that may be empty. */
export const line = (max: number) => z.string().trim().max(max).refine(isOneLine, 'must not hold control characters');

export const name = line(NAME_MAX).min(1);

export const remark = z.string().trim().max(REMARK_MAX).refine(isCleanText, 'must be well-formed text');

/** A remark that has to be given. */
export const reason = remark.min(1);

const DECIMAL = String.raw`(0|[1-9]\d{0,${AMOUNT_DIGITS_MAX - 1}})(\.\d{1,2})?`;

/** Money as somebody names it: a decimal string without a sign, at most 2 decimals. A number would be a floating point one. */
export const amount = z
  .string()
  .regex(new RegExp(`^${DECIMAL}$`, 'u'), 'must be an amount such as "1234.50"')
  .meta({ description: 'An amount of money: a decimal string with at most 2 decimals' });

/** Money as the service computes it: always 2 decimals. */
export const computedAmount = z
  .string()
  .regex(/^(0|[1-9]\d*)\.\d{2}$/u)
  .meta({ description: 'An amount of money: a decimal string with 2 decimals' });

/** ISO 4217. */
export const currency = z.string().regex(/^[A-Z]{3}$/u, 'must be three capital letters, such as CNY');

export const isoTime = z.iso.datetime({ offset: true }).meta({ description: 'ISO 8601, UTC' });

export const seq = z.int().min(0);

export const streamName = z
  .string()
  .max(ID_MAX + 8)
  .regex(/^(public|provider|operator|(lane|notes|desk):\P{Cc}+)$/u, 'must be the name of a stream')
  .meta({ description: 'public, provider, operator, lane:<org>, notes:<org> or desk:<org>' });

export const cursor = z.string().min(1).max(500).meta({ description: 'The nextCursor of an earlier answer' });
export const limit = z.int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT);

export const side = z.enum(['buyer', 'provider', 'vendor', 'operator', 'service']);
export type Side = z.infer<typeof side>;

export const role = z.enum([
  'designer',
  'account_manager',
  'delivery_specialist',
  'service_agent',
  'developer',
  'tester',
  'provider_admin',
  'vendor_admin',
  'project_manager',
]);
export type Role = z.infer<typeof role>;

/** A person as a room shows them. */
export const person = z
  .object({
    userId: id,
    name: z.string(),
    side,
    org: id.optional(),
    roles: z.array(role).optional(),
  })
  .meta({ id: 'Person' });
export type Person = z.infer<typeof person>;

/** A stored file as its readers are told of it; `size` in bytes. */
export const fileInfo = z.object({ id, name: z.string(), size: z.int().min(0), type: z.string() });
export type FileInfo = z.infer<typeof fileInfo>;

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional() });

export const empty = z.object({});
