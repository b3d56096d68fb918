import type { CallParty } from '../../contract/calls.ts';
import type { OpportunityCourse } from './course.ts';
import { laneOf, notesOf } from './streams.ts';

/** The buyer and a provider were joined in a call, in the provider's lane. */
export interface RecordCall {
  readonly type: 'record_call';
  /** Of the call. */
  readonly stream: string;
  readonly call: {
    readonly callId: string;
    readonly from: CallParty;
    readonly to: CallParty;
    /** When it was asked for, ISO 8601. */
    readonly at: string;
  };
}

/**
 * Keeps the call as a communication record of the engagement in which it was asked for; while that follows, it renews its window like every record. The same
 * call again changes nothing.
 */
export function recordCall(course: OpportunityCourse, { stream, call: { callId, from, to, at } }: RecordCall): void {
  const engagement = course.opportunity.engagements.findLast(
    ({ provider, at: began }) => laneOf(provider.org) === stream && Date.parse(began) <= Date.parse(at),
  );
  if (engagement === undefined || engagement.records.includes(callId)) return;
  const { id: engagementId, provider } = engagement;
  course.add(notesOf(provider.org), { event: 'record.called', engagementId, callId, from, to });
}
