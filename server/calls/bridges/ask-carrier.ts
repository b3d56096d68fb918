import { CallFailed, type Recording } from './call-bridge.ts';

export interface CarrierRequest {
  readonly carrier: string;
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface CarrierAnswer {
  readonly status: number;
  /** Undefined where it was no JSON. */
  readonly json: unknown;
}

/** No carrier's answer is longer. */
const ANSWER_MAX_BYTES = 64 * 1024;
/** With these nothing has reached the carrier. */
const NOT_REACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const CODE = /^[\w.-]{1,64}$/;

/** A carrier's code, where it is one: whatever else stands in its place may hold a number. */
export const codeOf = (value: unknown): string => {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && CODE.test(text) && !/\d{7}/.test(text) ? text : 'without a code';
};

/**
 * Asks a carrier once; no redirect is followed.
 * @throws {CallFailed} `carrier_unavailable` where nothing, or too much, is answered
 */
export async function askCarrier(request: CarrierRequest): Promise<CarrierAnswer> {
  const answer = await open(request);
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of answer.body ?? []) {
      size += chunk.byteLength;
      if (size > ANSWER_MAX_BYTES)
        throw new CallFailed('carrier_unavailable', `${request.carrier} answered too much`, false);
      chunks.push(chunk);
    }
    return { status: answer.status, json: parsed(Buffer.concat(chunks).toString()) };
  } catch (error) {
    throw failureOf(error, request.carrier);
  }
}

/** Opens what a carrier gives, for a reader who takes it as it comes. @throws {CallFailed} */
async function open({ carrier, url, method, headers, body, timeoutMs }: CarrierRequest): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    throw failureOf(error, carrier);
  }
}

const RECORDING_TIMEOUT_MS = 5 * 60_000;

/** Opens a recording. @throws {CallFailed} `carrier_unavailable` also while there is none yet */
export async function openRecording(request: Pick<CarrierRequest, 'carrier' | 'url' | 'headers'>): Promise<Recording> {
  const answer = await open({ ...request, method: 'GET', timeoutMs: RECORDING_TIMEOUT_MS });
  if (answer.ok && answer.body !== null)
    return { type: answer.headers.get('content-type') ?? 'audio/mpeg', bytes: answer.body };
  // Nobody reads it, and its connection would be held until its time is over.
  await answer.body?.cancel();
  throw new CallFailed('carrier_unavailable', `${request.carrier} answered ${answer.status} for a recording`);
}

/** The error itself is not passed on: it may hold the address, and with it what was asked. */
function failureOf(error: unknown, carrier: string): CallFailed {
  if (error instanceof CallFailed) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? codeOf(cause.code) : undefined;
  const what = error instanceof Error && error.name === 'TimeoutError' ? 'in time' : `(${code ?? 'broken off'})`;
  return new CallFailed('carrier_unavailable', `${carrier} did not answer ${what}`, NOT_REACHED.has(code ?? ''));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
