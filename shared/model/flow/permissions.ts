import { PAUSES_MAX } from '../../contract/limits.ts';
import type { NodeAction, NodeType, ProjectAction } from '../../contract/projects.ts';
import type { Side } from '../../contract/primitives.ts';
import type { Label, TemplateStep } from '../../contract/templates.ts';
import { currentNode, type Flow, type FlowActor, type FlowNode, isLate, settingsOf } from './flow.ts';
import { type Language, wordsOf } from './template-steps.ts';

/** What can be done at a node of each type (wire.md, node actions by type). */
const ACTIONS: Readonly<Record<NodeType, readonly NodeAction[]>> = {
  assign_provider: [],
  submit_demand: ['submit'],
  claim_order: ['claim'],
  dispatch_order: [],
  confirm: ['confirm', 'reject'],
  generic: ['upload', 'finish'],
  finish: ['confirm', 'reject'],
  container: [],
};

/** The actions that a node has, whoever asks. */
export function actionsOf(step: TemplateStep): readonly NodeAction[] {
  return ACTIONS[step.type].filter((action) => action !== 'reject' || step.rejectable === true);
}

/** Steps that people act on: a rejection goes back to the previous one. */
export function isActionable({ type }: Pick<TemplateStep, 'type'>): boolean {
  return ACTIONS[type].length > 0;
}

/** On what ground somebody may act: it is their turn, the platform acts for a side, or the provider's admin for a late operator. */
export type Ground = { readonly onBehalfOf?: Side; readonly late?: true };

export const isAdminOf = (viewer: FlowActor, org: string | undefined): boolean =>
  viewer.side === 'provider' && org !== undefined && viewer.org === org && viewer.roles.includes('provider_admin');

/** Says whether a node is worked by the viewer's side at all: whoever fails here is on the wrong side, whatever the moment. */
export function isOnSide(flow: Flow, node: FlowNode, viewer: FlowActor): boolean {
  if (viewer.side === 'operator') return isActionable(node);
  if (node.side === 'buyer') return viewer.side === 'buyer' && viewer.org === flow.parties.buyerOrg;
  return node.side === 'provider' && viewer.side === 'provider' && viewer.org === flow.provider?.org;
}

/** The ground on which a viewer may do something at an active node, or undefined: the one rule for buttons and for decisions. */
export function groundFor(
  flow: Flow,
  node: FlowNode,
  action: NodeAction,
  viewer: FlowActor,
  now: number,
): Ground | undefined {
  if (!isOnSide(flow, node, viewer)) return undefined;
  if (viewer.side === 'operator') return { onBehalfOf: node.side === 'provider' ? 'provider' : 'buyer' };
  if (node.side === 'buyer') return {};
  const { role } = node;
  const isAdmin = isAdminOf(viewer, flow.provider?.org);
  if (role === undefined || role === 'provider_admin') return isAdmin ? {} : undefined;
  if (node.type === 'claim_order') return viewer.roles.includes(role) ? {} : undefined;
  const holders = flow.crew.filter((member) => member.role === role);
  if (holders.some(({ userId }) => userId === viewer.id)) return {};
  if (!isAdmin) return undefined;
  // Nobody holds the role when the platform passed its claim: the admin is then the only one who can go on.
  if (holders.length === 0) return {};
  return isLate(node, now) && action !== 'reject' ? { late: true } : undefined;
}

/** Something that a viewer may do now, with the words for its button. */
export interface AllowedAction {
  readonly nodeId: string;
  readonly visit: number;
  readonly action: NodeAction;
  readonly label: string;
}

const DEFAULT_LABELS: Readonly<Record<NodeAction, Exclude<Label, string>>> = {
  submit: { zh: '提交需求', en: 'Submit demand' },
  claim: { zh: '认领', en: 'Claim' },
  upload: { zh: '上传文件', en: 'Upload' },
  finish: { zh: '完成', en: 'Finish' },
  confirm: { zh: '确认', en: 'Confirm' },
  reject: { zh: '驳回', en: 'Reject' },
};

function labelOf({ labels = {} }: TemplateStep, action: NodeAction): Label {
  return labels[action] ?? (action === 'finish' ? labels.confirm : undefined) ?? DEFAULT_LABELS[action];
}

/** What a viewer may do at the current node now (domain.md, section 4); `step` accepts exactly these, given fitting content. */
export function allowedActions(flow: Flow, viewer: FlowActor, now: number, language: Language = 'en'): AllowedAction[] {
  const node = currentNode(flow);
  const step = node === undefined ? undefined : settingsOf(flow, node.id);
  if (node === undefined || step === undefined || flow.status !== 'executing') return [];
  return actionsOf(step)
    .filter((action) => groundFor(flow, node, action, viewer, now) !== undefined)
    .map((action) => ({ nodeId: node.id, visit: node.visit, action, label: wordsOf(labelOf(step, action), language) }));
}

const isVendor = ({ parties }: Flow, { side, org, roles }: FlowActor): boolean =>
  side === 'vendor' &&
  org === parties.vendorOrg &&
  (roles.includes('vendor_admin') || roles.includes('project_manager'));

/** Who gives a waiting project its provider by hand. */
export const mayAssignProvider = (flow: Flow, viewer: FlowActor): boolean =>
  viewer.side === 'operator' || isVendor(flow, viewer);

/** Who gives a waiting project its staff by hand. */
export const mayDispatchStaff = (flow: Flow, viewer: FlowActor): boolean =>
  viewer.side === 'operator' || isAdminOf(viewer, flow.provider?.org);

/** Who may do what to a project, whatever its state (domain.md, section 3). */
export function mayDo(flow: Flow, action: ProjectAction, viewer: FlowActor): boolean {
  if (viewer.side === 'operator') return true;
  const isBuyer = viewer.side === 'buyer' && viewer.org === flow.parties.buyerOrg;
  const isAdmin = isAdminOf(viewer, flow.provider?.org);
  switch (action) {
    case 'pause':
      return isBuyer || isAdmin;
    case 'resume':
      return isAdmin || (flow.paused !== null && flow.paused.by === viewer.id && flow.paused.bySide === viewer.side);
    case 'changeOperator':
      return isAdmin;
    case 'changeProvider':
      return isVendor(flow, viewer);
    case 'dispatch':
      return currentNode(flow)?.type === 'assign_provider'
        ? mayAssignProvider(flow, viewer)
        : mayDispatchStaff(flow, viewer);
    case 'close':
      return false;
  }
}

/** The step has not been paused as often as it may be. */
export const mayPauseAgain = (flow: Flow): boolean => (currentNode(flow)?.pauses.length ?? 0) < PAUSES_MAX;

const typeOf = (flow: Flow): NodeType | undefined => currentNode(flow)?.type;

/** Whether the project's state leaves room for an action, whoever asks. */
const OPEN_TO: Readonly<Record<ProjectAction, (flow: Flow) => boolean>> = {
  pause: (flow) => flow.status === 'executing' && mayPauseAgain(flow),
  resume: ({ status }) => status === 'paused',
  changeOperator: (flow) => isRunning(flow) && flow.crew.length > 0,
  changeProvider: (flow) => isRunning(flow) && flow.provider !== null,
  dispatch: (flow) =>
    flow.status === 'executing' &&
    ['assign_provider', 'dispatch_order', 'claim_order'].some((type) => type === typeOf(flow)),
  close: (flow) => isRunning(flow),
};

export const isRunning = ({ status }: Flow): boolean => status === 'executing' || status === 'paused';

/** What a viewer may do to the project itself now. */
export function allowedProjectActions(flow: Flow, viewer: FlowActor): ProjectAction[] {
  return (Object.keys(OPEN_TO) as ProjectAction[]).filter(
    (action) => mayDo(flow, action, viewer) && OPEN_TO[action](flow),
  );
}

/**
 * Says whether a template's posting rule lets somebody of the provider write now (domain.md, section 2). It holds for messages, notes and files
 * on the provider's side, and for nobody else.
 */
export function mayPost(flow: Flow, viewer: FlowActor): boolean {
  if (viewer.side !== 'provider' || flow.template.posting === 'any-staff') return true;
  const node = currentNode(flow);
  if (node?.side !== 'provider') return false;
  if (node.role === undefined || node.role === 'provider_admin') return isAdminOf(viewer, flow.provider?.org);
  return flow.crew.some(({ role, userId }) => role === node.role && userId === viewer.id);
}
