import { z } from 'zod';
import { defineCommand } from './command.ts';
import { id, name, role } from './primitives.ts';

/** A day, or half of one: the morning ends and the afternoon begins at noon of the office's time zone. */
const halfDay = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(T(00|12):00)?$/, 'must be YYYY-MM-DD, YYYY-MM-DDT00:00 or YYYY-MM-DDT12:00');

export const directoryCommands = {
  'org.put': defineCommand({
    summary: 'Stores a company. A full replacement, idempotent.',
    input: z.strictObject({ orgId: id, name }),
    output: z.object({ org: z.object({ orgId: id, name: z.string() }) }),
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
      maxLoad: z.int().min(0).max(50),
      accepting: z.boolean().default(true),
      tags: z.array(name).max(5).optional(),
      leave: z
        .strictObject({ from: halfDay, to: halfDay })
        .refine(({ from, to }) => from.slice(0, 10) <= to.slice(0, 10), {
          path: ['to'],
          message: 'must not be before from',
        })
        .nullish(),
      active: z.boolean().default(true),
      phone: z.string().max(40).optional().meta({
        description: 'Accepted for portals that send it; not kept before the service has a vault for numbers',
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
} as const;
