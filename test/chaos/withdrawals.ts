import { type Client, createClient, type LiveRoom } from '../../client-sdk/index.ts';
import { Refused, TestClient, until } from '../support/client.ts';
import type { Dice } from '../support/dice.ts';
import { message, Portal } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import type { Ledger } from './ledger.ts';
import type { Mortal } from './mortal.ts';
import { type Held, RIGHTS, type Right } from './rights.ts';
import { NOWHERE, tappedTransport } from './tapped-transport.ts';

/** How long anything here is waited for before the run says that it does not happen. */
const PATIENCE_MS = 20_000;
const TALK_MS = 100;
/** How often it is done while Redis is dead. */
const WITHOUT_REDIS = 0.3;

export interface Withdrawing {
  servers: readonly Mortal[];
  redis: Mortal | undefined;
  count: number;
  dice: Dice;
  ledger: Ledger;
  onWithdrawal(what: string): void;
}

/** Withdraws one right after the other while people talk. Gives the longest time, in milliseconds, in which a server came to know of one. */
export async function withdrawInTurn({
  servers,
  redis,
  count,
  dice,
  ledger,
  onWithdrawal,
}: Withdrawing): Promise<number> {
  let longest = 0;
  for (let turn = 0; turn < count; turn++) {
    const right = RIGHTS[turn % RIGHTS.length] as Right;
    const dead = redis !== undefined && dice.chance(WITHOUT_REDIS) ? redis : undefined;
    const what = `${right.name}${dead === undefined ? '' : ' while Redis was dead'}`;
    onWithdrawal(what);
    const urls = servers.map(({ address }) => address ?? '');
    await dead?.kill();
    const scene = await Scene.open(right, urls, dice);
    try {
      longest = Math.max(longest, await scene.play());
    } finally {
      await scene.close();
      for (const fault of scene.faults) ledger.unexpected(`${what}: ${fault}`);
    }
    await dead?.serve();
  }
  return longest;
}

/** Somebody with the SDK at one server, and everything that comes over the wire to them about the room. */
class Witness {
  readonly client: Client;
  readonly room: LiveRoom;
  readonly #transport: ReturnType<typeof tappedTransport>;
  readonly #roomId: string;
  #url: string;
  /** The instant at which they were told, or their connection was ended. */
  toldAt: number | undefined;
  /** What came after that. */
  readonly after: string[] = [];

  constructor(roomId: string, token: string, url: string, dice: Dice) {
    this.#roomId = roomId;
    this.#url = url;
    this.#transport = tappedTransport({
      url: () => this.#url,
      event: (name, payload) => this.#came(name, payload),
      ended: () => {
        this.toldAt ??= performance.now();
      },
    });
    this.client = createClient({
      url: 'http://anywhere.invalid',
      // There is no other: one that is over or revoked is all they have.
      getToken: () => token,
      transport: this.#transport,
      random: () => Math.min(...Array.from({ length: 16 }, dice.roll)),
    });
    this.client.connect();
    this.room = this.client.room(roomId);
  }

  /** They are gone: nothing more reaches them until they come back. */
  leave(): void {
    this.#url = NOWHERE;
    this.#transport.cut();
    this.toldAt = performance.now();
  }

  comeBack(url: string): void {
    this.#url = url;
  }

  /** Says whether they know that there is nothing for them any more. */
  get isOut(): boolean {
    const { status } = this.room.snapshot;
    return status === 'revoked' || status === 'failed' || this.client.state.status === 'failed';
  }

  #came(name: string, payload: unknown): void {
    if (typeof payload !== 'object' || payload === null || !('roomId' in payload) || payload.roomId !== this.#roomId)
      return;
    if (this.toldAt !== undefined) this.after.push(`${name} ${JSON.stringify(payload).slice(0, 300)}`);
    else if (name === 'access.revoked') this.toldAt = performance.now();
  }
}

/** One withdrawal: who loses the right is connected to every server, somebody comes back afterwards, and people go on talking. */
class Scene {
  readonly faults: string[] = [];
  readonly #held: Held;
  readonly #portals: readonly Portal[];
  readonly #dice: Dice;
  readonly #witnesses: Witness[];
  readonly #resumer: Witness;
  readonly #others: Witness[];
  #talk: NodeJS.Timeout | undefined;
  #said = 0;

  private constructor(held: Held, urls: readonly string[], dice: Dice, operator: string) {
    const { roomId, token } = held;
    this.#held = held;
    this.#dice = dice.apart();
    this.#portals = urls.map((url) => new Portal(url));
    this.#witnesses = urls.map((url) => new Witness(roomId, token, url, dice.apart()));
    this.#resumer = new Witness(roomId, token, dice.pick(urls), dice.apart());
    this.#others = urls.map((url) => new Witness(roomId, operator, url, dice.apart()));
  }

  static async open(right: Right, urls: readonly string[], dice: Dice): Promise<Scene> {
    const portal = new Portal(dice.pick(urls));
    const held = await right.grant(portal);
    const scene = new Scene(held, urls, dice, await portal.token('operator'));
    // A server learns within a second of a room that another one has made.
    await Promise.all([...scene.#witnesses, scene.#resumer, ...scene.#others].map(({ room }) => openSoon(room)));
    return scene;
  }

  /** Gives the milliseconds until the last server acted on it. */
  async play(): Promise<number> {
    this.#talk = setInterval(() => void this.#say().catch(() => undefined), TALK_MS);
    this.#resumer.leave();
    const withdrawn = await this.#held.withdraw(this.#dice.pick(this.#portals));
    const told = () => this.#witnesses.every(({ toldAt }) => toldAt !== undefined);
    await until('every server has acted on it', told, PATIENCE_MS).catch(() =>
      this.faults.push('not every server acted on it'),
    );
    clearInterval(this.#talk);
    await this.#nothingMore();
    return Math.max(0, ...this.#witnesses.map(({ toldAt = performance.now() }) => toldAt - withdrawn));
  }

  async close(): Promise<void> {
    clearInterval(this.#talk);
    await Promise.all([...this.#witnesses, this.#resumer, ...this.#others].map(({ client }) => client.close()));
  }

  async #say(portal = this.#dice.pick(this.#portals)): Promise<string> {
    const text = `said ${this.#said++}`;
    await portal.call('operator', 'message.send', message(this.#held.roomId, text));
    return text;
  }

  /** Whatever is said afterwards, at whatever server, does not reach them: not on their connections, not on new ones. */
  async #nothingMore(): Promise<void> {
    this.#resumer.comeBack(this.#dice.pick(this.#portals).url);
    const texts = await Promise.all(this.#portals.map((portal) => this.#say(portal)));
    const heard = ({ room }: Witness) =>
      texts.every((text) =>
        room.snapshot.streams['public']?.entries.some((one) => one.kind === 'message' && one.body.text === text),
      );
    await until('those who may see it do', () => this.#others.every(heard), PATIENCE_MS);
    await until('who comes back is not let in', () => this.#resumer.isOut, PATIENCE_MS).catch(() =>
      this.faults.push(`who came back has the room ${this.#resumer.room.snapshot.status}`),
    );
    // What was sent before on this connection has come when this is answered; a connection that was ended has nothing to come.
    for (const { client } of this.#witnesses)
      if (client.state.status === 'online') await client.call('room.list', { limit: 1 }).catch(() => undefined);
    for (const witness of [...this.#witnesses, this.#resumer])
      for (const event of witness.after) this.faults.push(`afterwards came ${event}`);
    for (const { url } of this.#portals) await this.#tryAgain(url, this.#held.who);
  }

  /** A new connection with the same token, past the SDK. */
  async #tryAgain(url: string, who: Who): Promise<void> {
    let client: TestClient | undefined;
    try {
      client = await TestClient.connect(url, this.#held.token);
      await client.call('room.join', { roomId: this.#held.roomId, since: { public: 0 } });
      this.faults.push(`${who.sub} was let in again at ${url}`);
    } catch (error) {
      if (!(error instanceof Refused) || !['not_found', 'unauthenticated'].includes(error.code))
        this.faults.push(`${who.sub} was refused with ${String(error)}`);
    } finally {
      client?.close();
    }
  }
}

async function openSoon(room: LiveRoom): Promise<void> {
  await until(
    'the room is open',
    () =>
      room.open().then(
        () => true,
        () => {
          room.close();
          return false;
        },
      ),
    PATIENCE_MS,
  );
}
