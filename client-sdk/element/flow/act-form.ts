import type { Project } from '../../../shared/contract/projects.ts';
import type { Role } from '../../../shared/contract/primitives.ts';
import { REMARK_MAX } from '../../../shared/contract/limits.ts';
import { readDemandForm } from '../../../shared/model/flow/demand-form.ts';
import type { LiveRoom, NodeAct } from '../../index.ts';
import { actionOf, type FlowTask } from './flow-task.ts';
import { Tray } from './tray.ts';

/** What was filled in for a task so far. */
export class ActDraft {
  readonly values = new Map<string, string>();
  readonly tray = new Tray();

  value(field: string): string {
    return this.values.get(field) ?? '';
  }
}

export type FieldType =
  | 'line'
  | 'phone'
  | 'email'
  | 'code'
  | 'money'
  | 'text'
  | 'files'
  | 'choice'
  | 'role'
  | 'radio'
  | 'select';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly required: boolean;
}

const field = (name: string, type: FieldType, required = true): Field => ({ name, type, required });

const DEMAND = [
  field('contactName', 'line'),
  field('phone', 'phone'),
  field('email', 'email'),
  field('address', 'line'),
  field('details', 'text'),
  field('attachments', 'files', false),
];

/** What a task asks for, in order. */
export function fieldsOf(task: FlowTask, project: Project): readonly Field[] {
  switch (actionOf(task)) {
    case 'submit':
      return DEMAND;
    case 'upload':
      return [field('files', 'files')];
    case 'finish':
      return [field('files', 'files', false)];
    case 'claim':
    case 'confirm':
      return [];
    case 'reject':
    case 'close':
      return [field('reason', 'text')];
    case 'pause':
    case 'resume':
      return [field('remark', 'text', false)];
    case 'changeOperator': {
      const roles = staffNodes(project).length > 1 ? [field('nodeId', 'role')] : [];
      return [...roles, field('userId', 'choice'), field('remark', 'text')];
    }
    case 'changeProvider':
      return [field('org', 'choice'), field('remark', 'text')];
    case 'dispatch':
      return [field(dispatchesToProvider(project) ? 'org' : 'userId', 'choice')];
  }
}

export const currentOf = ({ nodes, current }: Project): Project['nodes'][number] | undefined =>
  nodes.find(({ id }) => id === current);

export const dispatchesToProvider = (project: Project): boolean => currentOf(project)?.type === 'assign_provider';

/** One node for each role that staff hold, the current node's first. */
export function staffNodes(project: Project): { id: string; role: Role }[] {
  const current = currentOf(project);
  const byRole = new Map<Role, { id: string; role: Role }>();
  for (const node of [...(current === undefined ? [] : [current]), ...project.nodes]) {
    const { id, side, role, type, status } = node;
    if (side !== 'provider' || role === undefined || role === 'provider_admin') continue;
    // Nobody holds a role that is still to be claimed.
    if (type === 'claim_order' && status !== 'done') continue;
    if (!byRole.has(role)) byRole.set(role, { id, role });
  }
  return [...byRole.values()];
}

/** What can be seen not to fit before anything is sent: the same rules as the service's. */
export function checkTask(
  task: FlowTask,
  project: Project,
  draft: ActDraft,
): readonly { path: string; reason: string }[] {
  if (actionOf(task) === 'submit') {
    const read = readDemandForm(demandOf(draft));
    return 'faults' in read ? read.faults : [];
  }
  return fieldsOf(task, project).flatMap(({ name, type, required }) => {
    const given = type === 'files' ? draft.tray.ids.join('') : draft.value(name).trim();
    if (required && given === '' && type === 'files') return [{ path: name, reason: 'must name a file at least' }];
    if (required && given === '' && type !== 'role') return [{ path: name, reason: 'is required' }];
    if (type === 'text' && given.length > REMARK_MAX)
      return [{ path: name, reason: `must be at most ${REMARK_MAX} characters long` }];
    return [];
  });
}

function demandOf(draft: ActDraft): Record<string, unknown> {
  const values = DEMAND.filter(({ type }) => type !== 'files').map(({ name }) => [name, draft.value(name)]);
  const { ids } = draft.tray;
  return { ...Object.fromEntries(values), ...(ids.length === 0 ? {} : { attachments: ids }) };
}

/** Whoever carries out what was filled in: the open room, or a client for a project whose room is not open. */
export type Doer = Pick<LiveRoom, 'act' | 'change'>;

/** Sends what was filled in. */
export function perform(doer: Doer, task: FlowTask, project: Project, draft: ActDraft): Promise<Project> {
  if (task.type === 'node') return doer.act(nodeAct(task.act, draft));
  const remark = draft.value('remark').trim();
  const remarked = remark === '' ? {} : { remark };
  switch (task.action) {
    case 'pause':
      return doer.change('project.pause', remarked);
    case 'resume':
      return doer.change('project.resume', remarked);
    case 'close':
      return doer.change('project.close', { reason: draft.value('reason').trim() });
    case 'changeProvider':
      return doer.change('project.changeProvider', { org: draft.value('org'), remark });
    case 'changeOperator': {
      const nodeId = draft.value('nodeId') || staffNodes(project)[0]?.id;
      return doer.change('project.changeOperator', {
        userId: draft.value('userId'),
        remark,
        ...(nodeId === undefined ? {} : { nodeId }),
      });
    }
    case 'dispatch':
      return doer.change(
        'project.dispatch',
        dispatchesToProvider(project) ? { org: draft.value('org') } : { userId: draft.value('userId') },
      );
  }
}

function nodeAct({ nodeId, visit, action }: Extract<FlowTask, { type: 'node' }>['act'], draft: ActDraft): NodeAct {
  const { ids } = draft.tray;
  return {
    nodeId,
    visit,
    action,
    ...(action === 'submit' ? { form: demandOf(draft) } : {}),
    ...(action === 'reject' ? { reason: draft.value('reason').trim() } : {}),
    ...((action === 'upload' || action === 'finish') && ids.length > 0 ? { files: ids } : {}),
  };
}
