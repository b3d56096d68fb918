import type { Clock } from '../../clock.ts';
import type { Vault } from '../../numbers/vault.ts';
import { AliyunAxbBridge, type AliyunAxbSettings } from './aliyun-axb.ts';
import { AliyunClickBridge, type AliyunClickSettings } from './aliyun-click.ts';
import { type AxbLineModel, AxbLines } from './axb-lines.ts';
import type { BridgeEvent, CallBridge } from './call-bridge.ts';
import { SimulatorBridge } from './simulator.ts';
import { TwilioBridge, type TwilioSettings } from './twilio.ts';

/** Which bridge, and what it needs. */
export type BridgeSettings =
  | { readonly name: 'simulator'; readonly record: boolean }
  | ({ readonly name: 'aliyun-click' } & AliyunClickSettings)
  | ({ readonly name: 'aliyun-axb' } & AliyunAxbSettings)
  | ({ readonly name: 'twilio' } & TwilioSettings);

/** What stands in the place of a carrier, on this machine. */
export interface StandIn {
  readonly endpoint: string;
  /** How long its answers are waited for. */
  readonly timeoutMs: number;
}

export interface BridgeParts {
  /** The service's time, by which the simulator's phones ring. */
  readonly clock: Pick<Clock, 'after'>;
  /** The real time, which carriers have. */
  readonly wall: Pick<Clock, 'now'>;
  readonly vault: Pick<Vault, 'mac'>;
  /** Its indexes are made by then. */
  readonly lines: AxbLineModel;
  /** Told what happens without a callback. */
  readonly tell: (event: BridgeEvent) => void;
  readonly standIn?: StandIn | undefined;
}

/** The bridge that the settings choose. It begins nothing before it is given a call. */
export function openBridge(
  settings: BridgeSettings,
  { clock, wall, vault, lines: model, tell, standIn }: BridgeParts,
): CallBridge {
  const { endpoint, ...carrier } = carrierOf(standIn);
  switch (settings.name) {
    case 'simulator':
      return new SimulatorBridge({ clock, tell, record: settings.record });
    case 'aliyun-click':
      return new AliyunClickBridge({ ...settings, ...endpoint }, { wall, ...carrier });
    case 'aliyun-axb': {
      const mac: Vault['mac'] = (...texts) => vault.mac(...texts);
      return new AliyunAxbBridge(
        { ...settings, ...endpoint },
        {
          wall,
          ...carrier,
          lines: new AxbLines({ model, mac, numbers: settings.numbers, wall }),
        },
      );
    }
    case 'twilio':
      return new TwilioBridge({ ...settings, ...endpoint }, carrier);
  }
}

/** Where a carrier is, and from where its recordings are fetched. */
function carrierOf(standIn: StandIn | undefined) {
  if (standIn === undefined) return { endpoint: {} };
  const { endpoint, timeoutMs } = standIn;
  return { endpoint: { endpoint }, timeoutMs, isRecording: ({ origin }: URL) => origin === endpoint };
}
