import { createHmac } from 'node:crypto';
import { CarrierServer, type CarrierAsked, type CarrierSays } from './carrier-server.ts';

export const TWILIO_ACCOUNT = { accountSid: `AC${'0a'.repeat(16)}`, authToken: 'an-invented-auth-token' };
export const RECORDING_SID = `RE${'1b'.repeat(16)}`;

interface TwilioCall {
  sid: string;
  /** Where the events of the caller's leg are told, and those of the callee's. */
  caller: string;
  callee: string;
  recording: string | undefined;
  status: string;
}

const unescaped = (xml: string): string =>
  xml.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&lt;', '<');

/** Twilio's REST API, and what it checks: the account's credentials and the numbers' form. It signs what it calls back with. */
export class TwilioCarrier extends CarrierServer {
  readonly calls = new Map<string, TwilioCall>();

  protected refusal(quoting: string): CarrierSays {
    const message = `The phone number you are attempting to call is not valid: ${quoting}`;
    return {
      status: 400,
      body: { code: 21_217, message, more_info: 'https://www.twilio.com/docs/errors/21217', status: 400 },
    };
  }

  protected serve(asked: CarrierAsked): CarrierSays {
    const { accountSid, authToken } = TWILIO_ACCOUNT;
    const right = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
    if (asked.headers.authorization !== right) return { status: 401, body: { code: 20_003, message: 'Authenticate' } };
    this.asked.push(asked);
    const base = `/2010-04-01/Accounts/${accountSid}`;
    const { pathname } = asked.url;
    const params = new URLSearchParams(asked.body);
    if (pathname === `${base}/Recordings/${RECORDING_SID}.mp3`) return this.giveRecording();
    if (pathname === `${base}/Calls.json`) return this.#create(params);
    const [, sid = ''] = /\/Calls\/(\w+)\.json$/.exec(pathname) ?? [];
    const call = this.calls.get(sid);
    if (call === undefined) return { status: 404, body: { code: 20_404, message: 'not found' } };
    if (call.status === 'completed') return { status: 400, body: { code: 21_220, message: 'not in-progress' } };
    call.status = params.get('Status') ?? '';
    return { status: 200, body: { sid, status: call.status } };
  }

  #create(params: URLSearchParams): CarrierSays {
    const twiml = params.get('Twiml') ?? '';
    const attribute = (name: string): string | undefined => {
      const [, value] = new RegExp(` ${name}="([^"]*)"`).exec(twiml) ?? [];
      return value === undefined ? undefined : unescaped(value);
    };
    const [, callee = ''] = /<Number[^>]*>([^<]*)<\/Number><\/Dial><\/Response>$/.exec(twiml) ?? [];
    const numbers = [params.get('To'), params.get('From'), callee, attribute('callerId')];
    if (!numbers.every((number) => /^\+\d{7,15}$/.test(number ?? '')) || twiml.length > 4000)
      return { status: 400, body: { code: 21_211, message: `Invalid: ${numbers.join(' ')}` } };
    const sid = `CA${String(this.calls.size + 1).padStart(32, '0')}`;
    this.calls.set(sid, {
      sid,
      caller: params.get('StatusCallback') ?? '',
      callee: attribute('statusCallback') ?? '',
      recording: attribute('recordingStatusCallback'),
      status: 'queued',
    });
    return { status: 201, body: { sid, status: 'queued' } };
  }

  /** A callback as Twilio makes one: its signature covers the address and the form. */
  static callback(address: string, params: Readonly<Record<string, string>>, token = TWILIO_ACCOUNT.authToken) {
    const told = Object.keys(params)
      .toSorted()
      .map((name) => `${name}${params[name] ?? ''}`)
      .join('');
    const signature = createHmac('sha1', token)
      .update(address + told)
      .digest('base64');
    const { pathname, search } = new URL(address);
    return {
      url: pathname + search,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
      body: Buffer.from(new URLSearchParams(params).toString()),
    };
  }
}
