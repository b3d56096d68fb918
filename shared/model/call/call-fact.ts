import type { CallApproval, CallEnd, CallParty, CallReason } from '../../contract/calls.ts';
import type { CallBounds } from './call.ts';

/**
 * What happened to a call: the body of an entry of kind `call` in the call's stream. All facts of one call together are complete enough to fold it from.
 * `at` is the instant at which the service learned it, ISO 8601: carriers' clocks are not relied on.
 */
export type CallFact = { readonly callId: string; readonly at: string } & (
  | {
      readonly event: 'call.requested';
      readonly roomId: string;
      readonly stream: string;
      readonly from: CallParty;
      readonly to: CallParty;
      readonly bounds: CallBounds;
      readonly callerDials: boolean;
      readonly awaits?: Exclude<CallApproval, 'none'>;
    }
  | {
      readonly event: 'call.approved';
      /** How long it has to begin, where that is not what it was when it was asked for. */
      readonly beginMs?: number;
    }
  | { readonly event: 'call.ringing'; readonly leg: 'caller' | 'callee' }
  | { readonly event: 'call.connected' }
  | {
      readonly event: 'call.ended';
      readonly state: CallEnd;
      readonly reason?: CallReason;
      readonly durationMs?: number;
    }
);

const CALL_EVENTS: Readonly<Record<CallFact['event'], true>> = {
  'call.requested': true,
  'call.approved': true,
  'call.ringing': true,
  'call.connected': true,
  'call.ended': true,
};

/** Says whether an entry's body tells of a call. */
export function isCallFact(body: { readonly event: string }): body is CallFact {
  return Object.hasOwn(CALL_EVENTS, body.event);
}
