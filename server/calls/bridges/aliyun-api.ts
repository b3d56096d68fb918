import { createHash, createHmac, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { PhoneNumber } from '../../numbers/phone-number.ts';
import { askCarrier, codeOf } from './ask-carrier.ts';
import { CallFailed } from './call-bridge.ts';

export interface AliyunAccess {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

export interface AliyunApiParts extends AliyunAccess {
  /** `https://dyvmsapi.aliyuncs.com` or another product's. */
  readonly endpoint: string;
  /** The product's API version. */
  readonly version: string;
  /** The real time: requests carry it. */
  readonly wall: Pick<Clock, 'now'>;
  readonly timeoutMs?: number;
}

const CARRIER = 'Alibaba Cloud';
const TIMEOUT_MS = 10_000;
const ALGORITHM = 'ACS3-HMAC-SHA256';

const answerShape = z.looseObject({ Code: z.unknown() });
export type AliyunAnswer = z.infer<typeof answerShape>;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** RFC 3986: what `encodeURIComponent` leaves, Alibaba Cloud wants encoded. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

export const queryOf = (params: Readonly<Record<string, string>>): string =>
  Object.keys(params)
    .toSorted()
    .map((name) => `${encoded(name)}=${encoded(params[name] ?? '')}`)
    .join('&');

/** The `authorization` of a request without a body, by the published signature method V3. @param headers all that are signed, in lower case */
export function authorizationOf(
  { accessKeyId, accessKeySecret }: AliyunAccess,
  request: { method: string; query: string; headers: Readonly<Record<string, string>> },
): string {
  const names = Object.keys(request.headers).toSorted();
  const canonical = [
    request.method,
    '/',
    request.query,
    ...names.map((name) => `${name}:${(request.headers[name] ?? '').trim()}`),
    '',
    names.join(';'),
    sha256(''),
  ].join('\n');
  const signature = createHmac('sha256', accessKeySecret)
    .update(`${ALGORITHM}\n${sha256(canonical)}`)
    .digest('hex');
  return `${ALGORITHM} Credential=${accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
}

/**
 * Alibaba Cloud's OpenAPI in its RPC style. A client of our own: the two products' SDKs are not on the npm registry that we install from, and of what
 * there is, the generic one brings credential providers, XML and an HTTP client of its own for what is one signature.
 */
export class AliyunApi {
  readonly #parts: AliyunApiParts;

  constructor(parts: AliyunApiParts) {
    this.#parts = parts;
  }

  /**
   * Asks for one action, once.
   * @returns the answer, whose code is `OK`
   * @throws {CallFailed}
   */
  async ask(action: string, params: Readonly<Record<string, string>>): Promise<AliyunAnswer> {
    const { endpoint, version, wall, timeoutMs = TIMEOUT_MS } = this.#parts;
    const url = new URL(endpoint);
    const query = queryOf(params);
    const headers = {
      host: url.host,
      'x-acs-action': action,
      'x-acs-content-sha256': sha256(''),
      'x-acs-date': new Date(wall.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      'x-acs-signature-nonce': randomUUID(),
      'x-acs-version': version,
    };
    const authorization = authorizationOf(this.#parts, { method: 'POST', query, headers });
    url.search = query;
    // The client writes it by itself.
    const { host: _host, ...sent } = headers;
    const { status, json } = await askCarrier({
      carrier: CARRIER,
      url,
      method: 'POST',
      headers: { ...sent, authorization, accept: 'application/json' },
      timeoutMs,
    });
    const { data } = answerShape.safeParse(json);
    if (status === 200 && data?.Code === 'OK') return data;
    const code = codeOf(data?.Code);
    if (status >= 500 || data === undefined)
      throw new CallFailed('carrier_unavailable', `${CARRIER} answered ${action} with ${status} (${code})`, false);
    const reason = code.startsWith('Throttling') ? 'carrier_unavailable' : 'carrier_refused';
    throw new CallFailed(reason, `${CARRIER} refused ${action} (${code})`);
  }
}

/**
 * A number as both products take it: of mainland China, without its country calling code, a landline with its area code.
 * @throws {CallFailed} `number_not_served` for any other
 */
export function mainlandNumber(number: PhoneNumber): string {
  const [, national] = /^\+86(\d{5,})$/.exec(number.reveal()) ?? [];
  if (national === undefined)
    throw new CallFailed('number_not_served', `${CARRIER} rings numbers of mainland China alone`);
  return /^1\d{10}$/.test(national) ? national : `0${national}`;
}
