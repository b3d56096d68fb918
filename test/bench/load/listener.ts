import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Seat } from './group.ts';

/** All that a listener looks at of an entry stands in its first bytes. */
const LOOKED_AT = 512;
const UUID_LENGTH = 36;

/**
 * Somebody who only listens in one room: frames as they travel, of which no more is read than is measured. A whole client of Socket.IO costs the generator
 * more than the delivery costs the server.
 */
export class Listener {
  readonly roomId: string;
  readonly #webSocket: WebSocket;

  private constructor(webSocket: WebSocket, roomId: string) {
    this.#webSocket = webSocket;
    this.roomId = roomId;
  }

  static async open(
    url: string,
    { token, rooms: [roomId = ''] }: Seat,
    onEntry: (seq: number, clientId: string | undefined) => void,
    onEnd: () => void,
  ): Promise<Listener> {
    const webSocket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      perMessageDeflate: false,
    });
    let joined = (): void => undefined;
    const inRoom = new Promise<void>((resolve) => {
      joined = resolve;
    });
    webSocket.on('message', (data: Buffer) => {
      const start = data.toString('latin1', 0, LOOKED_AT);
      if (start.startsWith('42["entry"')) {
        const clientId = start.indexOf('"clientId":"');
        onEntry(
          Number.parseInt(start.slice(start.indexOf('"seq":') + 6), 10),
          clientId < 0 ? undefined : start.slice(clientId + 12, clientId + 12 + UUID_LENGTH),
        );
      } else if (start === '2') webSocket.send('3');
      else if (start.startsWith('40')) webSocket.send(`420["room.join",${JSON.stringify({ roomId, limit: 1 })}]`);
      else if (start.startsWith('430[{"ok":true')) joined();
    });
    await once(webSocket, 'open');
    webSocket.send(`40${JSON.stringify({ token, v: 1 })}`);
    const failed = once(webSocket, 'close').then(() => {
      throw new Error('a listener was not let in');
    });
    await Promise.race([inRoom, failed]);
    failed.catch(() => undefined);
    webSocket.on('close', onEnd);
    return new Listener(webSocket, roomId);
  }

  /** Leaves the room and is told so. */
  async leave(): Promise<void> {
    const left = new Promise<void>((resolve, reject) => {
      this.#webSocket.on('message', (data: Buffer) => {
        if (data.toString('latin1', 0, LOOKED_AT).startsWith('431[{"ok":true')) resolve();
      });
      this.#webSocket.once('close', () => reject(new Error('a connection ended before its room was left')));
    });
    this.#webSocket.send(`421["room.leave",${JSON.stringify({ roomId: this.roomId })}]`);
    await left;
  }

  /** Ends the connection: as a client does that takes its leave, or as a line that breaks. */
  close(how: 'politely' | 'abruptly' = 'abruptly'): void {
    this.#webSocket.removeAllListeners();
    this.#webSocket.on('error', () => undefined);
    if (how === 'abruptly') this.#webSocket.terminate();
    else {
      this.#webSocket.send('41');
      this.#webSocket.close();
    }
  }
}
