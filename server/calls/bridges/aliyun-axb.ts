import { z } from 'zod';
import { CALL_DIAL_MS, CALL_REPORT_MS } from '../../../shared/contract/limits.ts';
import type { CallOutcome, CarrierWord } from '../../../shared/model/call/call.ts';
import type { Clock } from '../../clock.ts';
import { ALIYUN_ANSWER, type AliyunRecord, fetchRecording, isAliyunFile, readPush } from './aliyun-callback.ts';
import { type AliyunAccess, AliyunApi, mainlandNumber } from './aliyun-api.ts';
import type { AxbLines } from './axb-lines.ts';
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

export interface AliyunAxbSettings extends AliyunAccess {
  readonly poolKey: string;
  /** The pool's privacy numbers, with their country calling codes. */
  readonly numbers: readonly string[];
  /** In the addresses that are entered in its console; several while one is replaced. */
  readonly callbackKeys: readonly string[];
  readonly record: boolean;
  readonly endpoint?: string;
}

const ENDPOINT = 'https://dyplsapi.aliyuncs.com';
const VERSION = '2017-05-25';
const CHINA_MS = 8 * 3_600_000;

/** Causes of release (Q.850) of what was not answered. */
const CAUSES: ReadonlyMap<string, CallOutcome> = new Map<string, CallOutcome>([
  ['1', { state: 'failed', reason: 'callee_unreachable' }],
  ['2', { state: 'failed', reason: 'callee_unreachable' }],
  ['3', { state: 'failed', reason: 'callee_unreachable' }],
  ['17', { state: 'busy', reason: 'callee_busy' }],
  ['18', { state: 'no_answer', reason: 'callee_no_answer' }],
  ['19', { state: 'no_answer', reason: 'callee_no_answer' }],
  ['20', { state: 'failed', reason: 'callee_unreachable' }],
  ['21', { state: 'no_answer', reason: 'declined' }],
  ['22', { state: 'failed', reason: 'callee_unreachable' }],
  ['27', { state: 'failed', reason: 'callee_unreachable' }],
  ['28', { state: 'failed', reason: 'callee_unreachable' }],
]);
/** The call was held back: there is no binding, or it is not one that may be used so. */
const INTERCEPTED = '4';
const CALLER_RELEASED = '1';

const bindingName = z.union([z.string().min(1).max(200), z.number()]).transform(String);
const boundShape = z.object({ SecretBindDTO: z.object({ SubsId: bindingName }) });

/** `yyyy-MM-dd HH:mm:ss` of the clocks in China. */
const chinaTime = (at: number): string => new Date(at + CHINA_MS).toISOString().slice(0, 19).replace('T', ' ');

/**
 * Alibaba Cloud's AXB privacy numbers: the two phones are bound to a number of the pool, which the caller rings and is joined with the callee. Both see
 * that number. It is bound for this call alone, and the callee cannot ring it; how long they talk the carrier cannot be told.
 */
export class AliyunAxbBridge implements CallBridge {
  readonly name = 'aliyun-axb';
  readonly callerDials = true;
  /** By its number too, as long as it is held. */
  readonly endsByName = false;
  readonly #settings: AliyunAxbSettings;
  readonly #lines: AxbLines;
  readonly #wall: Pick<Clock, 'now'>;
  readonly #api: AliyunApi;
  readonly #isRecording: (url: URL) => boolean;

  /** @param parts.isRecording which addresses recordings are fetched from */
  constructor(
    settings: AliyunAxbSettings,
    parts: { lines: AxbLines; wall: Pick<Clock, 'now'>; timeoutMs?: number; isRecording?: (url: URL) => boolean },
  ) {
    const { lines, wall, isRecording = isAliyunFile, ...rest } = parts;
    this.#settings = settings;
    this.#lines = lines;
    this.#wall = wall;
    this.#isRecording = isRecording;
    this.#api = new AliyunApi({ endpoint: ENDPOINT, ...settings, ...rest, wall, version: VERSION });
  }

  async place(call: CallToPlace): Promise<Placed> {
    const { poolKey, record } = this.#settings;
    const [caller, callee] = [mainlandNumber(call.caller), mainlandNumber(call.callee)];
    const now = this.#wall.now();
    // Held and bound until the same instant: a number comes free when the carrier has dropped it, whatever happens in between.
    const until = now + CALL_DIAL_MS + call.maxSeconds * 1000 + CALL_REPORT_MS;
    const number = await this.#lines.hold(call, until);
    try {
      const answer = await this.#api.ask('BindAxb', {
        PoolKey: poolKey,
        PhoneNoA: caller,
        PhoneNoB: callee,
        PhoneNoX: mainlandNumber(number),
        Expiration: chinaTime(until),
        OutId: call.callId,
        CallRestrict: 'CONTROL_BX_DISABLE',
        IsRecordingEnabled: String(record),
      });
      const { data } = boundShape.safeParse(answer);
      if (data === undefined) throw new CallFailed('carrier_unavailable', 'Alibaba Cloud named no binding', false);
      const subsId = data.SecretBindDTO.SubsId;
      await this.#lines.bound(call.callId, subsId);
      return { carrierId: subsId, dial: { number, until: now + CALL_DIAL_MS } };
    } catch (error) {
      if (error instanceof CallFailed && error.certain) await this.#lines.release(call.callId);
      throw error;
    }
  }

  async cancel(callId: string, carrierId: string | undefined): Promise<void> {
    const held = await this.#lines.of(callId);
    const subsId = held?.subsId ?? carrierId;
    // Without its name a binding cannot be ended: its number comes free when it runs out.
    if (held === undefined || subsId === undefined) return;
    try {
      await this.#api.ask('UnbindSubscription', {
        PoolKey: this.#settings.poolKey,
        SubsId: subsId,
        SecretNo: mainlandNumber(held.number),
      });
    } catch (error) {
      // With which code it refuses to end what has ended is not published: as long as the binding may be there, its number is not given away.
      if ((await this.#lines.of(callId)) === undefined) return;
      throw error;
    }
    await this.#lines.release(callId);
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

/**
 * `SecretReport`, which comes last, tells the release; `SecretPickUpReport` the answer; `SecretRingReport` the ringing; `SecretStartReport` that the
 * caller has rung. All of them name the phones, which is not looked at.
 */
function eventsOf(record: AliyunRecord): BridgeEvent[] {
  const callId = record.get('out_id');
  if (!isCallId(callId)) return [];
  const { data: carrierId } = bindingName.safeParse(record.get('sub_id'));
  const call = { callId, ...(carrierId === undefined ? {} : { carrierId }) };
  if (!record.has('release_time')) {
    // What tells of a recording alone names no phone; where it lies, the report of the release tells.
    if (!record.has('phone_no') || record.get('call_type') === INTERCEPTED) return [];
    const word: CarrierWord = record.has('start_time') ? { type: 'connected' } : { type: 'ringing', leg: 'callee' };
    return [{ ...call, word }];
  }
  const recording = record.get('record_url') ?? '';
  return [
    { ...call, word: { type: 'ended', ...outcomeOf(record) } },
    ...(recording === '' ? [] : [{ ...call, recording }]),
  ];
}

function outcomeOf(record: AliyunRecord): CallOutcome {
  if (record.get('call_type') === INTERCEPTED) return { state: 'failed', reason: 'carrier_refused' };
  const durationMs = instant(record.get('release_time')) - instant(record.get('start_time'));
  if (durationMs > 0) return { state: 'completed', durationMs };
  const outcome = CAUSES.get(record.get('release_cause') ?? '');
  if (outcome !== undefined) return outcome;
  return record.get('release_dir') === CALLER_RELEASED
    ? { state: 'cancelled', reason: 'hung_up_early' }
    : { state: 'no_answer', reason: 'callee_no_answer' };
}

/** In whatever zone: only differences are of use. NaN for what is no time. */
const instant = (time: string | undefined): number => Date.parse(`${(time ?? '').replace(' ', 'T')}Z`);
