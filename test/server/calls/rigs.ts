import { AliyunAxbBridge } from '../../../server/calls/bridges/aliyun-axb.ts';
import { AliyunClickBridge } from '../../../server/calls/bridges/aliyun-click.ts';
import { AxbLines, axbLineModel } from '../../../server/calls/bridges/axb-lines.ts';
import type {
  BridgeEvent,
  CallBridge,
  CallbackRequest,
  CallToPlace,
  Placed,
} from '../../../server/calls/bridges/call-bridge.ts';
import { SimulatorBridge } from '../../../server/calls/bridges/simulator.ts';
import { TwilioBridge } from '../../../server/calls/bridges/twilio.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { NumbersBench } from '../numbers/numbers-bench.ts';
import { DEMO_VAULT_KEY } from '../../../server/app/settings.ts';
import { ALIYUN_ACCESS, AliyunCarrier } from './carriers/aliyun-carrier.ts';
import { axbForgeries, axbPushes, CALLBACK_KEY, clickForgeries, clickPushes } from './carriers/aliyun-pushes.ts';
import type { CarrierServer } from './carriers/carrier-server.ts';
import { AXB_NUMBERS, BOUGHT, type Story } from './carriers/stories.ts';
import { twilioCallbacks, twilioForgeries } from './carriers/twilio-callbacks.ts';
import { RECORDING_SID, TWILIO_ACCOUNT, TwilioCarrier } from './carriers/twilio-carrier.ts';

const CALLBACK_URL = 'https://rooms.example/callbacks/calls';

/** One bridge with its carrier: what the contract suite needs of each. */
export interface Rig {
  readonly bridge: CallBridge;
  /** Undefined of the simulator, which asks nobody. */
  readonly carrier: CarrierServer | undefined;
  /** What is told of a call, in its order: each time it is called, it is told (again). */
  told(call: CallToPlace, placed: Placed, story: Story): (() => readonly BridgeEvent[])[];
  /** Requests that look like the carrier's, and are not. */
  forgeries(call: CallToPlace, placed: Placed): CallbackRequest[];
  /** Says whether a call is still there at the carrier. */
  holds(placed: Placed): boolean;
  readonly recording: string;
  stop(): Promise<void>;
}

const wall = () => new ManualClock(Date.UTC(2026, 10, 20, 2));

/** Without a carrier: what it tells is gathered while its clock goes. */
function simulatorRig(): Promise<Rig> {
  const clock = wall();
  const heard: BridgeEvent[] = [];
  const bridge = new SimulatorBridge({ clock, tell: (event) => heard.push(event), record: true });
  return Promise.resolve({
    bridge,
    carrier: undefined,
    told({ callId }) {
      clock.advance(3_600_000);
      return heard.filter((event) => event.callId === callId).map((event) => () => [event]);
    },
    forgeries: () => [{ url: '/callbacks/calls', headers: {}, body: Buffer.from('[]') }],
    holds: () => clock.waiting > 0,
    recording: 'sim-call',
    stop: () => Promise.resolve(bridge.stop()),
  });
}

const reading = (bridge: CallBridge, requests: readonly CallbackRequest[]) =>
  requests.map((request) => () => bridge.read(request).events);

async function clickRig(): Promise<Rig> {
  const clock = wall();
  const carrier = new AliyunCarrier(() => clock.now());
  await carrier.start();
  const bridge = new AliyunClickBridge(
    {
      ...ALIYUN_ACCESS,
      callerShows: BOUGHT.callerShows,
      calleeShows: BOUGHT.calleeShows,
      callbackKeys: ['an-older-key-that-is-replaced', CALLBACK_KEY],
      record: true,
      endpoint: carrier.origin,
    },
    { wall: clock, timeoutMs: 3_000, isRecording: ({ origin }) => origin === carrier.origin },
  );
  const recording = `${carrier.origin}/recording.mp3`;
  return {
    bridge,
    carrier,
    told: ({ callId }, { carrierId }, story) => reading(bridge, clickPushes({ callId, carrierId, recording }, story)),
    forgeries: ({ callId }, { carrierId }) => clickForgeries({ callId, carrierId, recording }),
    holds: ({ carrierId }) => carrier.calls.has(carrierId),
    recording,
    stop: () => carrier.stop(),
  };
}

/** @param numbers how many of the privacy numbers its pool has */
export async function axbRig(
  numbers = AXB_NUMBERS.length,
): Promise<Rig & { carrier: AliyunCarrier; clock: ManualClock; bench: NumbersBench }> {
  const bench = await NumbersBench.open();
  const clock = wall();
  const carrier = new AliyunCarrier(() => clock.now());
  await carrier.start();
  const { vault } = await bench.server([DEMO_VAULT_KEY]);
  const model = axbLineModel(bench.connection);
  await model.createCollection();
  await model.createIndexes();
  const pool = AXB_NUMBERS.slice(0, numbers);
  const bridge = new AliyunAxbBridge(
    {
      ...ALIYUN_ACCESS,
      poolKey: 'FC1',
      numbers: pool,
      callbackKeys: [CALLBACK_KEY],
      record: true,
      endpoint: carrier.origin,
    },
    {
      wall: clock,
      timeoutMs: 3_000,
      isRecording: ({ origin }) => origin === carrier.origin,
      lines: new AxbLines({ model, mac: (...texts) => vault.mac(...texts), numbers: pool, wall: clock }),
    },
  );
  const recording = `${carrier.origin}/recording.mp3`;
  return {
    bridge,
    carrier,
    clock,
    bench,
    told: ({ callId }, { carrierId }, story) => reading(bridge, axbPushes({ callId, carrierId, recording }, story)),
    forgeries: ({ callId }, { carrierId }) => axbForgeries({ callId, carrierId, recording }),
    holds: ({ carrierId }) => carrier.bindings.has(carrierId),
    recording,
    async stop() {
      await carrier.stop();
      await bench.close();
    },
  };
}

async function twilioRig(): Promise<Rig> {
  const carrier = new TwilioCarrier();
  await carrier.start();
  const bridge = new TwilioBridge(
    { ...TWILIO_ACCOUNT, number: BOUGHT.twilio, callbackUrl: CALLBACK_URL, record: true, endpoint: carrier.origin },
    { timeoutMs: 3_000 },
  );
  const callOf = (sid: string) => {
    const call = carrier.calls.get(sid);
    if (call === undefined) throw new Error('no such call');
    return call;
  };
  return {
    bridge,
    carrier,
    told: (_call, { carrierId }, story) => reading(bridge, twilioCallbacks(callOf(carrierId), story)),
    forgeries: (_call, { carrierId }) => twilioForgeries(callOf(carrierId)),
    holds: ({ carrierId }) => callOf(carrierId).status !== 'completed',
    recording: RECORDING_SID,
    stop: () => carrier.stop(),
  };
}

export const RIGS: Readonly<Record<string, () => Promise<Rig>>> = {
  simulator: simulatorRig,
  'aliyun-click': clickRig,
  'aliyun-axb': () => axbRig(),
  twilio: twilioRig,
};
