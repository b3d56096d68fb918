import type { ErrorCode } from '../../contract/errors.ts';
import type { Fault, FlowActor } from '../flow/flow.ts';
import { engagementOf, type Opportunity, type OpportunityRefusal, type Proposal } from './opportunity.ts';
import { statusFor } from './status-for.ts';

/** What everybody is told of a demand that there is not, or that they may not know of: one wording, so that neither can be told from the other. */
export const unknownDemand: OpportunityRefusal = { ok: false, code: 'not_found', message: 'There is no such demand.' };

/** Refuses with the present state, as far as the one who is refused may know it. */
export function refuse(
  opportunity: Opportunity,
  viewer: FlowActor,
  code: ErrorCode,
  message: string,
  proposal?: Proposal,
): OpportunityRefusal {
  const own = viewer.side === 'provider' ? engagementOf(opportunity, viewer.org) : undefined;
  return {
    ok: false,
    code,
    message,
    details: {
      status: statusFor(opportunity, viewer),
      ...(own === undefined ? {} : { engagement: own.status }),
      ...(proposal === undefined ? {} : { proposal: proposal.status }),
    },
  };
}

export const refuseContent = (message: string, faults: readonly Fault[]): OpportunityRefusal => ({
  ok: false,
  code: 'invalid',
  message,
  details: faults,
});

/** Says what became of a demand that is over, to those who may know. */
export const OVER: Readonly<Record<'won' | 'revoked' | 'closed', string>> = {
  won: 'This demand is a deal already.',
  revoked: 'The buyer has revoked this demand.',
  closed: 'The platform has closed this demand.',
};
