import { z } from 'zod';
import { defineCommand, EVERYONE } from './command.ts';
import { EXPORT_ROWS_MAX } from './limits.ts';
import { cursor, fileInfo, id, isoTime, limit, line, name, page, role } from './primitives.ts';

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
export type NodeStatus = z.infer<typeof nodeStatus>;

export const nodeAction = z.enum(['submit', 'claim', 'upload', 'finish', 'confirm', 'reject']);
export type NodeAction = z.infer<typeof nodeAction>;

/** Named as the commands `project.*` that do them. */
export const projectAction = z.enum(['pause', 'resume', 'changeOperator', 'changeProvider', 'dispatch', 'close']);
export type ProjectAction = z.infer<typeof projectAction>;

const daysOff = z.object({
  name: z.object({ zh: z.string(), en: z.string() }).optional(),
  from: z.iso.date(),
  to: z.iso.date(),
});

/** How a due instant was arrived at, as data. */
const because = z.object({
  days: z.number(),
  from: isoTime,
  over: z.array(daysOff),
  pauses: z.array(z.object({ from: isoTime, to: isoTime })).optional(),
});

const projectNode = z.object({
  id,
  type: nodeType,
  name: z.string(),
  side: z.enum(['buyer', 'provider', 'system']).optional(),
  role: role.optional(),
  within: z.object({ id, name: z.string() }).optional().meta({ description: 'The container that it stands in' }),
  status: nodeStatus,
  visit: z.int().min(0),
  operator: z.object({ userId: id, name: z.string() }).optional(),
  enteredAt: isoTime.optional(),
  dueAt: isoTime.optional(),
  due: z.object({ provisional: z.boolean(), because }).optional(),
  overdue: z.boolean(),
  endedAt: isoTime.optional(),
  files: z.array(fileInfo).meta({ description: 'Files of this visit' }),
});

export const project = z
  .object({
    id,
    roomId: id,
    orderId: id,
    bizId: id.optional(),
    opportunityId: id.optional().meta({ description: 'The opportunity whose deal it delivers' }),
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
    paused: z
      .object({ at: isoTime, left: z.int().min(0).optional() })
      .nullable()
      .meta({ description: 'left: milliseconds of working time that the current node had left' }),
    actions: z
      .array(z.object({ nodeId: id, visit: z.int().min(1), action: nodeAction, label: z.string() }))
      .meta({ description: 'What the one who is told this may do now' }),
    projectActions: z
      .array(projectAction)
      .meta({ description: 'What the one who is told this may do to the project as a whole now' }),
    version: z.int().min(1).meta({ description: 'Raised by each change: of two states the higher one is newer' }),
    createdAt: isoTime,
  })
  .meta({ id: 'Project' });
export type Project = z.infer<typeof project>;

/** What the buyer filled in. The number is not in it: numbers live in a vault of their own. */
const demand = z.object({
  nodeId: id,
  visit: z.int().min(1),
  contactName: z.string(),
  email: z.string().optional(),
  address: z.string().optional(),
  details: z.string(),
  attachments: z.array(fileInfo),
});

const filters = {
  status: projectStatus.optional(),
  overdue: z.boolean().optional(),
  orderId: id.optional(),
  operator: id.optional().meta({ description: 'Who works the current node, by user id' }),
  buyer: id.optional(),
  productId: id.optional(),
  from: isoTime.optional(),
  to: isoTime.optional(),
};

export const projectCommands = {
  'project.create': defineCommand({
    summary:
      'Creates the delivery project and its room for a paid order. The same order id gives the same project however often it is sent.',
    input: z.strictObject({
      orderId: id,
      bizId: id.optional(),
      productId: id,
      spec: line(200).optional(),
      channel: line(100).optional(),
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
    input: z.strictObject({ ...filters, cursor: cursor.optional(), limit }),
    output: page(project),
    callers: EVERYONE,
    errors: [],
    rate: 'read',
    writes: false,
  }),
  'project.export': defineCommand({
    summary: `What project.list lists, as CSV (RFC 4180, UTF-8): the newest ${EXPORT_ROWS_MAX} projects at most.`,
    input: z.strictObject(filters),
    output: z.object({ csv: z.string(), rows: z.int().min(0), truncated: z.boolean() }),
    callers: EVERYONE,
    errors: [],
    rate: 'read',
    writes: false,
  }),
  'demand.get': defineCommand({
    summary:
      'The demand that the buyer has submitted, latest visit. Contact details only where the reader may have them.',
    input: z.strictObject({ projectId: id }),
    output: z.object({ demand: demand.nullable() }),
    callers: EVERYONE,
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
} as const;
