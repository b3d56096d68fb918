import type { CallEnd, CallReason } from '../../../shared/contract/calls.ts';

/** The two people of a call, as the room names them. */
export interface CallNames {
  from: string;
  to: string;
}

/** The words of masked calls, in English. */
export const enCall = {
  call: (name: string) => `Call ${name}`,
  inCall: 'There is a call between you two already.',
  explain: (name: string) =>
    `Your phone rings first, then ${name}'s, and the two are joined. Where you are to ring a number yourself, it is shown here. Neither of you learns the other's number.`,
  fromNumber: 'Ring me on this number this time',
  fromNumberHint: 'For this call only. It is not kept here, and nobody is shown it.',
  place: 'Call',
  running: 'Calls',
  with: (name: string) => `Call with ${name}`,
  between: ({ from, to }: CallNames) => `${from} calls ${to}`,
  /** What the reader is to do, or to wait for. */
  now: {
    placing: 'The call is being placed.',
    ringsYou: 'Your phone rings: pick it up.',
    rings: (name: string) => `The phone of ${name} rings.`,
    talking: 'Connected',
    asksYou: (name: string) => `${name} asks you for a call. Your phone rings once you agree.`,
    asksOperator: ({ from, to }: CallNames) => `${from} asks for a call with ${to}. It waits for an operator to agree.`,
    waitsFor: (name: string) => `Waits until ${name} agrees.`,
    waitsForOperator: 'Waits until an operator agrees.',
  },
  dial: 'Ring this number from your own phone to be joined:',
  dialUntil: (when: string) => `until ${when}`,
  approve: 'Agree',
  decline: 'Decline',
  cancel: 'End the call',
  callBack: 'Call back',
  /** What a line of the timeline says: who called, and what became of it. */
  called: ({ from, to }: CallNames) => `${from} called ${to}`,
  short: { waits: 'waits to be agreed to', placing: 'is being placed', rings: 'rings', talking: 'connected' },
  talked: (duration: string) => `talked for ${duration}`,
  ends: {
    completed: 'ended',
    busy: 'busy',
    no_answer: 'not answered',
    failed: 'failed',
    cancelled: 'ended before it began',
  } as Record<CallEnd, string>,
  reasons: {
    caller_busy: ({ from }) => `${from} was busy`,
    callee_busy: ({ to }) => `${to} was busy`,
    caller_no_answer: ({ from }) => `${from} did not pick up`,
    callee_no_answer: ({ to }) => `${to} did not pick up`,
    caller_unreachable: ({ from }) => `the phone of ${from} could not be reached`,
    callee_unreachable: ({ to }) => `the phone of ${to} could not be reached`,
    hung_up_early: () => 'somebody hung up before the two were joined',
    not_agreed: () => 'nobody agreed to it in time',
    declined: () => 'declined',
    by_caller: ({ from }) => `ended by ${from}`,
    by_callee: ({ to }) => `ended by ${to}`,
    by_operator: () => 'ended by an operator',
    number_gone: () => 'a number that it needs is not kept any more',
    number_not_served: () => 'a number of the two cannot be rung by the carrier',
    no_line_free: () => 'the carrier had no line free',
    carrier_refused: () => 'the carrier refused it',
    carrier_unavailable: () => 'the carrier could not be reached',
    unreported: () => 'the carrier has not told how',
  } as Record<CallReason, (names: CallNames) => string>,
  events: {
    'call.requested': (names) => `${names.from} calls ${names.to}`,
    'call.approved': ({ actor }) => `${actor} agreed to a call`,
    'call.ringing': () => 'A call rings',
    'call.connected': () => 'A call is connected',
    'call.ended': ({ end, duration }) => (duration === '' ? `A call: ${end}` : `A call: talked for ${duration}`),
  } as Record<string, (named: CallNames & { actor: string; end: string; duration: string }) => string>,
  refused: {
    quiet: (when: string) => `It is quiet hours: nobody is rung before ${when}.`,
    daily: (when: string) =>
      `You have placed as many calls today as one person may. The next one is possible from ${when} on.`,
    nobody: (name: string) => `${name} cannot be called here.`,
    noNumberOf: (name: string) => `No phone number of ${name} is known: they cannot be called.`,
    noOwnNumber: 'No phone number of yours is known: enter the one on which you are to be rung.',
    noKeptNumber: 'No phone number of yours is kept, and callers are rung at kept numbers only.',
    keptOnly: 'Leave this empty: callers are rung at the numbers that are kept of them.',
    talking: 'You two are connected already: the call ends when one of you hangs up.',
    over: 'This call is over.',
    late: 'The call cannot be placed any more: the room has changed.',
    unavailable: 'Calls cannot be placed at the moment.',
    notSure: 'The connection broke: the call may have been placed all the same. If your phone rings, it was.',
  },
};

export type CallWords = typeof enCall;
