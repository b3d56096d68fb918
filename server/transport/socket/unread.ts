import { UNREAD_BYTES_MAX, UNREAD_PACKETS_MAX } from '../../../shared/contract/limits.ts';

/** What waits in this process because a client has not read it yet. */
export interface Unread {
  packets: number;
  bytes: number;
}

/**
 * Looks at what waits for a connection: Engine.IO's own queue, and what a WebSocket holds because TCP takes no more, in its sender and in its stream. Engine.IO
 * bounds none of them. What the systems of both ends hold is not seen from here.
 * @param engine a transport's session, below Socket.IO's own
 */
export function unreadOf(engine: object): Unread {
  const queue = queueOf(engine);
  const unread: Unread = { packets: 0, bytes: heldBytes(engine) };
  if (!Array.isArray(queue)) return unread;
  unread.packets = queue.length;
  for (const packet of queue) unread.bytes += sizeOf(packet);
  return unread;
}

export const isTooMuch = ({ packets, bytes }: Unread): boolean =>
  packets > UNREAD_PACKETS_MAX || bytes > UNREAD_BYTES_MAX;

/** Engine.IO's own queue. It begins a new one whenever it hands all of it on. */
export const queueOf = (engine: object): unknown => Reflect.get(engine, 'writeBuffer');

function heldBytes(engine: object): number {
  const transport: unknown = Reflect.get(engine, 'transport');
  const webSocket: unknown = isObject(transport) ? Reflect.get(transport, 'socket') : undefined;
  const held: unknown = isObject(webSocket) ? Reflect.get(webSocket, 'bufferedAmount') : undefined;
  return typeof held === 'number' ? held : 0;
}

/** Text counts by its characters: near enough for a bound, and free. */
function sizeOf(packet: unknown): number {
  const data: unknown = isObject(packet) ? Reflect.get(packet, 'data') : undefined;
  return typeof data === 'string' ? data.length : data instanceof Uint8Array ? data.byteLength : 0;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
