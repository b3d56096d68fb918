import mongoose from 'mongoose';
import { keyOf, STREAMS } from './aftermath.ts';
import type { Crowd } from './crowd.ts';

const LOOK_MS = 50;

/** Tells whether everybody shows what the database holds, asked behind the servers' backs. */
export class Convergence {
  readonly #connection: mongoose.Connection;
  readonly #crowd: Crowd;
  readonly #roomIds: readonly string[];

  private constructor(connection: mongoose.Connection, crowd: Crowd, roomIds: readonly string[]) {
    this.#connection = connection;
    this.#crowd = crowd;
    this.#roomIds = roomIds;
  }

  static async of(uri: string, crowd: Crowd, roomIds: readonly string[]): Promise<Convergence> {
    const options = { autoIndex: false, autoCreate: false };
    return new Convergence(await mongoose.createConnection(uri, options).asPromise(), crowd, roomIds);
  }

  /**
   * Waits until everybody has been shown what is stored at this moment, while people go on writing.
   * @returns the milliseconds that it took, and who had not come so far when `withinMs` were over
   */
  async everybody(withinMs: number): Promise<{ ms: number; behind: string[] }> {
    const began = performance.now();
    const heads = await this.#heads();
    // Once there is enough: a connection may be replaced at any moment, and what was shown stays.
    let behind = this.#crowd
      .views()
      .map(({ worker, room, view }) => ({ who: worker.who.sub, room, stream: view.stream }));
    for (;;) {
      behind = behind.filter(({ room, stream }) => {
        const view = room.snapshot.streams[stream];
        const shown = view === undefined ? 0 : (view.gap?.after ?? view.head);
        return shown < (heads.get(keyOf(room.roomId, stream)) ?? 0);
      });
      const ms = performance.now() - began;
      if (behind.length === 0 || ms > withinMs)
        return { ms, behind: behind.map(({ who, room, stream }) => `${who} in ${keyOf(room.roomId, stream)}`) };
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #heads(): Promise<Map<string, number>> {
    const entries = this.#connection.collection<{ roomId: string; stream: string; seq: number }>('entries');
    const heads = new Map<string, number>();
    for (const roomId of this.#roomIds)
      for (const stream of STREAMS) {
        const last = await entries.findOne({ roomId, stream }, { sort: { seq: -1 }, projection: { seq: 1 } });
        heads.set(keyOf(roomId, stream), last?.seq ?? 0);
      }
    return heads;
  }
}
