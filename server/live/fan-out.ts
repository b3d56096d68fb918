import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Packet } from './packet.ts';

/** A connection, as far as it matters here. */
interface Peer {
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
  readonly open?: { readonly session: { readonly writeBuffer: unknown[] }; webSocket: WebSocket; stream: Duplex };
}

/**
 * Sends one event to many connections: each WebSocket whose way is free is given the finished frame. Engine.IO's
 * own way costs each connection as much again as the system takes for the write; it is taken for whoever has something waiting already, so that
 * nothing overtakes, and for whoever polls.
 */
export function fanOut(ids: Iterable<string>, peers: { get(id: string): Peer | undefined }, packet: Packet): void {
  const { frame } = packet;
  for (const id of ids) {
    const peer = peers.get(id);
    if (peer === undefined) continue;
    const { conn, data } = peer;
    if (data.road?.transport !== conn.transport) data.road = roadOf(conn);
    const { open } = data.road;
    if (open !== undefined && isFree(conn, open)) open.stream.write(frame);
    else conn.write(packet.text, { compress: false, wsPreEncodedFrame: [frame] });
  }
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
  return webSocket instanceof WebSocket && isStream(stream) && hasQueue(conn)
    ? { transport, open: { session: conn, webSocket, stream } }
    : { transport };
}

const isStream = (value: unknown): value is Duplex => typeof value === 'object' && value !== null && 'write' in value;
const hasQueue = (value: object): value is { writeBuffer: unknown[] } =>
  Array.isArray(Reflect.get(value, 'writeBuffer'));
