import { z } from 'zod';
import type { CallOutcome, CarrierWord } from '../../../shared/model/call/call.ts';
import type { Clock } from '../../clock.ts';
import {
  ALIYUN_ANSWER,
  type AliyunRecord,
  fetchRecording,
  isAliyunFile,
  readPush,
  secondsOf,
} from './aliyun-callback.ts';
import { type AliyunAccess, AliyunApi, mainlandNumber } from './aliyun-api.ts';
import {
  type BridgeEvent,
  type CallBridge,
  type CallbackRead,
  type CallbackRequest,
  CallFailed,
  type CallToPlace,
  isCallId,
  type Placed,
  type Recording,
} from './call-bridge.ts';

export interface AliyunClickSettings extends AliyunAccess {
  /** Numbers bought there, which the two sides see: the caller, and the callee. */
  readonly callerShows: string;
  readonly calleeShows: string;
  /** In the addresses that are entered in its console; several while one is replaced. */
  readonly callbackKeys: readonly string[];
  readonly record: boolean;
  readonly endpoint?: string;
}

const ENDPOINT = 'https://dyvmsapi.aliyuncs.com';
const VERSION = '2017-05-25';

/** Its status codes of a double call, as far as they end one. */
const ENDS: ReadonlyMap<string, CallOutcome> = new Map<string, CallOutcome>([
  ['200002', { state: 'busy', reason: 'caller_busy' }],
  ['200003', { state: 'no_answer', reason: 'caller_no_answer' }],
  ['200004', { state: 'failed', reason: 'caller_unreachable' }],
  ['200005', { state: 'failed', reason: 'callee_unreachable' }],
  ['200007', { state: 'failed', reason: 'caller_unreachable' }],
  ['200010', { state: 'failed', reason: 'caller_unreachable' }],
  ['200011', { state: 'failed', reason: 'caller_unreachable' }],
  ['200111', { state: 'failed', reason: 'callee_unreachable' }],
  ['200112', { state: 'busy', reason: 'callee_busy' }],
  ['200113', { state: 'no_answer', reason: 'callee_no_answer' }],
  ['200116', { state: 'failed', reason: 'callee_unreachable' }],
  ['200120', { state: 'failed', reason: 'callee_unreachable' }],
]);

/** And as far as they tell that it goes on. That it has ended (200100) is heard from the report, which tells how long it was. */
const PROGRESS: ReadonlyMap<string, CarrierWord> = new Map<string, CarrierWord>([
  ['200101', { type: 'ringing', leg: 'caller' }],
  ['200102', { type: 'ringing', leg: 'callee' }],
  ['200103', { type: 'connected' }],
]);

const callName = z.string().min(1).max(200);
const placedShape = z.object({ CallId: callName });

/** Alibaba Cloud's double call (`ClickToDial`): it rings the caller, then the callee, and both see numbers that were bought there. */
export class AliyunClickBridge implements CallBridge {
  readonly name = 'aliyun-click';
  readonly callerDials = false;
  readonly endsByName = true;
  readonly #settings: AliyunClickSettings;
  readonly #api: AliyunApi;
  readonly #isRecording: (url: URL) => boolean;

  /** @param parts.isRecording which addresses recordings are fetched from */
  constructor(
    settings: AliyunClickSettings,
    parts: { wall: Pick<Clock, 'now'>; timeoutMs?: number; isRecording?: (url: URL) => boolean },
  ) {
    const { isRecording = isAliyunFile, ...rest } = parts;
    this.#settings = settings;
    this.#isRecording = isRecording;
    this.#api = new AliyunApi({ endpoint: ENDPOINT, ...settings, ...rest, version: VERSION });
  }

  async place({ callId, caller, callee, maxSeconds }: CallToPlace): Promise<Placed> {
    const { callerShows, calleeShows, record } = this.#settings;
    const answer = await this.#api.ask('ClickToDial', {
      CallerShowNumber: callerShows,
      CallerNumber: mainlandNumber(caller),
      CalledShowNumber: calleeShows,
      CalledNumber: mainlandNumber(callee),
      OutId: callId,
      SessionTimeout: String(maxSeconds),
      RecordFlag: String(record),
    });
    const { data } = placedShape.safeParse(answer);
    if (data === undefined) throw new CallFailed('carrier_unavailable', 'Alibaba Cloud named no call', false);
    return { carrierId: data.CallId };
  }

  async cancel(_callId: string, carrierId: string | undefined, told = false): Promise<void> {
    if (carrierId === undefined) return;
    try {
      await this.#api.ask('CancelCall', { CallId: carrierId });
    } catch (error) {
      // With which code it refuses to end what has ended is not published: that it has, its report alone shows.
      if (!told || !(error instanceof CallFailed) || error.reason !== 'carrier_refused') throw error;
    }
  }

  read(request: CallbackRequest): CallbackRead {
    const events = readPush(request, this.#settings.callbackKeys).flatMap(eventsOf);
    return { events, answer: ALIYUN_ANSWER };
  }

  recording(reference: string): Promise<Recording> {
    return fetchRecording(reference, this.#isRecording);
  }

  stop(): void {}
}

/** `VoiceRecordReport` has a file, `VoiceReport`, which comes last, a duration; what else comes is a `VoiceCallReport`. */
function eventsOf(record: AliyunRecord): BridgeEvent[] {
  const callId = record.get('out_id');
  if (!isCallId(callId)) return [];
  const { data: carrierId } = callName.safeParse(record.get('call_id'));
  const call = { callId, ...(carrierId === undefined ? {} : { carrierId }) };
  const file = record.get('record_file');
  if (file !== undefined) return file === '' ? [] : [{ ...call, recording: file }];
  const code = record.get('status_code') ?? '';
  if (record.has('duration')) return [{ ...call, word: { type: 'ended', ...outcomeOf(record, code) } }];
  const word = PROGRESS.get(code);
  if (word !== undefined) return [{ ...call, word }];
  return carrierId === undefined ? [] : [{ callId, carrierId }];
}

function outcomeOf(record: AliyunRecord, code: string): CallOutcome {
  if (code !== '200100') return ENDS.get(code) ?? { state: 'failed', reason: 'carrier_refused' };
  // The callee's leg is as long as the two talked.
  const durationMs = secondsOf(record.get('b_duration')) ?? secondsOf(record.get('duration'));
  if (durationMs === 0) return { state: 'no_answer', reason: 'hung_up_early' };
  return { state: 'completed', ...(durationMs === undefined ? {} : { durationMs }) };
}
