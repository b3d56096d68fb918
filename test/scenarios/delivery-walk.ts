import { expect } from 'chai';
import type { Entry, EventEntry } from '../../shared/contract/entries.ts';
import type { Project } from '../../shared/contract/projects.ts';
import type { CommandInput, CommandOutput } from '../../shared/contract/registry.ts';
import { Refused, type TestClient, until } from '../support/client.ts';
import { people, type PersonName } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { expectOneActive, expectTold } from './delivery-checks.ts';
import type { Stage } from './delivery-stage.ts';

/** A demand as a buyer fills it in; the number is of a range that is reserved for examples. */
const DEMAND = {
  contactName: 'Bao',
  phone: '+1 202 555 0123',
  email: 'bao@example.com',
  address: '1 Example Road',
  details: 'A site with eight pages',
};

/** Why a walk rejects. */
export const REASON = 'The logo is missing.';

/** Somebody with the room open on one connection: what they were shown when they joined and what came since, and nothing else. */
export class Reader {
  readonly who: Who;
  readonly client: TestClient;
  readonly joined: CommandOutput<'room.join'>;

  private constructor(who: Who, client: TestClient, joined: CommandOutput<'room.join'>) {
    this.who = who;
    this.client = client;
    this.joined = joined;
  }

  static async join(who: Who, client: TestClient, roomId: string): Promise<Reader> {
    return new Reader(who, client, await client.call('room.join', { roomId, limit: 200 }));
  }

  /** The states that came live, oldest first. */
  get states(): Project[] {
    return this.client.all('project').filter(({ id }) => id === this.joined.room.id);
  }

  /** The project as this reader was last shown it. */
  get project(): Project {
    const shown = this.states.at(-1) ?? this.joined.room.project;
    if (shown === undefined) throw new Error(`${this.who.sub} was shown no project`);
    return shown;
  }

  /** What of a stream was shown on joining, and what came since. */
  entries(stream: string): Entry[] {
    const before = this.joined.streams.find((page) => page.stream === stream)?.entries ?? [];
    const { id } = this.joined.room;
    return [...before, ...this.client.all('entry').filter((one) => one.roomId === id && one.stream === stream)];
  }

  /** Resolves with the first state from now on, or the present one, that is as wanted. */
  async sees(wanted: (project: Project) => boolean): Promise<Project> {
    return wanted(this.project) ? this.project : this.client.next('project', wanted);
  }

  /** The events of the flow in their order, as this reader was told them. */
  events(...names: string[]): EventEntry[] {
    return this.entries('public').filter(
      (one): one is EventEntry => 'event' in one.body && names.includes(one.body.event),
    );
  }
}

type Action = CommandInput<'node.act'>['action'];
interface Offer {
  reader: Reader;
  nodeId: string;
  visit: number;
  action: Action;
}

const offersTo = (reader: Reader): Offer[] =>
  reader.project.actions.map(({ label: _label, ...offer }) => ({ reader, ...offer }));

/** One project with its people on open connections, who do what they are shown and know nothing of its template. */
export class Walk {
  readonly stage: Stage;
  readonly projectId: string;
  readonly orderId: string;
  readonly readers: Reader[] = [];
  /** Connected, and not in the room (yet). */
  readonly #outside: { who: Who; client: TestClient }[] = [];

  private constructor(stage: Stage, { projectId, orderId }: { projectId: string; orderId: string }) {
    this.stage = stage;
    this.projectId = projectId;
    this.orderId = orderId;
  }

  /**
   * Orders a product and lets people open its room.
   * @param outside staff who are connected and are not in the project until it calls for them
   */
  static async begin(
    stage: Stage,
    productId: string,
    { inside, outside = [] }: { inside: readonly PersonName[]; outside?: readonly Who[] },
  ): Promise<Walk> {
    const walk = new Walk(stage, await stage.order(productId));
    for (const who of outside) walk.#outside.push({ who, client: await stage.portal.connect(who) });
    for (const who of inside) await walk.enter(people[who]);
    return walk;
  }

  /** Lets somebody open the room on a connection. */
  async enter(who: Who, client?: TestClient): Promise<Reader> {
    const reader = await Reader.join(who, client ?? (await this.stage.portal.connect(who)), this.projectId);
    this.readers.push(reader);
    return reader;
  }

  /** Who has lost the room, or closes it. */
  leave(gone: readonly Reader[]): void {
    for (const reader of gone) this.readers.splice(this.readers.indexOf(reader), 1);
  }

  reader(who: string): Reader {
    const sub = Object.hasOwn(people, who) ? people[who as PersonName].sub : who;
    const reader = this.readers.find((one) => one.who.sub === sub);
    if (reader === undefined) throw new Error(`${who} is not in the room`);
    return reader;
  }

  /** What those whose turn it can be were shown that they may do. The platform can always act, and waits. */
  offers(): Offer[] {
    return this.readers.filter(({ who }) => who.side !== 'operator').flatMap(offersTo);
  }

  /** Does what somebody was shown that they may do. */
  async act(action: Action, more: Partial<CommandInput<'node.act'>> = {}, by?: string): Promise<Project> {
    const offers = by === undefined ? this.offers() : offersTo(this.reader(by));
    const offer = offers.find((one) => one.action === action);
    expect(offer, `${action} is shown to ${by ?? 'somebody'}`).to.not.equal(undefined);
    if (offer === undefined) throw new Error('unreachable');
    const { reader, nodeId, visit } = offer;
    const input = { projectId: this.projectId, nodeId, visit, action, ...more };
    const { project } = await reader.client.call('node.act', input);
    await this.follow(project.version);
    return project;
  }

  /** Waits until everybody was told of a state, and checks it. */
  async follow(version: number): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.sees((project) => project.version >= version)));
    await this.check();
  }

  /** What everybody was shown is the fold of the log, with one node active while it is executing. */
  async check(): Promise<void> {
    for (const { project } of this.readers) expectOneActive(project);
    expect(new Set(this.offers().map(({ reader }) => reader.who.side)).size, 'sides whose turn it is').to.be.lessThan(
      2,
    );
    await expectTold(this);
  }

  /**
   * Goes on until the project is completed, or stands at a node.
   * @param rejections how often somebody who may reject does
   */
  async play({ to = null, rejections = 0 }: { to?: string | null; rejections?: number } = {}): Promise<void> {
    let left = rejections;
    for (let steps = 0; this.#shown().current !== to; steps++) {
      expect(steps, 'steps of a walk').to.be.lessThan(60);
      const shown = new Set(this.offers().map(({ action }) => action));
      if (shown.size === 0) await this.callIn();
      else if (shown.has('reject') && left > 0) {
        left -= 1;
        await this.act('reject', { reason: REASON });
      } else await this.#do(shown);
    }
  }

  async #do(shown: ReadonlySet<Action>): Promise<void> {
    if (shown.has('submit')) await this.act('submit', { form: DEMAND });
    else if (shown.has('confirm')) await this.act('confirm');
    else await this.#finish();
  }

  /** Finishes a piece of work; where it is told that a file is needed, with one. */
  async #finish(): Promise<void> {
    try {
      await this.act('finish');
    } catch (error) {
      if (!(error instanceof Refused) || !JSON.stringify(error.error.details).includes('"path":"files"')) throw error;
      const worker = this.offers().find(({ action }) => action === 'upload')?.reader;
      const file = await this.stage.portal.upload(worker?.who ?? people.admin, { roomId: this.projectId });
      const { nodes, current } = await this.act('upload', { files: [file.id] });
      expect(nodes.find(({ id }) => id === current)?.files).to.deep.equal([file]);
      await this.act('finish');
    }
  }

  /** Lets staff who are not in the room find the order and claim it, or come in when they hear that it is theirs. */
  async callIn(): Promise<void> {
    for (const person of this.#outside) {
      const { items } = await person.client.call('project.list', { orderId: this.orderId });
      const claim = items[0]?.actions.find(({ action }) => action === 'claim');
      if (claim === undefined) continue;
      const { nodeId, visit, action } = claim;
      const input = { projectId: this.projectId, nodeId, visit, action };
      const { project } = await person.client.call('node.act', input);
      await this.#comeIn(person);
      return this.follow(project.version);
    }
    const called = () =>
      this.#outside.find(({ client }) => client.all('inbox').some(({ roomId }) => roomId === this.projectId));
    await until('staff are told of a project that is theirs', () => called() !== undefined);
    const person = called();
    if (person !== undefined) await this.#comeIn(person);
  }

  async #comeIn(person: { who: Who; client: TestClient }): Promise<void> {
    this.#outside.splice(this.#outside.indexOf(person), 1);
    await this.enter(person.who, person.client);
  }

  #shown(): Project {
    const [first] = this.readers;
    if (first === undefined) throw new Error('nobody is in the room');
    return first.project;
  }
}
