import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, afterEach, before } from 'mocha';
import type { Context } from '../../server/app/context.ts';
import type { CallbackRequest } from '../../server/calls/bridges/call-bridge.ts';
import { createLog } from '../../server/telemetry/log.ts';
import type { Call } from '../../shared/contract/calls.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { Call as FoldedCall } from '../../shared/model/call/call.ts';
import { type CallFact, isCallFact } from '../../shared/model/call/call-fact.ts';
import { foldCalls } from '../../shared/model/call/fold-call.ts';
import { calleeNumber, CALLER, CANARY, DIAL_CANARY, type Story } from '../server/calls/carriers/stories.ts';
import type { StandIn } from '../../server/calls/bridges/open-bridge.ts';
import type { CarrierStage } from './call-stages.ts';
import { TestClient, until } from './client.ts';
import { ManualClock } from './manual-clock.ts';
import { people, Portal } from './portal.ts';
import { startTestService, type TestService } from './service.ts';
import { createSharedDatabase, type SharedDatabase } from './shared-database.ts';
import type { Who } from './tokens.ts';

/** Two people in the room of a project, both connected: the provider's admin calls the buyer. */
export interface Line {
  readonly roomId: string;
  readonly buyer: Who;
  readonly caller: TestClient;
  readonly callee: TestClient;
}

/** A request of whoever says they are a carrier, and what came back. */
export interface Told {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** How soon a server sees what another one has stored. In milliseconds. */
const REPAIR_MS = 50;

/** The caller's states of a call that goes well, in their order. */
export const PATH = ['requested', 'ringing_caller', 'ringing_callee', 'connected', 'completed'] as const;

/** A real service over one bridge, with people who call each other and a carrier that a test speaks for. */
export class CallSuite {
  readonly clock = new ManualClock();
  /** Everything that the service has logged. */
  readonly log: string[] = [];
  /** What callers, and whoever sends callbacks, were answered. */
  readonly #answered: string[] = [];
  readonly #clients: TestClient[] = [];
  readonly #others: TestService[] = [];
  #env: Readonly<Record<string, string>> = {};
  #started: TestService | undefined;
  #portal: Portal | undefined;
  #database: SharedDatabase | undefined;
  #stage: CarrierStage | undefined;

  /** @param open the carrier; without one the simulator joins phones */
  async start(
    open: (() => Promise<CarrierStage>) | undefined,
    env: Readonly<Record<string, string>> = {},
    database?: SharedDatabase,
  ): Promise<void> {
    this.#stage = await open?.();
    this.#database = database ?? (await createSharedDatabase());
    const { env: ofStage = { CALL_BRIDGE: 'simulator' } } = this.#stage ?? {};
    this.#env = { CALL_RECORDING: '1', CALL_DAILY_LIMIT: '10000', ...ofStage, ...env };
    this.#started = await this.#serve();
    this.#portal = new Portal(this.#started.service.url);
    await this.#portal.seed();
    const { sub, org, name, roles } = people.admin;
    const admin = { userId: sub, org, name, roles: [...roles], maxLoad: 5, phone: CALLER };
    await this.#portal.call('service', 'staff.put', admin);
  }

  #serve(more: Partial<StandIn> = {}): Promise<TestService> {
    const { standIn } = this.#stage ?? {};
    return startTestService({
      database: this.database,
      env: this.#env,
      overrides: {
        clock: this.clock,
        log: createLog('debug', { write: (line) => void this.log.push(line) }),
        repairMs: REPAIR_MS,
        ...(standIn === undefined ? {} : { standIn: { ...standIn, ...more } }),
      },
    });
  }

  /** Starts another server on the same database; it is stopped with the suite. */
  async another(more: Partial<StandIn> = {}): Promise<TestService> {
    const other = await this.#serve(more);
    this.#others.push(other);
    return other;
  }

  async stop(): Promise<void> {
    await this.#stage?.carrier.stop();
    for (const other of this.#others) await other.stop();
    await this.#started?.stop();
    await this.#database?.drop();
  }

  /** Ends what a test has begun, and looks for numbers in all that anybody was sent. */
  endTest(): void {
    const received = this.#clients.map((client) => JSON.stringify(client.received));
    const faults = this.#clients.flatMap((client) => client.faults);
    for (const client of this.#clients.splice(0)) client.close();
    expect(faults, 'events that are not of the contract').to.deep.equal([]);
    for (const sent of received) expect(sent).not.to.match(CANARY).and.not.to.match(DIAL_CANARY);
    for (const answer of this.#answered) expect(answer).not.to.match(CANARY);
  }

  get stage(): CarrierStage {
    return there(this.#stage, 'a carrier');
  }

  get context(): Context {
    return there(this.#started, 'a service').context;
  }

  get portal(): Portal {
    return there(this.#portal, 'a service');
  }

  get database(): SharedDatabase {
    return there(this.#database, 'a database');
  }

  /** A new project, in whose room both are connected. */
  async line(story: Story = 'talked'): Promise<Line> {
    const { portal } = this;
    const { roomId, buyer } = await this.project(story);
    const [caller, callee] = [await portal.connect('admin'), await portal.connect(buyer)];
    this.#clients.push(caller, callee);
    for (const client of [caller, callee]) await client.call('room.join', { roomId });
    return { roomId, buyer, caller, callee };
  }

  /** A new project whose buyer can be reached at the number with which a call ends so. */
  async project(story: Story = 'talked'): Promise<Pick<Line, 'roomId' | 'buyer'>> {
    const { portal } = this;
    const buyer = { sub: `buyer-${randomUUID().slice(0, 8)}`, side: 'buyer', org: 'buyers', name: 'Bao' } as const;
    const { roomId } = await portal.call('service', 'project.create', {
      orderId: randomUUID(),
      productId: 'website',
      buyer: { id: buyer.sub, org: buyer.org, name: buyer.name, contact: { phone: calleeNumber(story).reveal() } },
    });
    return { roomId, buyer };
  }

  async place({ roomId, buyer, caller }: Line, more: Partial<CommandInput<'call.place'>> = {}): Promise<Call> {
    const { call } = await caller.call('call.place', { roomId, to: buyer.sub, ...more });
    this.#answered.push(JSON.stringify(call));
    return call;
  }

  async cancel({ roomId }: Line, callId: string, client: TestClient): Promise<Call> {
    const { call } = await client.call('call.cancel', { roomId, callId });
    this.#answered.push(JSON.stringify(call));
    return call;
  }

  /** A call as somebody is answered. */
  async listed({ roomId }: Line, callId: string, client: TestClient): Promise<Call> {
    const { items } = await client.call('call.list', { roomId });
    this.#answered.push(JSON.stringify(items));
    return there(
      items.find(({ id }) => id === callId),
      'such a call in the list',
    );
  }

  /** Sends a request to the service, or to another server. */
  async tell({ url, headers, body }: CallbackRequest, method = 'POST', server = this.portal.url): Promise<Told> {
    const response = await fetch(`${server}${url}`, {
      method,
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...(method === 'GET' ? {} : { body: Uint8Array.from(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const told = {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      body: await response.text(),
    };
    this.#answered.push(JSON.stringify([told, ...response.headers]));
    return told;
  }

  /** Posts what a carrier tells, one after the other; each is taken. */
  async tellAll(requests: readonly CallbackRequest[]): Promise<void> {
    for (const request of requests) expect(await this.tell(request)).to.include({ status: 200 });
  }

  /** Lets a story happen to a call, from its beginning to its end. */
  async happens(callId: string, story: Story): Promise<void> {
    if (this.#stage !== undefined) {
      await this.tellAll(this.#stage.callbacks(callId, story));
      return;
    }
    // A phone rings for half a minute, and two talk for half a minute.
    for (let second = 0; second < 70; second++) {
      this.clock.advance(1000);
      await this.context.calls.idle();
    }
  }

  /** Moves the clock, and lets what is due be done. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.context.sweeps.calls();
    await this.context.calls.idle();
    await this.context.sweeps.callEnds();
  }

  /** What the service has logged as a fault of its own: the levels of pino from "error" on. */
  get faults(): string[] {
    return this.log.filter((line) => /"level":[56]0/.test(line));
  }

  /** Everything that is stored, logged and counted, as text. */
  async written(): Promise<string> {
    const metrics = await (await fetch(`${this.portal.url}/metrics`)).text();
    return [await this.database.dump(), ...this.log, metrics].join('\n');
  }
}

/** Starts it before the file's tests and stops it after them; after each test nothing that anybody was sent may hold a number. */
export function callSuite(
  open: (() => Promise<CarrierStage>) | undefined,
  env: Readonly<Record<string, string>> = {},
): CallSuite {
  const suite = new CallSuite();
  before(async () => {
    await suite.start(open, env);
  });
  afterEach(() => suite.endTest());
  after(() => suite.stop());
  return suite;
}

/** The facts of a call that have reached somebody, in their order. */
export function factsOf(client: TestClient, callId: string): CallFact[] {
  const facts: CallFact[] = [];
  for (const entry of client.all('entry')) {
    if (entry.kind === 'call' && isCallFact(entry.body) && entry.body.callId === callId) facts.push(entry.body);
  }
  return facts;
}

/** A call as somebody who follows its room has it. */
export const seen = (client: TestClient, callId: string): FoldedCall | undefined =>
  foldCalls(factsOf(client, callId)).get(callId);

/** The states in which somebody has seen a call. */
export function statesOf(client: TestClient, callId: string): string[] {
  const facts = factsOf(client, callId);
  return facts.map((_fact, index) => foldCalls(facts.slice(0, index + 1)).get(callId)?.state ?? 'none');
}

/** Resolves when somebody has seen a call come to a state. */
export async function sees(client: TestClient, callId: string, state: FoldedCall['state']): Promise<FoldedCall> {
  await until(`the call is seen ${state}`, () => seen(client, callId)?.state === state);
  return there(seen(client, callId), 'a call');
}

function there<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}
