import type { BridgeName, CallbackRequest } from '../../server/calls/bridges/call-bridge.ts';
import type { StandIn } from '../../server/calls/bridges/open-bridge.ts';
import { ALIYUN_ACCESS, AliyunCarrier } from '../server/calls/carriers/aliyun-carrier.ts';
import {
  axbForgeries,
  axbPushes,
  CALLBACK_KEY,
  clickForgeries,
  clickPushes,
} from '../server/calls/carriers/aliyun-pushes.ts';
import type { CarrierServer } from '../server/calls/carriers/carrier-server.ts';
import { AXB_NUMBERS, BOUGHT, type Story } from '../server/calls/carriers/stories.ts';
import { type Addresses, twilioCallbacks, twilioForgeries } from '../server/calls/carriers/twilio-callbacks.ts';
import { TWILIO_ACCOUNT, TwilioCarrier } from '../server/calls/carriers/twilio-carrier.ts';

/** A carrier in front of a service: how the service is set for it, and what it does for a call that the service has placed with it. */
export interface CarrierStage {
  readonly env: Readonly<Record<string, string>>;
  readonly standIn: StandIn;
  readonly carrier: CarrierServer;
  /** What it calls back with for a call, in its order. */
  callbacks(callId: string, story: Story): CallbackRequest[];
  /** Requests that look like the carrier's, and are not. */
  forgeries(callId: string): CallbackRequest[];
  /** Says whether a call is still there at the carrier. */
  holds(callId: string): boolean;
  /** How often it was asked to join the phones of a call. */
  asked(callId: string): number;
}

/** Long enough that a request which is not waited for is seen to hang; a test that waits for it waits so long. In milliseconds. */
const TIMEOUT_MS = 3_000;
const CALLBACK_URL = 'https://rooms.example/callbacks/calls';
const ALIYUN_ENV = {
  ALIYUN_ACCESS_KEY_ID: ALIYUN_ACCESS.accessKeyId,
  ALIYUN_ACCESS_KEY_SECRET: ALIYUN_ACCESS.accessKeySecret,
  CALL_CALLBACK_KEYS: `an-older-key-that-is-replaced,${CALLBACK_KEY}`,
};

const standInOf = ({ origin }: CarrierServer): StandIn => ({ endpoint: origin, timeoutMs: TIMEOUT_MS });

/** What Alibaba Cloud has for a call, by the id that it was given to take along. */
function idIn(held: ReadonlyMap<string, URLSearchParams>, callId: string): string | undefined {
  for (const [id, params] of held) if (params.get('OutId') === callId) return id;
  return undefined;
}

const askedOf = ({ asked }: CarrierServer, action: string, callId: string): number =>
  asked.filter(({ headers, url }) => headers['x-acs-action'] === action && url.searchParams.get('OutId') === callId)
    .length;

async function clickStage(): Promise<CarrierStage> {
  const carrier = new AliyunCarrier(() => Date.now());
  await carrier.start();
  const known = (callId: string) => ({
    callId,
    carrierId: idIn(carrier.calls, callId) ?? '1160123^0',
    recording: `${carrier.origin}/recording.mp3`,
  });
  return {
    carrier,
    standIn: standInOf(carrier),
    env: {
      ...ALIYUN_ENV,
      CALL_BRIDGE: 'aliyun-click',
      ALIYUN_CALLER_SHOWS: BOUGHT.callerShows,
      ALIYUN_CALLEE_SHOWS: BOUGHT.calleeShows,
    },
    callbacks: (callId, story) => clickPushes(known(callId), story),
    forgeries: (callId) => clickForgeries(known(callId)),
    holds: (callId) => idIn(carrier.calls, callId) !== undefined,
    asked: (callId) => askedOf(carrier, 'ClickToDial', callId),
  };
}

async function axbStage(): Promise<CarrierStage & { carrier: AliyunCarrier }> {
  const carrier = new AliyunCarrier(() => Date.now());
  await carrier.start();
  const known = (callId: string) => ({
    callId,
    carrierId: idIn(carrier.bindings, callId) ?? '100000000000',
    recording: `${carrier.origin}/recording.mp3`,
  });
  return {
    carrier,
    standIn: standInOf(carrier),
    env: {
      ...ALIYUN_ENV,
      CALL_BRIDGE: 'aliyun-axb',
      ALIYUN_AXB_POOL: 'FC1',
      ALIYUN_AXB_NUMBERS: AXB_NUMBERS.join(','),
    },
    callbacks: (callId, story) => axbPushes(known(callId), story),
    forgeries: (callId) => axbForgeries(known(callId)),
    holds: (callId) => idIn(carrier.bindings, callId) !== undefined,
    asked: (callId) => askedOf(carrier, 'BindAxb', callId),
  };
}

async function twilioStage(): Promise<CarrierStage> {
  const carrier = new TwilioCarrier();
  await carrier.start();
  const callOf = (callId: string) =>
    [...carrier.calls.values()].find(({ caller }) => new URL(caller).searchParams.get('call') === callId);
  const addressOf = (callId: string, leg: string): string => `${CALLBACK_URL}?call=${callId}&leg=${leg}`;
  // Those that it was given; of a call that never reached it, those that it would have been given.
  const addresses = (callId: string): Addresses =>
    callOf(callId) ?? {
      sid: `CA${'0'.repeat(32)}`,
      caller: addressOf(callId, 'caller'),
      callee: addressOf(callId, 'callee'),
      recording: addressOf(callId, 'recording'),
    };
  return {
    carrier,
    standIn: standInOf(carrier),
    env: {
      CALL_BRIDGE: 'twilio',
      CALL_CALLBACK_URL: CALLBACK_URL,
      TWILIO_ACCOUNT_SID: TWILIO_ACCOUNT.accountSid,
      TWILIO_AUTH_TOKEN: TWILIO_ACCOUNT.authToken,
      TWILIO_NUMBER: BOUGHT.twilio,
    },
    callbacks: (callId, story) => twilioCallbacks(addresses(callId), story),
    forgeries: (callId) => twilioForgeries(addresses(callId)),
    holds: (callId) => callOf(callId)?.status === 'queued',
    asked: (callId) =>
      carrier.asked.filter(
        ({ url, body }) =>
          url.pathname.endsWith('/Calls.json') &&
          new URLSearchParams(body).get('StatusCallback') === addressOf(callId, 'caller'),
      ).length,
  };
}

/** The carriers, by the bridges to them. */
export const CARRIER_STAGES: Readonly<Record<Exclude<BridgeName, 'simulator'>, () => Promise<CarrierStage>>> = {
  'aliyun-click': clickStage,
  'aliyun-axb': axbStage,
  twilio: twilioStage,
};
