import { z } from 'zod';
import { defineCommand, EVERYONE, PEOPLE } from './command.ts';
import { attachments, entry } from './entries.ts';
import { REMARK_MAX } from './limits.ts';
import { cursor, id, isCleanText, isoTime, limit, page, remark, role } from './primitives.ts';
import { nodeStatus, type nodeType, project, projectNode, queuedReason } from './projects.ts';

export type NodeType = z.infer<typeof nodeType>;
export type NodeStatus = z.infer<typeof nodeStatus>;
export type { ProjectStatus, QueuedReason } from './projects.ts';

export const nodeAction = z.enum(['submit', 'claim', 'upload', 'finish', 'confirm', 'reject']);
export type NodeAction = z.infer<typeof nodeAction>;

const daysOff = z.object({
  name: z.object({ zh: z.string(), en: z.string() }).optional(),
  from: z.iso.date(),
  to: z.iso.date(),
});

/** How a due instant was arrived at, as data. */
export const because = z.object({
  days: z.number(),
  from: isoTime,
  over: z.array(daysOff),
  pauses: z.array(z.object({ from: isoTime, to: isoTime })).optional(),
});

const flowNode = projectNode.extend({
  overdue: z.boolean(),
  due: z.object({ provisional: z.boolean(), because }).optional(),
  within: z.object({ id, name: z.string() }).optional().meta({ description: 'The container that it stands in' }),
  files: z
    .array(z.object({ id, name: z.string(), size: z.int().min(0), type: z.string() }))
    .meta({ description: 'Files of this visit' }),
});

/** A project with its clock and what its reader may do now. */
export const flowProject = project.extend({
  nodes: z.array(flowNode),
  paused: z
    .object({ at: isoTime, left: z.int().min(0).optional() })
    .nullable()
    .meta({ description: 'left: milliseconds of working time that the current node had left' }),
  actions: z.array(z.object({ nodeId: id, visit: z.int().min(1), action: nodeAction, label: z.string() })),
});

export type FlowProject = z.infer<typeof flowProject>;

const reason = z.string().trim().min(1).max(REMARK_MAX).refine(isCleanText, 'must be well-formed text');
const changed = z.object({ project: flowProject });

const change = {
  output: changed,
  rate: 'write',
  writes: true,
} as const;

export const flowCommands = {
  'node.act': defineCommand({
    summary: 'Acts on a node. `visit` is the visit that the caller saw: of two who act at once one wins.',
    input: z.strictObject({
      projectId: id,
      nodeId: id,
      action: nodeAction,
      visit: z.int().min(1),
      // The demand form: what it must hold is a rule of the flow, whose faults carry the path of each field.
      form: z.record(z.string().max(50), z.unknown()).optional(),
      files: attachments.optional(),
      reason: reason.optional(),
    }),
    ...change,
    callers: PEOPLE,
    errors: ['forbidden', 'not_found', 'conflict', 'read_only', 'too_large', 'unsupported_type'],
  }),
  'project.pause': defineCommand({
    summary: 'Pauses a project: its clocks stop.',
    input: z.strictObject({ projectId: id, remark: remark.optional() }),
    ...change,
    callers: PEOPLE,
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
  }),
  'project.resume': defineCommand({
    summary: 'Resumes a paused project: what was left of a timeout is left.',
    input: z.strictObject({ projectId: id, remark: remark.optional() }),
    ...change,
    callers: PEOPLE,
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
  }),
  'project.changeOperator': defineCommand({
    summary: 'Gives a role of the running project to other staff of the same role with capacity free.',
    input: z.strictObject({ projectId: id, nodeId: id.optional(), userId: id, remark: reason }),
    ...change,
    callers: ['provider', 'operator'],
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
  }),
  'project.changeProvider': defineCommand({
    summary: 'Gives the project to another provider: the flow starts again from its first node as the next run.',
    input: z.strictObject({ projectId: id, org: id, remark: reason }),
    ...change,
    callers: ['vendor', 'operator'],
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
  }),
  'project.dispatch': defineCommand({
    summary: 'Takes a project out of its queue at once: to a provider (`org`) or to staff (`userId`).',
    input: z.strictObject({ projectId: id, org: id.optional(), userId: id.optional() }),
    ...change,
    callers: ['vendor', 'provider', 'operator'],
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
  }),
  'project.close': defineCommand({
    summary: 'Closes a flow for good; the room stays readable.',
    input: z.strictObject({ projectId: id, reason }),
    ...change,
    callers: ['operator'],
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
  }),
  'project.log': defineCommand({
    summary: 'The flow log: the entries of one run, or of all.',
    input: z.strictObject({ projectId: id, run: z.int().min(1).optional(), cursor: cursor.optional(), limit }),
    output: page(entry),
    callers: EVERYONE,
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
  'queue.list': defineCommand({
    summary: 'Projects that wait for a provider or for staff, first in first, each with its reason.',
    input: z.strictObject({ cursor: cursor.optional(), limit }),
    output: page(
      z.object({
        projectId: id,
        orderId: id,
        reason: queuedReason,
        role: role.optional(),
        since: isoTime,
        place: z.int().min(1),
      }),
    ),
    callers: ['provider', 'vendor', 'operator', 'service'],
    errors: [],
    rate: 'read',
    writes: false,
  }),
} as const;
