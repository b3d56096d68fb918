import type { Connection } from 'mongoose';
import type { StandIn } from '../calls/bridges/open-bridge.ts';
import type { Clock } from '../clock.ts';
import type { ClusterTiming } from '../cluster/members.ts';
import type { Sweeps } from '../delivery/sweeps.ts';
import type { Log } from '../telemetry/log.ts';
import type { Context } from './context.ts';

/** What a test or a demonstration may put in the place of the machine's own. */
export interface Overrides {
  /** What the service's time is ahead of, when it was moved. */
  clock?: Clock;
  /** The real time: what tokens are issued and rates are counted by. */
  wall?: Clock;
  dice?: () => number;
  log?: Log;
  /** Told each code that would be sent to a phone, where no SMS_WEBHOOK_URL sends it; without it none can be asked for. */
  onCode?: (code: string) => void;
  /** What the bridge of CALL_BRIDGE speaks to, in the place of its carrier. */
  standIn?: StandIn;
  /** What time does, in the place of what it does to projects. */
  sweeps?: (connection: Connection, clock: Clock) => Sweeps;
  /** Told what the service works on, before it serves: for what no command does. */
  onContext?: (context: Context) => void;
  /** How soon servers find that one of them is gone. */
  cluster?: Partial<ClusterTiming>;
  /** How often it looks in the database for what other servers have changed, in milliseconds; else as often as each kind of change needs. */
  repairMs?: number;
  /** Milliseconds that a connection has to authenticate itself. */
  handshakeMs?: number;
  /** Milliseconds in which a service that stops says so before it does. */
  noticeMs?: number;
}
