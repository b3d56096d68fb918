import { createHash, createHmac } from 'node:crypto';
import { CarrierServer, type CarrierAsked, type CarrierSays } from './carrier-server.ts';

export const ALIYUN_ACCESS = { accessKeyId: 'LTAIinvented', accessKeySecret: 'an-invented-secret' };

const SIGNED = [
  'host',
  'x-acs-action',
  'x-acs-content-sha256',
  'x-acs-date',
  'x-acs-signature-nonce',
  'x-acs-version',
] as const;
const CLOCK_SKEW_MS = 15 * 60_000;
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Alibaba Cloud's OpenAPI gateway with the actions of both products, and what it checks: signature, date, and that no nonce comes twice. */
export class AliyunCarrier extends CarrierServer {
  /** Bindings and calls that are there, with what they were made with. */
  readonly calls = new Map<string, URLSearchParams>();
  readonly bindings = new Map<string, URLSearchParams>();
  readonly #nonces = new Set<string>();
  readonly #now: () => number;
  #next = 1;

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  protected refusal(quoting: string): CarrierSays {
    return {
      status: 200,
      body: { Code: 'isv.NUMBER_ILLEGAL', Message: `illegal number in ${quoting}`, RequestId: 'R' },
    };
  }

  /** What a gateway answers to what is not signed rightly: undefined when it is. */
  faultOf({ method, url, headers, body }: CarrierAsked): string | undefined {
    const { accessKeyId, accessKeySecret } = ALIYUN_ACCESS;
    const [, key, names, signature] =
      /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
        headers.authorization ?? '',
      ) ?? [];
    if (key !== accessKeyId || names !== SIGNED.join(';')) return 'InvalidAccessKeyId.NotFound';
    if (headers['x-acs-content-sha256'] !== hash(body)) return 'SignatureDoesNotMatch';
    const canonical = `${method}\n${url.pathname}\n${url.search.slice(1)}\n${SIGNED.map((name) => `${name}:${String(headers[name])}\n`).join('')}\n${names}\n${hash(body)}`;
    const right = createHmac('sha256', accessKeySecret)
      .update(`ACS3-HMAC-SHA256\n${hash(canonical)}`)
      .digest('hex');
    if (signature !== right) return 'SignatureDoesNotMatch';
    const date = Date.parse(String(headers['x-acs-date']));
    if (!(Math.abs(this.#now() - date) <= CLOCK_SKEW_MS)) return 'InvalidTimeStamp.Expired';
    const nonce = String(headers['x-acs-signature-nonce']);
    if (this.#nonces.has(nonce)) return 'SignatureNonceUsed';
    this.#nonces.add(nonce);
    return undefined;
  }

  protected serve(asked: CarrierAsked): CarrierSays {
    if (asked.url.pathname === '/recording.mp3') return this.giveRecording();
    const fault = this.faultOf(asked);
    if (fault !== undefined) return { status: 400, body: { Code: fault, Message: asked.url.search } };
    this.asked.push(asked);
    const { searchParams: params } = asked.url;
    const action = asked.headers['x-acs-action'];
    if (asked.headers['x-acs-version'] !== '2017-05-25') return refuse('InvalidVersion');
    if (action === 'ClickToDial') return this.#clickToDial(params);
    if (action === 'CancelCall')
      return this.calls.delete(params.get('CallId') ?? '') ? ok({ Status: true }) : refuse('isv.CALL_OVER');
    if (action === 'BindAxb') return this.#bindAxb(params);
    if (action === 'UnbindSubscription') return this.#unbind(params);
    return refuse('InvalidAction.NotFound');
  }

  #clickToDial(params: URLSearchParams): CarrierSays {
    const numbers = ['CallerShowNumber', 'CallerNumber', 'CalledShowNumber', 'CalledNumber'].map((name) =>
      params.get(name),
    );
    if (!numbers.every((number) => /^0?\d{9,12}$/.test(number ?? ''))) return refuse('isv.NUMBER_ILLEGAL');
    if (Buffer.byteLength(params.get('OutId') ?? '') > 15) return refuse('isv.OUT_ID_TOO_LONG');
    const id = `1160123^${this.#next++}`;
    this.calls.set(id, params);
    return ok({ CallId: id });
  }

  /** As it is published: on one X each number may be bound once. */
  #bindAxb(params: URLSearchParams): CarrierSays {
    const expires = Date.parse(`${(params.get('Expiration') ?? '').replace(' ', 'T')}+08:00`);
    if (!(expires > this.#now() + 60_000)) return refuse('isv.EXPIRATION_ILLEGAL');
    const [a, b, x] = ['PhoneNoA', 'PhoneNoB', 'PhoneNoX'].map((name) => params.get(name) ?? '');
    if (a === b) return refuse('isv.SAME_NUMBER');
    for (const bound of this.bindings.values()) {
      const taken = [bound.get('PhoneNoA'), bound.get('PhoneNoB')];
      if (bound.get('PhoneNoX') === x && (taken.includes(a ?? '') || taken.includes(b ?? '')))
        return refuse('isv.BIND_CONFLICT');
    }
    const id = String(100_000_000_000 + this.#next++);
    this.bindings.set(id, params);
    return ok({ SecretBindDTO: { SubsId: id, SecretNo: x, Extension: '' } });
  }

  #unbind(params: URLSearchParams): CarrierSays {
    const id = params.get('SubsId') ?? '';
    if (this.bindings.get(id)?.get('PhoneNoX') !== params.get('SecretNo')) return refuse('isv.SUBS_NOT_EXIST');
    this.bindings.delete(id);
    return ok({ ChargeId: 'true' });
  }
}

const ok = (more: object): CarrierSays => ({
  status: 200,
  body: { Code: 'OK', Message: 'OK', RequestId: 'R', ...more },
});
const refuse = (Code: string): CarrierSays => ({ status: 200, body: { Code, Message: 'no', RequestId: 'R' } });
