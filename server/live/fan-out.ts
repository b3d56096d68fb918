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

/** What lies below a session: where frames can be written to by ourselves. Looked up once for each transport. */
export interface Road {
  readonly transport: Transport;
  readonly open?: { readonly session: { readonly writeBuffer: unknown[] }; webSocket: WebSocket; stream: Socket };
  /** Bytes of events that were sent since somebody last began to count. */
  sent: number;
  /** Bytes of events that were sent since the way was last free: no more of them can be waiting. */
  behind: number;
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

/** The way to a connection. */
export function roadTo({ conn, data }: Peer): Road {
  if (data.road?.transport !== conn.transport) data.road = roadOf(conn);
  return data.road;
}

function isFree(conn: Session, { session, webSocket, stream }: NonNullable<Road['open']>): boolean {
  return (
    conn.transport.writable &&
    session.writeBuffer.length === 0 &&
    conn.readyState === 'open' &&
    webSocket.readyState === WebSocket.OPEN &&
    stream.writableLength < stream.writableHighWaterMark
  );
}

/** Neither Engine.IO nor `ws` names these parts in its types: where one of them is missing, there is no road. */
function roadOf(conn: Session): Road {
  const { transport } = conn;
  const webSocket: unknown = Reflect.get(transport, 'socket');
  const stream: unknown = webSocket instanceof WebSocket ? Reflect.get(webSocket, '_socket') : undefined;
  const way = { transport, sent: 0, behind: 0 };
  return webSocket instanceof WebSocket && stream instanceof Socket && hasQueue(conn)
    ? { ...way, open: { session: conn, webSocket, stream } }
    : way;
}

const hasQueue = (value: object): value is { writeBuffer: unknown[] } =>
  Array.isArray(Reflect.get(value, 'writeBuffer'));
