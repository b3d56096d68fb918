import { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { UNREAD_BYTES_MAX } from '../../shared/contract/limits.ts';
import type { Packet } from './packet.ts';

/** A connection, as far as it matters here. */
export interface Peer {
  readonly conn: Session;
  readonly data: { road?: Road | undefined };
}

/** Engine.IO's session of a connection. */
interface Session {
  readonly readyState: string;
  readonly transport: Transport;
  write(data: string, options: object): unknown;
}

interface Transport {
  /** False while something that it was given is not handed on yet. */
  readonly writable: boolean;
}

/** Where frames can be written to by ourselves. */
interface Open {
  readonly session: { readonly writeBuffer: unknown[] };
  readonly webSocket: WebSocket;
  readonly stream: Socket;
}

/**
 * What lies below a session. Looked up once for each transport. A class, so that all of them have one shape: objects that are put together by spreading have one
 * each, and every look into one is then searched for anew, which costs a delivery more than the rest of its way in this process.
 */
export class Road {
  readonly transport: Transport;
  readonly open: Open | undefined;
  /** Bytes of events that were sent since somebody last began to count. */
  sent = 0;
  /** Bytes of events that were sent since the way was last free: no more of them can be waiting. */
  behind = 0;
  /** Calls of the connection whose answer comes right behind an event that it causes. */
  answers = 0;
  /** What is written is held back until the end of this turn. */
  isHeld = false;

  /** Neither Engine.IO nor `ws` names these parts in its types: where one of them is missing, there is no way but theirs. */
  constructor(session: Session) {
    this.transport = session.transport;
    const webSocket: unknown = Reflect.get(session.transport, 'socket');
    const stream: unknown = webSocket instanceof WebSocket ? Reflect.get(webSocket, '_socket') : undefined;
    this.open =
      webSocket instanceof WebSocket && stream instanceof Socket && hasQueue(session)
        ? { session, webSocket, stream }
        : undefined;
  }
}

/**
 * Sends one event to many connections: each WebSocket whose way is free is given the finished frame. Engine.IO's
 * own way costs each connection as much again as the system takes for the write; it is taken for whoever has something waiting already, so that
 * nothing overtakes, and for whoever polls.
 * @param onBehind told of each connection for which more events may be waiting than are allowed to; it then says in `behind` how many there are
 */
export function fanOut<One extends Peer>(
  ids: Iterable<string>,
  peers: { get(id: string): One | undefined },
  packet: Packet,
  onBehind?: (peer: One) => void,
): void {
  const { frame } = packet;
  let behind: One[] | undefined;
  for (const id of ids) {
    const peer = peers.get(id);
    if (peer === undefined) continue;
    const { conn } = peer;
    const road = roadTo(peer);
    const { open } = road;
    road.sent += frame.length;
    if (open !== undefined && isFree(conn, open)) {
      if (road.answers > 0 && !road.isHeld) hold(road, open);
      open.stream.write(frame);
      if (road.behind > 0) road.behind = 0;
    } else {
      conn.write(packet.text, { compress: false, wsPreEncodedFrame: [frame] });
      road.behind += frame.length;
      if (road.behind > UNREAD_BYTES_MAX) (behind ??= []).push(peer);
    }
  }
  // Now, because whoever is cut off leaves its rooms, which are what was gone through.
  if (behind !== undefined && onBehind !== undefined) for (const peer of behind) onBehind(peer);
}

const held: { road: Road; stream: Socket }[] = [];

/** Sends an event and the answer that follows it in this turn with one write: to whoever writes much, each costs as much as all that the answer takes otherwise. */
function hold(road: Road, { stream }: Open): void {
  road.isHeld = true;
  stream.cork();
  held.push({ road, stream });
  // It comes after what promises still have to do in this turn.
  if (held.length === 1) process.nextTick(letGo);
}

function letGo(): void {
  for (const { road, stream } of held.splice(0)) {
    road.isHeld = false;
    stream.uncork();
  }
}

/** The way to a connection. */
export function roadTo({ conn, data }: Peer): Road {
  if (data.road?.transport !== conn.transport) data.road = new Road(conn);
  return data.road;
}

function isFree(conn: Session, { session, webSocket, stream }: Open): boolean {
  return (
    conn.transport.writable &&
    session.writeBuffer.length === 0 &&
    conn.readyState === 'open' &&
    webSocket.readyState === WebSocket.OPEN &&
    stream.writableLength < stream.writableHighWaterMark
  );
}

const hasQueue = (value: object): value is { writeBuffer: unknown[] } =>
  Array.isArray(Reflect.get(value, 'writeBuffer'));
