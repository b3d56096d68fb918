import { io, type Socket } from 'socket.io-client';
import { events, type ServerEventName, type ServerEvents } from '../../shared/contract/events.ts';
import type { WireError } from '../../shared/contract/errors.ts';
import {
  type CommandInput,
  type CommandName,
  type CommandOutput,
  commands,
  isCommandName,
} from '../../shared/contract/registry.ts';
import { look } from './number-net.ts';

/** How long anything may take before a test says what it waited for. */
const DEADLINE_MS = 30_000;

export type Answer<Name extends CommandName = CommandName> =
  | { ok: true; data: CommandOutput<Name> }
  | { ok: false; error: WireError };

/** An error answer, as something that a test can throw or look into. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: WireError['code'];
  readonly error: WireError;

  constructor(command: string, error: WireError) {
    super(`${command} was refused: ${error.code} ${error.message} ${JSON.stringify(error.details ?? null)}`);
    this.code = error.code;
    this.error = error;
  }
}

/** The connection ended before the answer came: whether the command was obeyed is not known. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';

  constructor(command: string) {
    super(`the connection ended before the answer to ${command}`);
  }
}

/** One event as it arrived. */
export interface Received {
  name: ServerEventName;
  payload: unknown;
}

interface Waiter {
  test(received: Received): boolean;
  resolve(received: Received): void;
}

/** A raw Socket.IO client: no SDK, no repair. It keeps every event, and checks each against the contract as it arrives. */
export class TestClient {
  readonly socket: Socket;
  /** Everything that arrived, in its order. */
  readonly received: Received[] = [];
  /** What arrived and is not of the contract. */
  readonly faults: string[] = [];
  readonly #waiters = new Set<Waiter>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.onAny((name: string, payload: unknown) => this.#take(name, payload));
    // Of services in processes of their own, too.
    socket.io.on('open', () =>
      socket.io.engine.on('packet', ({ data }: { data?: unknown }) => {
        if (typeof data === 'string') look('what a client was sent', data);
      }),
    );
  }

  /** Connects; rejects with `Refused` where the handshake is refused. */
  static async connect(
    url: string,
    token: string,
    options: { transports?: ('websocket' | 'polling')[] } = {},
  ): Promise<TestClient> {
    const socket = io(url, {
      auth: { token, v: 1 },
      transports: options.transports ?? ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    const client = new TestClient(socket);
    try {
      await within(
        new Promise<void>((resolve, reject) => {
          socket.once('connect', () => resolve());
          socket.once('connect_error', (error: Error & { data?: WireError }) =>
            reject(error.data === undefined ? error : new Refused('connect', error.data)),
          );
        }),
        'the connection',
      );
    } catch (error) {
      socket.disconnect();
      throw error;
    }
    return client;
  }

  /** Calls a command and gives the answer as it came, its data checked against the contract. */
  async answer<Name extends CommandName>(name: Name, input?: unknown): Promise<Answer<Name>> {
    const answer = await within(
      new Promise<Answer<Name>>((resolve, reject) => {
        const lost = () => reject(new ConnectionLost(name));
        this.socket.once('disconnect', lost);
        this.socket.emit(name, input, (given: Answer<Name>) => {
          this.socket.off('disconnect', lost);
          resolve(given);
        });
      }),
      `the answer to ${name}`,
    );
    if (answer.ok && isCommandName(name)) commands[name].output.parse(answer.data);
    return answer;
  }

  /** Calls a command and gives its data. @throws {Refused} */
  async call<Name extends CommandName>(name: Name, input: CommandInput<Name>): Promise<CommandOutput<Name>> {
    const answer = await this.answer(name, input);
    if (answer.ok) return answer.data;
    throw new Refused(name, answer.error);
  }

  /** The next such event from now on. Register it before you act. */
  next<Name extends ServerEventName>(
    name: Name,
    matches: (payload: ServerEvents[Name]) => boolean = () => true,
  ): Promise<ServerEvents[Name]> {
    const payloadOf = (received: Received) => received.payload as ServerEvents[Name];
    let waiter: Waiter | undefined;
    const arrived = new Promise<ServerEvents[Name]>((resolve) => {
      waiter = {
        test: (received) => received.name === name && matches(payloadOf(received)),
        resolve: (received) => resolve(payloadOf(received)),
      };
      this.#waiters.add(waiter);
    });
    const awaited = within(arrived, `the event ${name}`).finally(() => {
      if (waiter !== undefined) this.#waiters.delete(waiter);
    });
    // A test that fails earlier never awaits it.
    awaited.catch(() => undefined);
    return awaited;
  }

  /** Every such event that has arrived. */
  all<Name extends ServerEventName>(name: Name): ServerEvents[Name][] {
    return this.received.filter((one) => one.name === name).map(({ payload }) => payload as ServerEvents[Name]);
  }

  /** Resolves when everything that the server had sent before has arrived: the answer to a call comes after it on the same connection. */
  async flush(): Promise<void> {
    await this.answer('room.list', { limit: 1 });
  }

  /** Resolves when the server has ended the connection. */
  disconnected(): Promise<void> {
    if (!this.socket.connected) return Promise.resolve();
    return within(
      new Promise<void>((resolve) => {
        this.socket.once('disconnect', () => resolve());
      }),
      'the end of the connection',
    );
  }

  close(): void {
    this.socket.disconnect();
  }

  /** Ends the connection as a lost network does: no goodbye of the protocol. */
  cut(): void {
    this.socket.io.engine.close();
    this.socket.disconnect();
  }

  #take(name: string, payload: unknown): void {
    const event = Object.hasOwn(events, name) ? events[name as ServerEventName] : undefined;
    const result = event?.payload.safeParse(payload);
    if (event === undefined) this.faults.push(`unknown event ${name}`);
    else if (result?.success !== true) this.faults.push(`${name}: ${result?.error.message ?? ''}`);
    const received: Received = { name: name as ServerEventName, payload };
    this.received.push(received);
    for (const waiter of this.#waiters) if (waiter.test(received)) waiter.resolve(received);
  }
}

/** The same, with a deadline that says what was waited for. */
export async function within<Result>(work: Promise<Result>, what: string, ms = DEADLINE_MS): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again until something holds; for what no event tells of. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = DEADLINE_MS): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** One call over HTTP: the status, and the body as data or as a problem. */
export interface HttpAnswer<Name extends CommandName = CommandName> {
  status: number;
  type: string;
  data?: CommandOutput<Name>;
  problem?: WireError;
}

export async function post<Name extends CommandName>(
  url: string,
  token: string | undefined,
  name: Name,
  input: unknown,
  deadlineMs = DEADLINE_MS,
): Promise<HttpAnswer<Name>> {
  const response = await fetch(`${url}/v1/${name}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(input ?? {}),
    signal: AbortSignal.timeout(deadlineMs),
  });
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  look(`the answer to ${name}`, text);
  const body: unknown = JSON.parse(text);
  if (!response.ok) return { status: response.status, type, problem: body as WireError };
  commands[name].output.parse(body);
  return { status: response.status, type, data: body as CommandOutput<Name> };
}
