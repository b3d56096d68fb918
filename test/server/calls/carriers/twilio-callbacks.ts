import type { CallbackRequest } from '../../../../server/calls/bridges/call-bridge.ts';
import { BOUGHT, CALLER, type Story, TALK_MS } from './stories.ts';
import { RECORDING_SID, TWILIO_ACCOUNT, TwilioCarrier } from './twilio-carrier.ts';

/** Where a call's events are told, and what it is called there. */
export interface Addresses {
  readonly sid: string;
  readonly caller: string;
  readonly callee: string;
  readonly recording: string | undefined;
}

const ENDS = { talked: 'completed', callee_busy: 'busy', callee_no_answer: 'no-answer', callee_unreachable: 'failed' };

/** The callee's leg is a call of its own. */
const CALLEE_SID = `CA${'2c'.repeat(16)}`;

const leg = (CallStatus: string, CallDuration?: number) => ({
  AccountSid: TWILIO_ACCOUNT.accountSid,
  CallStatus,
  From: BOUGHT.twilio,
  To: CALLER,
  ...(CallDuration === undefined ? {} : { CallDuration: String(CallDuration) }),
});

/** What Twilio calls back with: of the caller's leg, of the callee's, and of the recording. */
export function twilioCallbacks({ sid, caller, callee, recording }: Addresses, story: Story): CallbackRequest[] {
  const talked = story === 'talked';
  const recorded = { CallSid: sid, RecordingSid: RECORDING_SID, RecordingStatus: 'completed' };
  const ofCaller = (...told: Parameters<typeof leg>) =>
    TwilioCarrier.callback(caller, { ...leg(...told), CallSid: sid });
  const ofCallee = (...told: Parameters<typeof leg>) =>
    TwilioCarrier.callback(callee, { ...leg(...told), CallSid: CALLEE_SID, ParentCallSid: sid });
  return [
    ...['initiated', 'ringing', 'in-progress'].map((status) => ofCaller(status)),
    ...['initiated', 'ringing', ...(talked ? ['in-progress'] : [])].map((status) => ofCallee(status)),
    ofCallee(ENDS[story], talked ? TALK_MS / 1000 : 0),
    ofCaller('completed', 40),
    ...(talked && recording !== undefined ? [TwilioCarrier.callback(recording, recorded)] : []),
  ];
}

export function twilioForgeries({ caller, callee }: Omit<Addresses, 'sid'>): CallbackRequest[] {
  const right = TwilioCarrier.callback(callee, leg('completed', 30));
  const { 'x-twilio-signature': _signature, ...unsigned } = right.headers;
  return [
    TwilioCarrier.callback(callee, leg('completed', 30), 'another token'),
    { ...right, headers: unsigned },
    { ...right, headers: { ...right.headers, 'x-twilio-signature': '' } },
    { ...right, body: Buffer.from(right.body.toString().replace('CallDuration=30', 'CallDuration=31')) },
    // Signed for one call, sent for another; for one leg, sent for the other.
    { ...right, url: right.url.replace(/call=\w+/, 'call=another') },
    { ...right, url: new URL(caller).pathname + new URL(caller).search },
  ];
}
