import type { NodeAction, Project } from '../../../shared/contract/projects.ts';
import type { Side } from '../../../shared/contract/primitives.ts';
import type { Identity } from '../../index.ts';
import { wordOf, type Words } from '../language/words.ts';

export type AllowedAction = Project['actions'][number];
export type AllowedProjectAction = Project['projectActions'][number];

/** Something that the reader has begun to do to a project: at a node, or to the project as a whole. */
export type FlowTask =
  | { readonly type: 'node'; readonly act: AllowedAction }
  | { readonly type: 'project'; readonly action: AllowedProjectAction };

export const actionOf = (task: FlowTask): NodeAction | AllowedProjectAction =>
  task.type === 'node' ? task.act.action : task.action;

/** The same task has the same key: what was filled in for it is kept under that. */
export const keyOf = (projectId: string, task: FlowTask): string =>
  task.type === 'node'
    ? JSON.stringify([projectId, task.act.nodeId, task.act.visit, task.act.action])
    : JSON.stringify([projectId, task.action]);

/** Says whether a task is still the reader's to do, as the project stands now. */
export function isStillAllowed(task: FlowTask, { actions, projectActions }: Project): boolean {
  if (task.type === 'project') return projectActions.includes(task.action);
  const { nodeId, visit, action } = task.act;
  return actions.some((one) => one.nodeId === nodeId && one.visit === visit && one.action === action);
}

/** In whose place somebody acts: an operator of the platform for a side, or the provider's admin for a late operator. */
export type InPlace = { readonly side: Side } | { readonly late: string } | undefined;

export function inPlaceOf(
  { act }: Extract<FlowTask, { type: 'node' }>,
  project: Project,
  me: Identity | undefined,
): InPlace {
  const node = project.nodes.find(({ id }) => id === act.nodeId);
  if (node === undefined) return undefined;
  if (me?.side === 'operator') return { side: node.side === 'provider' ? 'provider' : 'buyer' };
  const { operator, overdue, side } = node;
  if (side !== 'provider' || !overdue || operator === undefined || operator.userId === me?.userId) return undefined;
  return { late: operator.name };
}

/** The words on a task's button: the template's own where it has some, and in whose place it would be done. */
export function taskLabel(task: FlowTask, project: Project, me: Identity | undefined, words: Words): string {
  const { delivery, sides } = words;
  if (task.type === 'project') return delivery.actions[task.action];
  const label = wordOf(delivery.labels, task.act.label);
  const place = inPlaceOf(task, project, me);
  return place !== undefined && 'side' in place ? delivery.forSide(label, sides[place.side]) : label;
}

/** Whose turn it is, in words: the reader's own, somebody's by name, a side's, or what the project waits for. */
export function turnWords(project: Project, words: Words): string {
  const node = project.nodes.find(({ id }) => id === project.current);
  if (node === undefined) return '';
  if (project.queued !== null) return words.delivery.queuedAt(words.queued[project.queued]);
  return node.side === undefined ? '' : wordOf(words.turnOf, node.side);
}

/** True where it is the reader's own turn, and not merely a right to act in another's place. */
export function isOwnTurn(project: Project, me: Identity | undefined): boolean {
  return project.actions.some((act) => inPlaceOf({ type: 'node', act }, project, me) === undefined);
}
