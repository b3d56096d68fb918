import type { Project } from '../../contract/projects.ts';
import type { Flow, FlowActor } from './flow.ts';
import { allowedActions, allowedProjectActions } from './permissions.ts';
import type { Language } from './template-steps.ts';

/** The part of a project on the wire that its flow decides. */
export type FlowView = Pick<
  Project,
  'status' | 'overdue' | 'queued' | 'run' | 'template' | 'nodes' | 'current' | 'paused' | 'actions' | 'projectActions'
>;

/** A flow as it travels to one viewer: its state, and what this viewer may do now. */
export function flowView(flow: Flow, viewer: FlowActor, now: number, language: Language = 'en'): FlowView {
  const { status, overdue, queued, run, template, current, paused } = flow;
  return {
    status,
    overdue,
    queued,
    run,
    template: { id: template.id, name: template.name },
    nodes: flow.nodes.map(({ remindAt: _at, reminded: _done, pauses: _pauses, files, due, ...node }) => ({
      ...node,
      files: files.map((file) => ({ ...file })),
      ...(due === undefined ? {} : { due: mutable(due) }),
    })),
    current,
    paused: paused === null ? null : { at: paused.at, ...(paused.left === undefined ? {} : { left: paused.left }) },
    actions: allowedActions(flow, viewer, now, language),
    projectActions: allowedProjectActions(flow, viewer),
  };
}

/** The contract's types are not readonly; what travels is a copy. */
function mutable({ provisional, because: { days, from, over, pauses } }: NonNullable<Flow['nodes'][number]['due']>) {
  return {
    provisional,
    because: {
      days,
      from,
      over: over.map((off) => ({ ...off })),
      ...(pauses === undefined ? {} : { pauses: pauses.map((pause) => ({ ...pause })) }),
    },
  };
}
