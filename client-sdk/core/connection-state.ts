import type { RoomError } from '../../shared/contract/errors.ts';
import type { ClientState, TokenReason } from './api.ts';
import { backoffMs } from './backoff.ts';

/** A connection that lasted this long was a good one: the next try after it begins at the shortest wait again. */
export const STABLE_AFTER_MS = 10_000;
/** A platform that says "no network" can be wrong, so it is tried now and then all the same. */
export const OFFLINE_RETRY_MS = 30_000;
/** However long a draining server says that it stays, its clients move within this time. */
export const DRAIN_SPREAD_MAX_MS = 30_000;

/** Where the connection stands. Each state holds its own timer's instant; a field exists only where it is valid. */
export type ConnectionState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting'; readonly attempt: number; readonly rejectedOnce: boolean }
  | { readonly status: 'online'; readonly since: number; readonly attempt: number; readonly replaceAt?: number }
  | { readonly status: 'waiting'; readonly attempt: number; readonly retryAt: number }
  | { readonly status: 'offline'; readonly attempt: number; readonly retryAt: number }
  | { readonly status: 'failed'; readonly error: RoomError }
  | { readonly status: 'closed' };

export type ConnectionEvent =
  | { readonly type: 'connect' | 'close' | 'opened' | 'lost' | 'timer' | 'probeFailed' }
  | { readonly type: 'networkBack' | 'networkGone' | 'wake' }
  | { readonly type: 'tokenFailed'; readonly error: RoomError }
  | { readonly type: 'refused'; readonly error: RoomError | undefined }
  | { readonly type: 'draining'; readonly at: number };

/** What the shell has to do: connect (with a new token first, if `ask` says why), hang up, or see whether the line is alive. */
export type ConnectionEffect =
  | { readonly do: 'connect'; readonly ask?: TokenReason }
  | { readonly do: 'hangUp' }
  | { readonly do: 'probe' };

/** What the rules need to know of the world at that moment; `dice` is from 0 up to 1. */
export interface Surroundings {
  readonly now: number;
  readonly dice: number;
  readonly networkGone: boolean;
  readonly token: 'none' | 'usable' | 'expired';
}

type Step = readonly [state: ConnectionState, ...effects: ConnectionEffect[]];

/** The rules of the connection: what follows from an event. An event that means nothing in a state changes nothing. */
export function nextConnectionState(state: ConnectionState, event: ConnectionEvent, world: Surroundings): Step {
  if (state.status === 'closed') return [state];
  switch (event.type) {
    case 'close':
      return [{ status: 'closed' }, { do: 'hangUp' }];
    case 'connect':
      if (state.status === 'idle' || state.status === 'failed') return begin(0, world);
      return isResting(state) ? begin(state.attempt, world) : [state];
    case 'opened':
      if (state.status !== 'connecting') return [state];
      return [{ status: 'online', since: world.now, attempt: state.attempt }];
    case 'tokenFailed':
      if (state.status !== 'connecting' && state.status !== 'online') return [state];
      if (!event.error.retryable) return [{ status: 'failed', error: event.error }, { do: 'hangUp' }];
      return state.status === 'connecting' ? rest(state.attempt + 1, world, event.error) : [state];
    case 'refused':
      return state.status === 'connecting' ? afterRefusal(state, event.error, world) : [state];
    case 'lost':
      if (state.status !== 'online') return [state];
      return rest(world.now - state.since >= STABLE_AFTER_MS ? 0 : state.attempt + 1, world);
    case 'timer':
      if (isResting(state)) return begin(state.attempt, world);
      return state.status === 'online' && state.replaceAt !== undefined ? replace(world) : [state];
    case 'probeFailed':
      return state.status === 'online' ? replace(world) : [state];
    case 'networkBack':
    case 'wake':
      if (isResting(state)) return begin(state.attempt, world);
      return state.status === 'online' ? [state, { do: 'probe' }] : [state];
    case 'networkGone':
      if (state.status === 'waiting') return rest(state.attempt, { ...world, networkGone: true });
      return state.status === 'online' ? [state, { do: 'probe' }] : [state];
    case 'draining':
      if (state.status !== 'online' || state.replaceAt !== undefined) return [state];
      return [{ ...state, replaceAt: world.now + Math.round(world.dice * timeToMove(event.at - world.now)) }];
    default:
      return event satisfies never;
  }
}

const timeToMove = (given: number) => Math.min(Math.max(0, given), DRAIN_SPREAD_MAX_MS);

/** When the state's timer is due; undefined for a state that waits for nothing. */
export function timerOf(state: ConnectionState): number | undefined {
  if (isResting(state)) return state.retryAt;
  return state.status === 'online' ? state.replaceAt : undefined;
}

/** True when two states look the same from outside: a token renewed once, or a server that drains, is no other state. */
export function looksTheSame(a: ConnectionState, b: ConnectionState): boolean {
  if (a.status === 'online') return b.status === 'online' && a.since === b.since;
  return a.status === 'connecting' && b.status === 'connecting' && a.attempt === b.attempt;
}

/** The state as the API shows it. */
export function publicState(state: ConnectionState): ClientState {
  switch (state.status) {
    case 'connecting':
      return { status: state.status, attempt: state.attempt };
    case 'online':
      return { status: state.status, since: state.since };
    case 'offline':
      return { status: state.status };
    default:
      return state;
  }
}

function isResting(state: ConnectionState): state is Extract<ConnectionState, { retryAt: number }> {
  return state.status === 'waiting' || state.status === 'offline';
}

function begin(attempt: number, { token }: Surroundings): Step {
  const connecting = { status: 'connecting', attempt, rejectedOnce: false } as const;
  if (token === 'usable') return [connecting, { do: 'connect' }];
  return [connecting, { do: 'connect', ask: token === 'none' ? 'initial' : 'expiring' }];
}

function replace(world: Surroundings): Step {
  return [begin(0, world)[0], { do: 'hangUp' }, ...(begin(0, world).slice(1) as ConnectionEffect[])];
}

function rest(attempt: number, world: Surroundings, error?: RoomError): Step {
  if (world.networkGone) return [{ status: 'offline', attempt, retryAt: world.now + OFFLINE_RETRY_MS }];
  return [{ status: 'waiting', attempt, retryAt: world.now + backoffMs(attempt, world.dice, error?.retryAfterMs) }];
}

/** Without the server's own word it is the network's fault, and tried again. A refused token is renewed once. */
function afterRefusal(
  state: Extract<ConnectionState, { status: 'connecting' }>,
  error: RoomError | undefined,
  world: Surroundings,
): Step {
  if (!error || error.retryable) return rest(state.attempt + 1, world, error);
  if (error.code === 'unauthenticated' && !state.rejectedOnce) {
    return [
      { ...state, rejectedOnce: true },
      { do: 'connect', ask: 'rejected' },
    ];
  }
  return [{ status: 'failed', error }];
}
