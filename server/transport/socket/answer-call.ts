import { randomUUID } from 'node:crypto';
import { RoomError, type WireError } from '../../../shared/contract/errors.ts';
import { READS_AT_A_TIME, CALLS_AT_A_TIME } from '../../../shared/contract/limits.ts';
import { type CommandName, commands, isCommandName } from '../../../shared/contract/registry.ts';
import type { Expiry } from '../../live/expiry.ts';
import { roadTo } from '../../live/fan-out.ts';
import type { Hub } from '../../live/hub.ts';
import { joinedRooms, type RoomsSocket, type Weight } from '../../live/rooms-socket.ts';
import type { Answer, Connection } from '../../registry/call.ts';
import type { Execute } from '../../registry/execute.ts';
import type { InFlight } from '../../registry/in-flight.ts';
import type { Rates } from '../../registry/rates.ts';
import type { ReadGate } from '../../registry/read-gate.ts';
import type { RoomStore } from '../../rooms/room-store.ts';
import { type Figures, UNKNOWN } from '../../telemetry/figures.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Cuts } from './cuts.ts';
import type { Lanes } from './lanes.ts';

export interface AnswerParts {
  execute: Execute;
  inFlight: InFlight;
  lanes: Lanes<RoomsSocket>;
  cuts: Cuts;
  rates: Rates;
  readGate: ReadGate;
  hub: Hub;
  expiry: Expiry;
  rooms: Pick<RoomStore, 'cached' | 'get'>;
  figures: Figures;
  log: Log;
}

/** What goes into the timeline in the order in which its connection sent it. */
const IN_ORDER: ReadonlySet<CommandName> = new Set(['message.send', 'message.edit', 'message.recall']);

/** Makes the one listener for whatever a connection sends: each event is one call, and its ack, where there is one, gets the answer. */
export function createEventListener(
  parts: AnswerParts,
): (this: RoomsSocket, name: unknown, ...args: unknown[]) => void {
  return function (name, ...args) {
    // Socket.IO hands on what was still in its queue when the connection ended.
    if (!this.connected) return;
    const last = args.at(-1);
    const ack = typeof last === 'function' ? last : undefined;
    if (ack !== undefined) args.pop();
    const begun = performance.now();
    const known = typeof name === 'string' && isCommandName(name) ? name : UNKNOWN;
    const road = ack !== undefined && known !== UNKNOWN && IN_ORDER.has(known) ? roadTo(this) : undefined;
    if (road !== undefined) road.answers += 1;
    answer(parts, this, name, args)
      .then((result) => {
        parts.figures.answered(known, result.ok ? 'ok' : result.error.code, performance.now() - begun);
        if (road !== undefined) road.answers -= 1;
        ack?.(result);
        if (!result.ok && result.error.code === 'rate_limited') countExcess(parts, this);
      })
      .catch((error: unknown) => parts.log.error({ err: error }, 'an ack could not be sent'));
  };
}

async function answer(parts: AnswerParts, socket: RoomsSocket, name: unknown, args: unknown[]): Promise<Answer> {
  const { caller } = socket.data;
  if (typeof name !== 'string' || !isCommandName(name)) {
    try {
      parts.rates.take('read', `${caller.side}:${caller.userId}`);
    } catch (error) {
      if (error instanceof RoomError) return refusal(error.toWire());
      throw error;
    }
    return refusal({ code: 'not_found', message: 'There is no such command.' });
  }
  if (args.length > 1)
    return refusal({ code: 'invalid', message: 'A command takes one input and an acknowledgement.' });
  return parts.lanes.run(socket, () => begin(parts, socket, name, args[0]), weightOf(name));
}

const WRITE: Weight = { usual: 1, inCrowd: 1 };
/** An answer to a read can be large, one to anything else is small. */
const READ: Weight = { usual: CALLS_AT_A_TIME / READS_AT_A_TIME, inCrowd: CALLS_AT_A_TIME };
/** Who comes back joins very many rooms at once, and waits rather than works. */
const JOIN: Weight = { ...READ, inCrowd: READ.usual };

function weightOf(name: CommandName): Weight {
  const { rate, connectionBound } = commands[name];
  if (rate !== 'read') return WRITE;
  return connectionBound === true ? JOIN : READ;
}

function begin(parts: AnswerParts, socket: RoomsSocket, name: CommandName, input: unknown): Promise<Answer> {
  const connection = commands[name].connectionBound === true ? connectionOf(parts, socket) : undefined;
  const turn = IN_ORDER.has(name) ? parts.lanes.turn(socket) : undefined;
  const execute = () =>
    parts.execute(name, input, {
      caller: socket.data.caller,
      ...(connection === undefined ? {} : { connection }),
      ...(turn === undefined ? {} : { turn }),
      log: parts.log,
      correlationId: randomUUID(),
    });
  const work = parts.inFlight.run(
    commands[name].rate === 'read'
      ? () => parts.readGate.run(socket.data.caller, execute, weightOf(name) !== JOIN)
      : execute,
  );
  return turn === undefined ? work : work.finally(turn.pass);
}

const refusal = (error: WireError): Answer => ({ ok: false, error });

/** Who goes on sending although every call is refused is cut off: answering costs this server more than it costs them. */
function countExcess(parts: AnswerParts, socket: RoomsSocket): void {
  try {
    parts.rates.take('excess', `${socket.data.caller.side}:${socket.data.caller.userId}`);
  } catch {
    parts.cuts.flood(socket);
  }
}

function connectionOf({ hub, expiry, rooms }: AnswerParts, socket: RoomsSocket): Connection {
  return {
    id: socket.id,
    isOpen: () => socket.connected,
    caller: () => socket.data.caller,
    joinedRooms: () => joinedRooms(socket),
    enter: (roomId, streams) => hub.enter(socket, roomId, streams),
    leave: (roomId) => {
      hub.leave(socket, roomId);
    },
    renew(caller) {
      const checked = hub.renew(socket, caller, rooms);
      expiry.watch(socket);
      return checked;
    },
  };
}
