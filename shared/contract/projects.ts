import { z } from 'zod';
import { defineCommand, EVERYONE } from './command.ts';
import { cursor, id, isoTime, limit, name, page, role } from './primitives.ts';

export const projectStatus = z.enum(['executing', 'paused', 'completed', 'cancelled']);
export type ProjectStatus = z.infer<typeof projectStatus>;

export const queuedReason = z.enum(['no_provider', 'providers_full', 'no_staff_with_role', 'staff_full']);
export type QueuedReason = z.infer<typeof queuedReason>;

export const nodeType = z.enum([
  'assign_provider',
  'submit_demand',
  'claim_order',
  'dispatch_order',
  'confirm',
  'generic',
  'finish',
  'container',
]);
export type NodeType = z.infer<typeof nodeType>;

export const nodeStatus = z.enum(['pending', 'active', 'done', 'rejected', 'skipped']);

export const projectNode = z.object({
  id,
  type: nodeType,
  name: z.string(),
  side: z.enum(['buyer', 'provider', 'system']).optional(),
  role: role.optional(),
  status: nodeStatus,
  visit: z.int().min(0),
  operator: z.object({ userId: id, name: z.string() }).optional(),
  enteredAt: isoTime.optional(),
  dueAt: isoTime.optional(),
  endedAt: isoTime.optional(),
});

export const project = z
  .object({
    id,
    roomId: id,
    orderId: id,
    bizId: id.optional(),
    product: z.object({ id, name: z.string(), spec: z.string().optional() }),
    channel: z.string().optional(),
    buyer: z.object({ id, org: id, name: z.string() }),
    provider: z.object({ org: id, name: z.string() }).optional(),
    vendor: z.object({ org: id, name: z.string() }),
    status: projectStatus,
    overdue: z.boolean(),
    queued: queuedReason.nullable(),
    run: z.int().min(1),
    template: z.object({ id, name: z.string() }),
    nodes: z.array(projectNode),
    current: id.nullable(),
    createdAt: isoTime,
  })
  .meta({ id: 'Project' });
export type Project = z.infer<typeof project>;

export const projectCommands = {
  'project.create': defineCommand({
    summary:
      'Creates the delivery project and its room for a paid order. The same order id gives the same project however often it is sent.',
    input: z.strictObject({
      orderId: id,
      bizId: id.optional(),
      productId: id,
      spec: z.string().max(200).optional(),
      channel: z.string().max(100).optional(),
      buyer: z.strictObject({
        id,
        org: id,
        name,
        contact: z
          .strictObject({
            name: name.optional(),
            phone: z.string().max(40).optional(),
            email: z.string().max(200).optional(),
          })
          .optional(),
      }),
      shareContact: z.boolean().optional(),
    }),
    output: z.object({ projectId: id, roomId: id }),
    callers: ['service', 'operator'],
    errors: ['forbidden', 'not_found', 'conflict'],
    rate: 'directory',
    writes: true,
  }),
  'project.get': defineCommand({
    summary: 'One project as it stands now.',
    input: z.strictObject({ projectId: id }),
    output: z.object({ project }),
    callers: EVERYONE,
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
  'project.list': defineCommand({
    summary: 'Projects of the caller, newest first.',
    input: z.strictObject({
      status: projectStatus.optional(),
      orderId: id.optional(),
      buyer: id.optional(),
      productId: id.optional(),
      from: isoTime.optional(),
      to: isoTime.optional(),
      cursor: cursor.optional(),
      limit,
    }),
    output: page(project),
    callers: EVERYONE,
    errors: [],
    rate: 'read',
    writes: false,
  }),
} as const;
