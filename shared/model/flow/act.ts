import type { NodeAction } from '../../contract/projects.ts';
import { NODE_FILES_MAX, REMARK_MAX } from '../../contract/limits.ts';
import type { TemplateStep, UploadLimits } from '../../contract/templates.ts';
import { at, Course } from './course.ts';
import { readDemandForm } from './demand-form.ts';
import {
  type Flow,
  type FlowContext,
  type FlowFile,
  type FlowNode,
  refuse,
  type Refusal,
  settingsOf,
  type Stepped,
} from './flow.ts';
import { actionsOf, type Ground, groundFor, isActionable, isOnSide, isRunning } from './permissions.ts';

/** Somebody does something at a node, at the visit that they saw. */
export interface NodeAct {
  readonly type: 'act';
  readonly nodeId: string;
  readonly visit: number;
  readonly action: NodeAction;
  readonly form?: unknown;
  /** The caller's own files, as they are stored. */
  readonly files?: readonly FlowFile[];
  readonly reason?: string;
}

interface Turn {
  readonly flow: Flow;
  readonly node: FlowNode;
  readonly step: TemplateStep;
  readonly event: NodeAct;
  readonly context: FlowContext;
  readonly ground: Ground;
}

/**
 * Acts on a node (domain.md, section 4). Refused, with nothing changed: `not_found` without such a node, `read_only` in a completed or closed
 * project, `forbidden` on the wrong side or out of turn, `conflict` for a stale visit or a paused project, `invalid` for content that does not
 * fit, `too_large` and `unsupported_type` for a file over the node's limits.
 */
export function act(flow: Flow, event: NodeAct, context: FlowContext): Stepped | Refusal {
  const node = flow.nodes.find(({ id }) => id === event.nodeId);
  const step = settingsOf(flow, event.nodeId);
  if (node === undefined || step === undefined) return refuse(flow, 'not_found', 'This project has no such node.');
  if (!isRunning(flow)) return refuse(flow, 'read_only', `This project is ${flow.status}.`);
  if (isActionable(node) && !isOnSide(flow, node, context.actor))
    return refuse(flow, 'forbidden', `"${node.name}" is not for your side.`);
  if (!actionsOf(step).includes(event.action)) {
    return refuse(flow, 'invalid', `"${node.name}" cannot be answered with ${event.action}.`, [
      { path: 'action', reason: `this node has ${actionsOf(step).join(' and ') || 'no actions'}` },
    ]);
  }
  if (flow.status === 'paused') return refuse(flow, 'conflict', 'This project is paused.');
  if (node.status !== 'active' || node.visit !== event.visit)
    return refuse(flow, 'conflict', `"${node.name}" is not at this visit any more.`);
  const ground = groundFor(flow, node, event.action, context.actor, context.now);
  if (ground === undefined) return refuse(flow, 'forbidden', `"${node.name}" is another person's turn.`);
  return DOING[event.action]({ flow, node, step, event, context, ground });
}

const DOING: Readonly<Record<NodeAction, (turn: Turn) => Stepped | Refusal>> = {
  submit({ flow, node, event, context, ground }) {
    const read = readDemandForm(event.form);
    if ('faults' in read) return refuse(flow, 'invalid', 'The demand form does not fit.', read.faults);
    const { values } = read;
    const course = new Course(flow, context);
    course.add({
      event: 'node.done',
      ...at(node, node.visit),
      action: 'submit',
      ...whoWorked(context, ground),
      ...(values.attachments.length === 0 ? {} : { attachments: values.attachments }),
    });
    course.enterAfter(node);
    return course.done({ nodeId: node.id, visit: node.visit, values });
  },

  claim({ flow, node, context, ground }) {
    const { actor } = context;
    const course = new Course(flow, context);
    // An operator of the platform passes the claim on without becoming staff: the role stays to be given.
    const own = node.role !== undefined && actor.side === 'provider';
    course.add({
      event: 'order.claimed',
      ...at(node, node.visit),
      ...(own && node.role !== undefined ? { operator: { role: node.role, userId: actor.id, name: actor.name } } : {}),
      department: own ? (actor.dept ?? null) : null,
      ...ground,
    });
    course.enterAfter(node);
    return course.done();
  },

  upload({ flow, node, step, event, context, ground }) {
    const files = event.files ?? [];
    if (files.length === 0) {
      return refuse(flow, 'invalid', 'There is no file to add.', [
        { path: 'files', reason: 'must name a file at least' },
      ]);
    }
    const misfit = fileMisfit(flow, node, step.upload, files);
    if (misfit !== undefined) return misfit;
    const course = new Course(flow, context);
    addFiles(course, node, files, ground);
    return course.done();
  },

  finish({ flow, node, step, event, context, ground }) {
    const files = event.files ?? [];
    const misfit = fileMisfit(flow, node, step.upload, files);
    if (misfit !== undefined) return misfit;
    if (step.needsUpload === true && node.files.length + files.length === 0) {
      return refuse(flow, 'invalid', `"${node.name}" needs a file first.`, [
        { path: 'files', reason: 'a file of this visit is needed' },
      ]);
    }
    const course = new Course(flow, context);
    addFiles(course, node, files, ground);
    course.add({ event: 'node.done', ...at(node, node.visit), action: 'finish', ...whoWorked(context, ground) });
    course.enterAfter(node);
    return course.done();
  },

  confirm({ flow, node, context, ground }) {
    const course = new Course(flow, context);
    course.add({ event: 'node.done', ...at(node, node.visit), action: 'confirm', ...whoWorked(context, ground) });
    course.enterAfter(node);
    return course.done();
  },

  reject({ flow, node, event, context, ground }) {
    const reason = event.reason?.trim() ?? '';
    if (reason === '' || reason.length > REMARK_MAX) {
      const fault = reason === '' ? 'is required' : `must be at most ${REMARK_MAX} characters long`;
      return refuse(flow, 'invalid', 'A rejection gives its reason.', [{ path: 'reason', reason: fault }]);
    }
    const course = new Course(flow, context);
    course.add({ event: 'node.rejected', ...at(node, node.visit), reason, ...whoWorked(context, ground) });
    const here = flow.nodes.findIndex(({ id }) => id === node.id);
    const back = flow.nodes.findLastIndex((one, index) => index < here && isActionable(one));
    // The first actionable step has nowhere to go back to: it is asked anew.
    course.enter(back === -1 ? here : back);
    return course.done();
  },
};

/** Who is named as having worked a node; somebody who acts for a side does not become its operator. */
function whoWorked({ actor }: FlowContext, ground: Ground): Ground & { operator?: { userId: string; name: string } } {
  const own = ground.onBehalfOf === undefined && ground.late === undefined;
  return own ? { operator: { userId: actor.id, name: actor.name } } : ground;
}

/** Adds what this visit does not hold already: whoever did not hear the answer adds the same again. */
function addFiles(course: Course, node: FlowNode, files: readonly FlowFile[], ground: Ground): void {
  const fresh = freshFiles(node, files);
  if (fresh.length > 0) course.add({ event: 'file.added', ...at(node, node.visit), files: fresh, ...ground });
}

const freshFiles = (node: FlowNode, files: readonly FlowFile[]): FlowFile[] =>
  files.filter(({ id }) => node.files.every((held) => held.id !== id));

function fileMisfit(
  flow: Flow,
  node: FlowNode,
  limits: UploadLimits | undefined,
  files: readonly FlowFile[],
): Refusal | undefined {
  if (node.files.length + freshFiles(node, files).length > NODE_FILES_MAX) {
    const reason = `must be at most ${NODE_FILES_MAX} with those of this visit`;
    return refuse(flow, 'invalid', 'This step holds as many files as it may.', [{ path: 'files', reason }]);
  }
  if (limits === undefined) return undefined;
  for (const [index, { name, size, type }] of files.entries()) {
    const path = `files.${index}`;
    if (size > limits.maxBytes) {
      const reason = `must be at most ${limits.maxBytes} bytes`;
      return refuse(flow, 'too_large', 'A file is larger than this node takes.', [{ path, reason }]);
    }
    const extension = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : '';
    if (!limits.types.some((wanted) => wanted === (wanted.includes('/') ? type : extension))) {
      const reason = `must be one of ${limits.types.join(', ')}`;
      return refuse(flow, 'unsupported_type', 'A file is of a type that this node does not take.', [{ path, reason }]);
    }
  }
  return undefined;
}
