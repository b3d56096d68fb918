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
   * Waits until everybody has been shown what is stored at this moment and what waits in anybody's outbox, while people go on writing.
   * @returns the milliseconds that it took, and who had not come so far when `withinMs` were over
   */
  async everybody(withinMs: number): Promise<{ ms: number; behind: string[] }> {
    const began = performance.now();
    const left = (): number => withinMs - (performance.now() - began);
    const unsent = new Set(this.#crowd.views().flatMap(({ view }) => view.pending.map(({ clientId }) => clientId)));
    const stored = await this.#shown(await this.#heads(), left);
    const sent = await this.#sent(unsent, left);
    const read = await this.#shown(await this.#heads(), left);
    return { ms: performance.now() - began, behind: [...stored, ...sent, ...read] };
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #shown(heads: ReadonlyMap<string, number>, left: () => number): Promise<string[]> {
    // Once there is enough: a connection may be replaced at any moment, and what was shown stays.
    let behind = this.#crowd.views().map(({ worker, room, view }) => ({ worker, room, stream: view.stream }));
    for (;;) {
      behind = behind.filter(({ room, stream }) => {
        const view = room.snapshot.streams[stream];
        const shown = view === undefined ? 0 : (view.gap?.after ?? view.head);
        return shown < (heads.get(keyOf(room.roomId, stream)) ?? 0);
      });
      if (behind.length === 0 || left() <= 0)
        return behind.map(({ worker, room, stream }) => `${worker.who.sub} in ${keyOf(room.roomId, stream)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #sent(unsent: ReadonlySet<string>, left: () => number): Promise<string[]> {
    for (;;) {
      const waiting = this.#crowd
        .views()
        .flatMap(({ worker, view }) => view.pending.filter(({ clientId }) => unsent.has(clientId)).map(() => worker));
      if (waiting.length === 0) return [];
      if (left() <= 0) return waiting.map(({ who }) => `a message of ${who.sub}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
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
