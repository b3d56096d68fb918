import { z } from 'zod';
import { defineCommand, EVERYONE, PEOPLE } from './command.ts';
import { attachments, eventEntry } from './entries.ts';
import { cursor, id, isoTime, limit, page, reason, remark, role } from './primitives.ts';
import { nodeAction, project, queuedReason } from './projects.ts';

const changed = z.object({ project });

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
    output: page(eventEntry),
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
