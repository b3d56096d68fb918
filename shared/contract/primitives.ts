import { z } from 'zod';
import { ID_MAX, NAME_MAX, PAGE_DEFAULT, PAGE_MAX, REMARK_MAX } from './limits.ts';

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
