import { z } from 'zod';
import { defineCommand } from './command.ts';
import { DEMAND_TERM_MAX, ORG_TERMS_MAX, RATING_MAX } from './limits.ts';
import { cursor, id, limit, line, name, page, role } from './primitives.ts';

/** A day, or half of one: the morning ends and the afternoon begins at noon of the office's time zone. */
const halfDay = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(T(00|12):00)?$/, 'must be YYYY-MM-DD, YYYY-MM-DDT00:00 or YYYY-MM-DDT12:00')
  .refine((text) => z.iso.date().safeParse(text.slice(0, 10)).success, 'must be a day of the calendar');

const leave = z
  .strictObject({ from: halfDay, to: halfDay })
  .refine(({ from, to }) => from.slice(0, 10) <= to.slice(0, 10), {
    path: ['to'],
    message: 'must not be before from',
  });
const maxLoad = z.int().min(0).max(50);
const tags = z.array(name).max(5);
const load = z.int().min(0);
const terms = z.array(line(DEMAND_TERM_MAX).min(1)).max(ORG_TERMS_MAX);

/** A person of a provider or vendor as the directory knows them, and what they have in hand. */
export const staffMember = z
  .object({
    userId: id,
    org: id,
    name: z.string(),
    roles: z.array(role),
    dept: z.string().nullable(),
    maxLoad: z.int(),
    load: load.meta({ description: 'Executing and paused projects that they hold a role in' }),
    accepting: z.boolean(),
    leave: z.object({ from: z.string(), to: z.string() }).nullable(),
    tags: z.array(z.string()),
    active: z.boolean(),
  })
  .meta({ id: 'StaffMember' });
export type StaffMember = z.infer<typeof staffMember>;

/** A product with the providers who may deliver it; a provider is shown itself alone. */
export const productWithProviders = z
  .object({
    productId: id,
    name: z.string(),
    vendorOrg: id,
    vendorName: z.string(),
    templateId: id,
    warrantyDays: z.number().nullable(),
    providers: z.array(
      z.object({
        org: id,
        name: z.string(),
        weight: z.number(),
        maxLoad: z.int(),
        load: load.meta({ description: 'Executing and paused projects of the company, of any product' }),
      }),
    ),
  })
  .meta({ id: 'Product' });
export type ProductWithProviders = z.infer<typeof productWithProviders>;

const company = {
  orgId: id,
  name,
  categories: terms.optional().meta({ description: 'What it delivers, in the words of demands' }),
  regions: terms.optional(),
  rating: z.number().min(0).max(RATING_MAX).optional(),
};

export const directoryCommands = {
  'org.put': defineCommand({
    summary: 'Stores a company. A full replacement, idempotent.',
    input: z.strictObject(company),
    output: z.object({ org: z.object(company) }),
    callers: ['service', 'operator'],
    errors: ['forbidden'],
    rate: 'directory',
    writes: true,
  }),
  'staff.put': defineCommand({
    summary:
      'Stores a person of a provider or vendor. A full replacement, idempotent; an inactive person has no access.',
    input: z.strictObject({
      userId: id,
      org: id,
      name,
      roles: z.array(role).min(1).max(9),
      dept: name.optional(),
      maxLoad,
      accepting: z.boolean().default(true),
      tags: tags.optional(),
      leave: leave.nullish(),
      active: z.boolean().default(true),
      phone: z.string().max(40).optional().meta({
        description: 'Goes into the vault, and is shown to nobody; without it, or once inactive, the person has none',
      }),
    }),
    output: z.object({
      staff: z.object({ userId: id, org: id, name: z.string(), roles: z.array(role), active: z.boolean() }),
    }),
    callers: ['service', 'operator'],
    errors: ['forbidden', 'not_found'],
    rate: 'directory',
    writes: true,
  }),
  'staff.list': defineCommand({
    summary: "A company's people with their loads: for its admin, operators and a portal's backend.",
    input: z.strictObject({
      org: id.optional().meta({ description: "The caller's own when left out; operators and services name one" }),
      role: role.optional(),
      cursor: cursor.optional(),
      limit,
    }),
    output: page(staffMember),
    callers: ['provider', 'vendor', 'operator', 'service'],
    errors: ['forbidden'],
    rate: 'read',
    writes: false,
  }),
  'staff.update': defineCommand({
    summary:
      'Changes what is given and leaves the rest. The person themselves: `accepting` and `leave`; their company’s admin and operators: all of it.',
    input: z
      .strictObject({
        userId: id,
        accepting: z.boolean().optional(),
        leave: leave.nullish(),
        maxLoad: maxLoad.optional(),
        tags: tags.optional(),
        dept: name.nullish(),
      })
      .refine(({ userId: _userId, ...changes }) => Object.values(changes).some((value) => value !== undefined), {
        message: 'must name something to change',
      }),
    output: z.object({ staff: staffMember }),
    callers: ['provider', 'vendor', 'operator', 'service'],
    errors: ['forbidden', 'not_found'],
    rate: 'write',
    writes: true,
  }),
  'product.put': defineCommand({
    summary: 'Stores a product with the providers who may deliver it. A full replacement, idempotent.',
    input: z.strictObject({
      productId: id,
      name,
      vendorOrg: id,
      templateId: id,
      providers: z
        .array(
          z.strictObject({
            org: id,
            weight: z.number().positive().max(1000).default(1),
            maxLoad: z.int().min(0).max(100_000),
          }),
        )
        .max(200),
      warrantyDays: z.number().min(0).max(3650).optional(),
    }),
    output: z.object({ product: z.object({ productId: id, name: z.string(), vendorOrg: id, templateId: id }) }),
    callers: ['service', 'operator', 'vendor'],
    errors: ['forbidden', 'not_found'],
    rate: 'directory',
    writes: true,
  }),
  'product.get': defineCommand({
    summary:
      "One product with its providers and their loads: its vendor's, or one that the caller's company may deliver.",
    input: z.strictObject({ productId: id }),
    output: z.object({ product: productWithProviders }),
    callers: ['provider', 'vendor', 'operator', 'service'],
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
  'product.list': defineCommand({
    summary: "The products of the caller's company as a vendor, or those that it may deliver as a provider, by id.",
    input: z.strictObject({ cursor: cursor.optional(), limit }),
    output: page(productWithProviders),
    callers: ['provider', 'vendor', 'operator', 'service'],
    errors: [],
    rate: 'read',
    writes: false,
  }),
} as const;
