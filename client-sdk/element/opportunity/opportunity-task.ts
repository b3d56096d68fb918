import { REMARK_MAX, TEXT_MAX } from '../../../shared/contract/limits.ts';
import type {
  Opportunity,
  OpportunityAction,
  RecordStage,
  RejectReason,
  TerminateReason,
} from '../../../shared/contract/opportunities.ts';
import type { LiveOpportunity } from '../../index.ts';
import type { ActDraft, Field } from '../flow/act-form.ts';
import { type Option, optionsOf } from '../flow/fields.ts';
import type { Words } from '../language/words.ts';

/** Something that the reader has begun to do to a demand, and what a dialog asks for. */
export type TaskAction = Exclude<OpportunityAction, 'grab' | 'propose'>;
export interface OpportunityTask {
  readonly action: TaskAction;
  /** Of a withdrawal. */
  readonly proposalId?: string;
}

/** The same task has the same key: what was filled in for it is kept under that. */
export const keyOf = (opportunityId: string, { action, proposalId = '' }: OpportunityTask): string =>
  JSON.stringify([opportunityId, action, proposalId]);

/** True for what cannot be taken back, and ends something. */
export const isEnding = ({ action }: OpportunityTask): boolean =>
  action === 'reject' || action === 'terminate' || action === 'revoke' || action === 'close' || action === 'withdraw';

/** Says whether a task is still the reader's to do, as the demand stands now. */
export const isStillAllowed = ({ action }: OpportunityTask, { actions }: Opportunity): boolean =>
  actions.includes(action);

const field = (name: string, type: Field['type'], required = true): Field => ({ name, type, required });
const REMARK = field('remark', 'text', false);

const FIELDS: Readonly<Record<TaskAction, readonly Field[]>> = {
  assign: [field('org', 'choice')],
  accept: [field('phone', 'phone', false)],
  reject: [field('reason', 'select'), REMARK],
  record: [field('connected', 'radio'), field('stage', 'select'), field('text', 'text')],
  withdraw: [REMARK],
  terminate: [field('reason', 'select'), REMARK],
  revoke: [REMARK],
  close: [field('reason', 'text')],
};

/** What a task asks for, in order. */
export const fieldsOf = ({ action }: OpportunityTask): readonly Field[] => FIELDS[action];

/** What can be chosen in a field of a task. */
export function optionsFor({ action }: OpportunityTask, { name }: Field, { opportunity }: Words): Option[] {
  if (name === 'connected') return optionsOf({ yes: opportunity.yes, no: opportunity.no });
  if (name === 'stage') return optionsOf(opportunity.stages);
  if (name !== 'reason') return [];
  return optionsOf(action === 'terminate' ? opportunity.terminateReasons : opportunity.rejectReasons);
}

/** What can be seen not to fit before anything is sent. */
export function checkTask(task: OpportunityTask, draft: ActDraft): readonly { path: string; reason: string }[] {
  return fieldsOf(task).flatMap(({ name, type, required }) => {
    const given = draft.value(name).trim();
    if (required && given === '') return [{ path: name, reason: 'is required' }];
    const most = task.action === 'record' ? TEXT_MAX : REMARK_MAX;
    if (type === 'text' && given.length > most)
      return [{ path: name, reason: `must be at most ${most} characters long` }];
    return [];
  });
}

/** Sends what was filled in. @param clientId under which a record counts once, however often it is sent */
export async function perform(
  demand: LiveOpportunity,
  task: OpportunityTask,
  draft: ActDraft,
  clientId: string,
): Promise<void> {
  const said = (name: string): string => draft.value(name).trim();
  const remarked = said('remark') === '' ? {} : { remark: said('remark') };
  switch (task.action) {
    case 'assign':
      return done(demand.change('opportunity.assign', { org: said('org') }));
    case 'accept':
      return done(demand.change('opportunity.accept', said('phone') === '' ? {} : { phone: said('phone') }));
    case 'reject':
      // One of the catalogue: the select offers no other.
      return done(demand.change('opportunity.reject', { reason: said('reason') as RejectReason, ...remarked }));
    case 'terminate':
      return done(demand.change('opportunity.terminate', { reason: said('reason') as TerminateReason, ...remarked }));
    case 'revoke':
      return done(demand.change('opportunity.revoke', remarked));
    case 'close':
      return done(demand.change('opportunity.close', { reason: said('reason') }));
    case 'withdraw':
      return done(demand.withdraw({ proposalId: task.proposalId ?? '', ...remarked }));
    case 'record': {
      const stage = said('stage') as RecordStage;
      return done(demand.record({ clientId, connected: said('connected') === 'yes', stage, text: said('text') }));
    }
  }
}

async function done(sent: Promise<unknown>): Promise<void> {
  await sent;
}
