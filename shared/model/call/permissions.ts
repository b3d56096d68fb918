import type { CallAction } from '../../contract/calls.ts';
import type { FlowActor } from '../flow/flow.ts';
import { type Call, isMissed, isOver } from './call.ts';

/** As much of a call as decides who may do what to it, and of whoever asks. */
type Standing = Pick<Call, 'from' | 'to' | 'state'> & { readonly awaits?: Call['awaits'] | undefined };
type Who = Pick<FlowActor, 'id' | 'side'>;

/** Which side of a call somebody is; an operator is neither. */
export function legOf({ from, to }: Pick<Call, 'from' | 'to'>, { id, side }: Who): 'caller' | 'callee' | null {
  const is = (party: Call['from']): boolean => party.userId === id && party.side === side;
  if (is(from)) return 'caller';
  return is(to) ? 'callee' : null;
}

/** Says whether a call waits for this person's word. */
export function isAsked(call: Standing, actor: Who): boolean {
  return call.awaits === 'operator'
    ? actor.side === 'operator'
    : call.awaits === 'callee' && legOf(call, actor) === 'callee';
}

/** Either of the two, and operators, who can act for any side. */
export const mayCancel = (call: Standing, actor: Who): boolean =>
  legOf(call, actor) !== null || actor.side === 'operator';

/** What somebody who reads a call's stream may do to it now. @param canWrite whether they may write there too: nobody is rung for who may not */
export function allowedCallActions(call: Standing, actor: Who, canWrite = true): CallAction[] {
  const actions: CallAction[] = [];
  if (canWrite && isAsked(call, actor)) actions.push('approve');
  if (!isOver(call) && call.state !== 'connected' && mayCancel(call, actor)) actions.push('cancel');
  if (canWrite && isMissed(call) && legOf(call, actor) !== null) actions.push('call_back');
  return actions;
}
