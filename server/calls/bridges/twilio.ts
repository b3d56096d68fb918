import { z } from 'zod';
import type { CarrierWord } from '../../../shared/model/call/call.ts';
import { askCarrier, type CarrierAnswer, codeOf, openRecording } from './ask-carrier.ts';
import {
  type BridgeEvent,
  type CallBridge,
  CallbackRefused,
  type CallbackRead,
  type CallbackRequest,
  CallFailed,
  type CallToPlace,
  isCallId,
  type Placed,
  type Recording,
} from './call-bridge.ts';
import { isTwilioSignature } from './twilio-signature.ts';

export interface TwilioSettings {
  readonly accountSid: string;
  readonly authToken: string;
  /** A number bought there, which both sides see, with its country calling code. */
  readonly number: string;
  /** Where its callbacks come in from outside, without a query. */
  readonly callbackUrl: string;
  readonly record: boolean;
  readonly endpoint?: string;
}

const CARRIER = 'Twilio';
const ENDPOINT = 'https://api.twilio.com';
const TIMEOUT_MS = 10_000;
/** For so long it lets a phone ring. */
const RING_SECONDS = '60';
const EVENTS = ['initiated', 'ringing', 'answered', 'completed'];
/** It has ended already. */
const NOT_IN_PROGRESS = 21_220;
const RECORDING = /^RE[0-9a-f]{32}$/i;

const CALL_SID = /^CA[0-9a-f]{32}$/i;

const placedShape = z.object({ sid: z.string().regex(CALL_SID) });
const refusedShape = z.object({ code: z.unknown() });

type Leg = 'caller' | 'callee' | 'recording';

/**
 * Twilio: its REST API rings the caller, and has the callee dialled when they answer. A client of our own: the official one (17 MB, with axios and
 * jsonwebtoken) would serve for three requests and one HMAC.
 */
export class TwilioBridge implements CallBridge {
  readonly name = 'twilio';
  readonly callerDials = false;
  readonly endsByName = true;
  readonly #settings: TwilioSettings;
  readonly #timeoutMs: number;

  constructor(settings: TwilioSettings, { timeoutMs = TIMEOUT_MS }: { timeoutMs?: number } = {}) {
    this.#settings = settings;
    this.#timeoutMs = timeoutMs;
  }

  async place({ callId, caller, callee, maxSeconds }: CallToPlace): Promise<Placed> {
    const { number } = this.#settings;
    const answer = await this.#post('Calls.json', [
      ['To', caller.reveal()],
      ['From', number],
      ['Twiml', this.#dialling(callId, callee.reveal(), maxSeconds)],
      ['Timeout', RING_SECONDS],
      ['TimeLimit', String(maxSeconds + Number(RING_SECONDS))],
      ['StatusCallback', this.#callback(callId, 'caller')],
      ['StatusCallbackMethod', 'POST'],
      ...EVENTS.map((event) => ['StatusCallbackEvent', event] as const),
    ]);
    if (answer.status !== 201) throw refusalOf(answer, 'a call');
    const { data } = placedShape.safeParse(answer.json);
    if (data === undefined) throw new CallFailed('carrier_unavailable', 'Twilio named no call', false);
    return { carrierId: data.sid };
  }

  async cancel(_callId: string, carrierId: string | undefined): Promise<void> {
    if (carrierId === undefined) return;
    const answer = await this.#post(`Calls/${encodeURIComponent(carrierId)}.json`, [['Status', 'completed']]);
    if (answer.status === 200 || answer.status === 404) return;
    const { code } = refusedShape.safeParse(answer.json).data ?? {};
    if (code !== NOT_IN_PROGRESS) throw refusalOf(answer, 'the end of a call');
  }

  read({ url, headers, body }: CallbackRequest): CallbackRead {
    const { callbackUrl, authToken } = this.#settings;
    const { search, searchParams } = new URL(url, 'http://callback');
    const params = new URLSearchParams(body.toString());
    const signature = headers['x-twilio-signature'];
    // Its signature covers the address that it was given, and with it the call's id.
    if (typeof signature !== 'string' || !isTwilioSignature(signature, authToken, `${callbackUrl}${search}`, params))
      throw new CallbackRefused(403, 'a callback without the signature of Twilio');
    const callId = searchParams.get('call');
    if (!isCallId(callId)) throw new CallbackRefused(400, 'a callback of no call');
    return { events: eventsOf(callId, searchParams.get('leg'), params), answer: { type: 'text/plain', body: '' } };
  }

  async recording(reference: string): Promise<Recording> {
    if (!RECORDING.test(reference)) throw new CallFailed('carrier_refused', 'not the name of a recording');
    return openRecording({
      carrier: CARRIER,
      url: this.#address(`Recordings/${reference}.mp3`),
      headers: this.#authorization,
    });
  }

  stop(): void {}

  get #authorization() {
    const { accountSid, authToken } = this.#settings;
    return { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}` };
  }

  #address(path: string): URL {
    const { endpoint = ENDPOINT, accountSid } = this.#settings;
    return new URL(`/2010-04-01/Accounts/${accountSid}/${path}`, endpoint);
  }

  #post(path: string, params: readonly (readonly [string, string])[]): Promise<CarrierAnswer> {
    const body = new URLSearchParams(params.map(([name, value]) => [name, value])).toString();
    return askCarrier({
      carrier: CARRIER,
      url: this.#address(path),
      method: 'POST',
      headers: { ...this.#authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body,
      timeoutMs: this.#timeoutMs,
    });
  }

  #callback(callId: string, leg: Leg): string {
    return `${this.#settings.callbackUrl}?call=${callId}&leg=${leg}`;
  }

  /** What happens when the caller has answered. */
  #dialling(callId: string, callee: string, maxSeconds: number): string {
    const { number, record } = this.#settings;
    const recorded = record
      ? ` record="record-from-answer-dual" recordingStatusCallback="${xml(this.#callback(callId, 'recording'))}"`
      : '';
    const told = `statusCallback="${xml(this.#callback(callId, 'callee'))}" statusCallbackMethod="POST" statusCallbackEvent="${EVENTS.join(' ')}"`;
    return `<Response><Dial callerId="${xml(number)}" timeout="${RING_SECONDS}" timeLimit="${maxSeconds}"${recorded}><Number ${told}>${xml(callee)}</Number></Dial></Response>`;
  }
}

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

function refusalOf({ status, json }: CarrierAnswer, what: string): CallFailed {
  const code = codeOf(refusedShape.safeParse(json).data?.code);
  if (status >= 500) return new CallFailed('carrier_unavailable', `Twilio answered ${status} (${code})`, false);
  return new CallFailed(status === 429 ? 'carrier_unavailable' : 'carrier_refused', `Twilio refused ${what} (${code})`);
}

function eventsOf(callId: string, leg: string | null, params: URLSearchParams): BridgeEvent[] {
  if (leg === 'recording') {
    const recording = params.get('RecordingSid') ?? '';
    const isThere = params.get('RecordingStatus') === 'completed' && RECORDING.test(recording);
    return isThere ? [{ callId, recording }] : [];
  }
  const status = params.get('CallStatus');
  const word =
    leg === 'caller' ? ofCaller(status) : leg === 'callee' ? ofCallee(status, params.get('CallDuration')) : undefined;
  // The leg of the callee is a call of its own there, which ends with that of the caller.
  const carrierId = params.get(leg === 'callee' ? 'ParentCallSid' : 'CallSid') ?? '';
  if (!CALL_SID.test(carrierId)) return word === undefined ? [] : [{ callId, word }];
  return [word === undefined ? { callId, carrierId } : { callId, carrierId, word }];
}

function ofCaller(status: string | null): CarrierWord | undefined {
  switch (status) {
    case 'ringing':
      return { type: 'ringing', leg: 'caller' };
    case 'in-progress':
      return { type: 'ringing', leg: 'callee' };
    case 'completed':
      return { type: 'over' };
    case 'busy':
      return { type: 'ended', state: 'busy', reason: 'caller_busy' };
    case 'no-answer':
      return { type: 'ended', state: 'no_answer', reason: 'caller_no_answer' };
    case 'failed':
      return { type: 'ended', state: 'failed', reason: 'caller_unreachable' };
    case 'canceled':
      return { type: 'ended', state: 'cancelled' };
    default:
      return undefined;
  }
}

function ofCallee(status: string | null, duration: string | null): CarrierWord | undefined {
  switch (status) {
    case 'ringing':
      return { type: 'ringing', leg: 'callee' };
    case 'in-progress':
      return { type: 'connected' };
    case 'completed': {
      const seconds = /^\d{1,6}$/.test(duration ?? '') ? { durationMs: Number(duration) * 1000 } : {};
      return { type: 'ended', state: 'completed', ...seconds };
    }
    case 'busy':
      return { type: 'ended', state: 'busy', reason: 'callee_busy' };
    case 'no-answer':
      return { type: 'ended', state: 'no_answer', reason: 'callee_no_answer' };
    case 'failed':
      return { type: 'ended', state: 'failed', reason: 'callee_unreachable' };
    case 'canceled':
      return { type: 'ended', state: 'cancelled', reason: 'hung_up_early' };
    default:
      return undefined;
  }
}
