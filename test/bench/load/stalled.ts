import { WebSocket } from 'ws';
import type { ServerEvents } from '../../../shared/contract/events.ts';
import { catchUpFrom } from './catch-up.ts';
import type { Group, Member } from './group.ts';
import { until } from './open-loop.ts';

export interface StallReport {
  /** When it stopped reading; milliseconds since 1970. */
  at: number;
  /** The server's name of the connection. */
  connection: string;
}

export interface ComeBackReport {
  /** What the server told of the cut when the client came back. */
  reason: string | undefined;
  /** Entries of which the client has each exactly once, up to the room's head. */
  complete: boolean;
  count: number;
  /** From the moment at which it reads again until it has everything. */
  ms: number;
}

const NOTICED_WITHIN_MS = 15_000;
const TOLD_WITHIN_MS = 5_000;

/** Makes the group's only member stop reading, as a client does that is asleep: its connection stands, and nothing is taken from it. */
export function stall(group: Group): StallReport {
  const { socket } = onlyMember(group);
  webSocketOf(socket).pause();
  return { at: Date.now(), connection: socket.id ?? '' };
}

/** Reads again, finds that the connection is over, and connects and catches up as a client does that holds what it had. */
export async function comeBack(group: Group, roomId: string): Promise<ComeBackReport> {
  const stalled = onlyMember(group);
  const begun = performance.now();
  webSocketOf(stalled.socket).resume();
  if (!(await until(() => !stalled.socket.connected, NOTICED_WITHIN_MS))) throw new Error('it was not cut off');
  const held = stalled.last.get(roomId) ?? 0;
  const { received } = stalled;
  group.close();
  let told: ServerEvents['connection.cut'] | undefined;
  const back = await group.connect(stalled.seat, (cut) => {
    told = cut;
  });
  const { seqs, head } = await catchUpFrom(back.socket, roomId, held);
  const ms = performance.now() - begun;
  await until(() => told !== undefined, TOLD_WITHIN_MS);
  return {
    reason: told?.reason,
    complete: group.disorder === 0 && seqs.every((seq, i) => seq === held + 1 + i) && held + seqs.length === head,
    count: received + seqs.length,
    ms,
  };
}

function onlyMember({ members }: Group): Member {
  const [member, ...others] = members;
  if (member === undefined || others.length > 0) throw new Error('one client is asked for');
  return member;
}

/** What lies below a client of Socket.IO in Node; its types do not name it. */
function webSocketOf(socket: Member['socket']): WebSocket {
  const webSocket: unknown = Reflect.get(socket.io.engine.transport, 'ws');
  if (!(webSocket instanceof WebSocket)) throw new Error('the client has no WebSocket');
  return webSocket;
}
