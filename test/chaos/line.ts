import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Where a line leads at this moment; undefined while nobody is there. */
export type Target = () => { host: string; port: number } | undefined;

/** What becomes of the connections that lost something when a line is whole again. */
export type Afterwards =
  /** They are ended, as by whatever stands between and has forgotten them. */
  | 'reset'
  /** They stay as they are, half-open: neither end is told, and nothing of them ever arrives. */
  | 'left';

interface Pair {
  near: Socket;
  far: Socket | undefined;
  /** What passes is lost, for good. */
  lost: boolean;
}

/** A TCP line through this process, on which what passes can be lost without either end being told. */
export class Line {
  readonly name: string;
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #broken = false;

  private constructor(name: string, server: Server, target: Target) {
    this.name = name;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near: Socket) => this.#join(near, target));
  }

  static async open(name: string, target: Target): Promise<Line> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Line(name, server, target);
  }

  /** From now on nothing arrives at either end, and new connections are taken and hear nothing. */
  breakUp(): void {
    this.#broken = true;
    for (const pair of this.#pairs) pair.lost = true;
  }

  /** New connections pass again. */
  heal(afterwards: Afterwards): void {
    this.#broken = false;
    if (afterwards === 'left') return;
    for (const pair of this.#pairs) if (pair.lost) this.#end(pair);
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#end(pair);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket, target: Target): void {
    const to = this.#broken ? undefined : target();
    const pair: Pair = { near, far: undefined, lost: this.#broken };
    near.on('error', () => undefined);
    if (to === undefined && !this.#broken) {
      near.resetAndDestroy();
      return;
    }
    this.#pairs.add(pair);
    if (to !== undefined) {
      pair.far = connect({ ...to, noDelay: true });
      pair.far.on('error', () => undefined);
      this.#pass(pair, pair.far, near);
    }
    this.#pass(pair, near, pair.far);
  }

  #pass(pair: Pair, from: Socket, to: Socket | undefined): void {
    from.on('data', (chunk) => {
      if (pair.lost || to === undefined || to.write(chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
    from.once('close', () => {
      // The news of an end is lost like everything else.
      if (!pair.lost) to?.destroy();
      if (pair.near.destroyed && (pair.far?.destroyed ?? true)) this.#pairs.delete(pair);
    });
  }

  #end(pair: Pair): void {
    pair.near.resetAndDestroy();
    pair.far?.resetAndDestroy();
    this.#pairs.delete(pair);
  }
}
