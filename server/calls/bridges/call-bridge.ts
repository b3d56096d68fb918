import type { IncomingHttpHeaders } from 'node:http';
import type { CallReason } from '../../../shared/contract/calls.ts';
import type { CarrierWord } from '../../../shared/model/call/call.ts';
import type { PhoneNumber } from '../../numbers/phone-number.ts';

export const BRIDGES = ['simulator', 'aliyun-click', 'aliyun-axb', 'twilio'] as const;
export type BridgeName = (typeof BRIDGES)[number];

export interface CallToPlace {
  /** At most `CALL_ID_BYTES` letters and digits: the carrier takes it along and gives it back. */
  readonly callId: string;
  readonly caller: PhoneNumber;
  readonly callee: PhoneNumber;
  /** For so long they talk at most, where the carrier can be told. */
  readonly maxSeconds: number;
}

export interface Placed {
  /** What the carrier calls it; `cancel` is given it. */
  readonly carrierId: string;
  /** What the caller is to ring from their own phone, and until when; only of a bridge whose `callerDials`. */
  readonly dial?: { readonly number: PhoneNumber; readonly until: number };
}

/** What is heard of a call: a word for its machine, where its recording can be fetched, or no more than what the carrier calls it. */
export type BridgeEvent = {
  readonly callId: string;
  /** What the carrier calls it, as `place` gives it, where it says so: whoever placed it may not have learnt it. */
  readonly carrierId?: string;
} & ({ readonly word: CarrierWord } | { readonly recording: string } | { readonly carrierId: string });

/** A carrier's request, as it came. */
export interface CallbackRequest {
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface CallbackRead {
  readonly events: readonly BridgeEvent[];
  /** What the carrier wants to hear, with status 200. */
  readonly answer: { readonly type: string; readonly body: string };
}

export interface Recording {
  readonly type: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** What joins two phones. None of its errors, and nothing else that it gives back but `dial`, holds a number. */
export interface CallBridge {
  readonly name: BridgeName;
  /** Nobody is rung before the caller has rung the number that `place` gives. */
  readonly callerDials: boolean;
  /** A call can be ended by the name alone that its carrier gave it. */
  readonly endsByName: boolean;

  /**
   * Hands a call to the carrier, once: it is never tried again, since somebody's phone would ring twice.
   * @throws {CallFailed}
   */
  place(call: CallToPlace): Promise<Placed>;

  /**
   * Ends a call whatever it does, and gives back what the carrier holds for it: also to be called when it is over. Nothing happens to one that is
   * not there any more.
   * @param told whether the carrier has told that it is over: then it may refuse to end it
   * @throws {CallFailed} also where the carrier refuses, and has not told that the call is over: a phone may ring still
   */
  cancel(callId: string, carrierId: string | undefined, told?: boolean): Promise<void>;

  /**
   * Reads what a carrier tells. It may be told twice, late, and in another order; of calls that this service does not know too.
   * @throws {CallbackRefused} where it is not shown that the carrier sent it
   */
  read(request: CallbackRequest): CallbackRead;

  /**
   * Fetches a recording that an event named, before the carrier drops it. Carriers need some minutes to have it ready.
   * @throws {CallFailed}
   */
  recording(reference: string): Promise<Recording>;

  /** Lets go of timers. Calls go on at their carrier. */
  stop(): void;
}

/** A carrier that does not do what it is asked. Names the carrier and its code, never what it was asked with, nor its own words: they repeat numbers. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly reason: CallReason;
  /** False where it may have been done all the same: a phone may ring. */
  readonly certain: boolean;

  constructor(reason: CallReason, message: string, certain = true) {
    super(message);
    this.reason = reason;
    this.certain = certain;
  }
}

/** A callback that is answered with an error: it was not shown to be the carrier's (403), or is not what the carrier sends (400). */
export class CallbackRefused extends Error {
  override readonly name = 'CallbackRefused';
  readonly status: 400 | 403;

  constructor(status: 400 | 403, message: string) {
    super(message);
    this.status = status;
  }
}

const CALL_ID = /^\w{1,15}$/;

/** Says whether what a carrier gives back can be an id that this service gave it. */
export const isCallId = (text: string | null | undefined): text is string =>
  typeof text === 'string' && CALL_ID.test(text);
