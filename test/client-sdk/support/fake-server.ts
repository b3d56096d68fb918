import type { Connection, ConnectionAuth, ConnectionListener, Transport } from '../../../client-sdk/index.ts';
import type { Entry, EventEntry, MessageEntry } from '../../../shared/contract/entries.ts';
import { RoomError, type WireError } from '../../../shared/contract/errors.ts';
import type { ServerEventName, ServerEvents } from '../../../shared/contract/events.ts';
import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import type { Project } from '../../../shared/contract/projects.ts';
import { CATCH_UP_MAX } from '../../../shared/contract/limits.ts';
import type { Person } from '../../../shared/contract/primitives.ts';
import type { Room } from '../../../shared/contract/rooms.ts';

export const ROOM = 'room-1';
export const ANN: Person = { userId: 'ann', name: 'Ann', side: 'buyer', org: 'acme' };
export const BOB: Person = { userId: 'bob', name: 'Bob', side: 'provider', org: 'studio' };

/** What happens to a command: obeyed and answered, obeyed with its ack lost, lost itself, held until released, or refused. */
export type Fate = 'answer' | 'loseAck' | 'loseRequest' | 'hold' | WireError;

/** What is on its way to one client, in the order of sending. */
export interface Delivery {
  readonly name: string;
  readonly deliver: () => void;
  readonly isEvent: boolean;
}

type Input = { [field: string]: unknown };

/** An unsigned token that says who its bearer is. */
export function tokenOf({ userId, ...person }: Person, more: object = {}): string {
  const claims = Buffer.from(JSON.stringify({ sub: userId, ...person, ...more })).toString('base64url');
  return `head.${claims}.signature`;
}

/** A message as it now stands, and edits of recalled messages without their wording: what a later read gives. */
export function readView(raw: readonly Entry[]): Entry[] {
  const recalls = new Map(raw.flatMap((e) => (e.kind === 'recall' ? [[e.body.entryId, e] as const] : [])));
  return raw.map((entry): Entry => {
    if (entry.kind === 'edit' && recalls.has(entry.body.entryId))
      return { ...entry, body: { entryId: entry.body.entryId } };
    if (entry.kind !== 'message') return entry;
    const edit = raw.findLast((e) => e.kind === 'edit' && e.body.entryId === entry.id);
    const recall = recalls.get(entry.id);
    const { text, ...body } = entry.body;
    const wording = edit?.kind === 'edit' ? edit.body.text : text;
    return {
      ...entry,
      ...(edit ? { editedAt: edit.at } : {}),
      ...(recall ? { recalledAt: recall.at } : {}),
      body: recall || wording === undefined ? body : { ...body, text: wording },
    };
  });
}

export class FakeConnection implements Connection {
  readonly auth: ConnectionAuth;
  readonly listener: ConnectionListener;
  readonly #server: FakeServer;
  readonly queue: Delivery[] = [];
  readonly joined = new Set<string>();
  closed = false;

  constructor(server: FakeServer, auth: ConnectionAuth, listener: ConnectionListener) {
    this.#server = server;
    this.auth = auth;
    this.listener = listener;
  }

  get userId(): string {
    const claims = JSON.parse(Buffer.from(this.auth.token.split('.')[1] as string, 'base64url').toString()) as {
      sub: string;
    };
    return claims.sub;
  }

  emit(name: string, input: unknown, ack: (answer: unknown) => void): void {
    if (!this.closed) this.#server.commandCame(this, name, structuredClone(input) as Input, ack);
  }

  close(): void {
    this.closed = true;
    this.queue.length = 0;
  }

  /** Puts something on the way to the client. */
  push(delivery: Delivery): void {
    if (this.closed) return;
    this.queue.push(delivery);
    if (this.#server.automatic) queueMicrotask(() => this.deliver());
  }

  deliver(at = 0): void {
    const [delivery] = this.queue.splice(at, 1);
    delivery?.deliver();
  }

  send<Name extends ServerEventName>(name: Name, payload: ServerEvents[Name]): void {
    const copy = structuredClone(payload);
    this.push({ name, isEvent: true, deliver: () => this.listener.event(name, copy) });
  }

  /** The connection breaks. */
  drop(): void {
    if (this.closed) return;
    this.close();
    this.listener.lost('transport close');
  }
}

/** A server in memory behind a scripted transport: the truth that clients are compared with. */
export class FakeServer implements Transport {
  readonly streams = new Map<string, Entry[]>([
    ['public', []],
    ['provider', []],
  ]);
  readonly connections: FakeConnection[] = [];
  readonly log: { name: string; input: Input }[] = [];
  readonly marks = new Map<string, number>();
  online: Person[] = [ANN, BOB];
  members: Person[] = [ANN, BOB];
  project: Project | undefined;
  opportunity: Opportunity | undefined;
  /** How it obeys commands that it does not know by itself; one that throws a RoomError refuses. */
  readonly obeys = new Map<string, (input: Input) => unknown>();
  side: Person['side'] = ANN.side;
  /** Entries up to this seq are not for the reader: a join and a page leave them out. */
  floor = 0;
  /** The streams that a joiner may write into; every one unless given. */
  canWrite: string[] | undefined;
  /** When false, nothing reaches a client before the test delivers it. */
  automatic = true;
  reachable = true;
  /** An answer to the handshake instead of a connection. */
  refusal: ((auth: ConnectionAuth) => WireError | undefined) | undefined;
  fate: (name: string, input: Input) => Fate = () => 'answer';
  /** What becomes of an event on its way to a connection. */
  losesEvent: (name: ServerEventName, payload: unknown) => boolean = () => false;
  readonly #held: (() => void)[] = [];
  #ids = 0;
  #at = Date.UTC(2026, 10, 2, 1, 0, 0);

  connect(_url: string, auth: ConnectionAuth, listener: ConnectionListener): Connection {
    const connection = new FakeConnection(this, auth, listener);
    this.connections.push(connection);
    queueMicrotask(() => {
      if (connection.closed) return;
      const error = this.reachable ? this.refusal?.(auth) : undefined;
      if (this.reachable && !error) return listener.opened();
      connection.closed = true;
      listener.refused(error, 'refused');
    });
    return connection;
  }

  /** The connection that is open now. */
  get line(): FakeConnection {
    const open = this.connections.filter(({ closed }) => !closed);
    if (open.length !== 1) throw new Error(`${open.length} connections are open`);
    return open[0] as FakeConnection;
  }

  raw(stream: string): Entry[] {
    const entries = this.streams.get(stream);
    if (!entries) throw new Error(`no stream ${stream}`);
    return entries;
  }

  count(name: string): number {
    return this.log.filter((call) => call.name === name).length;
  }

  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  post(
    text: string,
    { stream = 'public', by = BOB, clientId }: { stream?: string; by?: Person; clientId?: string } = {},
  ) {
    const entry = {
      ...this.#next(stream, by),
      kind: 'message' as const,
      body: { text },
      ...(clientId ? { clientId } : {}),
    };
    return this.append(entry);
  }

  edit(original: Entry, text: string): Entry {
    const author = { ...original.actor, userId: original.actor.id } as Person;
    return this.append({
      ...this.#next(original.stream, author),
      kind: 'edit',
      body: { entryId: original.id, text },
    });
  }

  recall(original: Entry): Entry {
    const author = { ...original.actor, userId: original.actor.id } as Person;
    return this.append({ ...this.#next(original.stream, author), kind: 'recall', body: { entryId: original.id } });
  }

  /** Somebody is put into the room: first it is so, then it is told. */
  addMember(member: Person): Entry {
    this.members = [...this.members, member];
    return this.append({ ...this.#next('public', BOB), kind: 'notice', body: { event: 'member.added', member } });
  }

  /** The service writes what has happened. */
  tellFact({ kind, body }: Pick<EventEntry, 'kind' | 'body'>, stream: string, by: Person): Entry {
    return this.append({ ...this.#next(stream, by), kind, body });
  }

  /** The project goes on: first it is so, then it is told. */
  projectBecomes(change: Partial<Project>): Project {
    if (this.project === undefined) throw new Error('the room has no project');
    this.project = { ...this.project, version: this.project.version + 1, ...change };
    this.tell('project', this.project);
    return this.project;
  }

  /** The opportunity goes on: first it is so, then it is told. */
  opportunityBecomes(change: Partial<Opportunity>): Opportunity {
    if (this.opportunity === undefined) throw new Error('the room has no opportunity');
    this.opportunity = { ...this.opportunity, version: this.opportunity.version + 1, ...change };
    this.tell('opportunity', this.opportunity);
    return this.opportunity;
  }

  append<E extends Entry>(entry: E): E {
    this.raw(entry.stream).push(entry);
    this.tell('entry', entry);
    return entry;
  }

  /** Sends an event to whoever has joined the room. */
  tell<Name extends ServerEventName>(name: Name, payload: ServerEvents[Name]): void {
    for (const connection of this.connections) {
      if (connection.closed || !connection.joined.has(ROOM) || this.losesEvent(name, payload)) continue;
      connection.send(name, payload);
    }
  }

  room(): Room {
    const streams = [...this.streams].map(([stream, entries]) => ({ stream, head: entries.length }));
    const { project, opportunity, members } = this;
    const room = { id: ROOM, title: 'A shop', streams, members };
    if (opportunity !== undefined) return { ...room, kind: 'opportunity', status: opportunity.status, opportunity };
    return { ...room, kind: 'project', status: 'executing', ...(project === undefined ? {} : { project }) };
  }

  commandCame(connection: FakeConnection, name: string, input: Input, ack: (answer: unknown) => void): void {
    this.log.push({ name, input });
    const fate = this.fate(name, input);
    if (fate === 'loseRequest') return;
    const answer = () => {
      if (connection.closed) return;
      const result = typeof fate === 'object' ? { ok: false, error: fate } : this.#obey(connection, name, input);
      if (fate === 'loseAck') return;
      const copy: unknown = structuredClone(result);
      connection.push({ name, isEvent: false, deliver: () => ack(copy) });
    };
    if (fate === 'hold') this.#held.push(answer);
    else answer();
  }

  #next(stream: string, { userId, name, side, org }: Person) {
    this.#at += 1000;
    return {
      id: `entry-${++this.#ids}`,
      roomId: ROOM,
      stream,
      seq: this.raw(stream).length + 1,
      at: new Date(this.#at).toISOString(),
      actor: { id: userId, name, side, ...(org ? { org } : {}) },
    };
  }

  #obey(connection: FakeConnection, name: string, input: Input): unknown {
    const stream = typeof input['stream'] === 'string' ? input['stream'] : 'public';
    const notFound = { ok: false, error: { code: 'not_found', message: 'No such room' } };
    if ('roomId' in input && input['roomId'] !== ROOM) return notFound;
    if (input['stream'] !== undefined && !this.streams.has(stream)) return notFound;
    switch (name) {
      case 'room.join':
        return this.#join(connection, input);
      case 'room.leave':
        connection.joined.delete(ROOM);
        return { ok: true, data: {} };
      case 'room.get':
        return { ok: true, data: { room: this.room(), me: this.#me() } };
      case 'entry.fetch':
        return { ok: true, data: this.#fetch(stream, input) };
      case 'read.mark': {
        const key = `${connection.userId} ${stream}`;
        const seq = Math.max(this.marks.get(key) ?? 0, input['seq'] as number);
        this.marks.set(key, seq);
        const unread = this.raw(stream).filter((e) => e.seq > seq && e.actor.id !== connection.userId).length;
        return { ok: true, data: { seq, unread } };
      }
      case 'message.send':
        return this.#send(connection, stream, input);
      case 'opportunity.revoke':
        return { ok: true, data: { opportunity: this.opportunityBecomes({ status: 'revoked', actions: [] }) } };
      case 'project.get':
        return { ok: true, data: { project: this.project } };
      case 'opportunity.get':
        return { ok: true, data: { opportunity: this.opportunity } };
      case 'node.act':
        return this.#act(input);
      case 'project.pause':
        return { ok: true, data: { project: this.projectBecomes({ status: 'paused' }) } };
      case 'call.list':
        return { ok: true, data: this.obeys.get(name)?.(input) ?? { items: [] } };
      default:
        try {
          return { ok: true, data: this.obeys.get(name)?.(input) ?? {} };
        } catch (error) {
          if (error instanceof RoomError) return { ok: false, error: error.toWire() };
          throw error;
        }
    }
  }

  /** Compare-and-set on the visit; what is done at a node leads to its next visit. */
  #act(input: Input): unknown {
    const nodes = this.project?.nodes ?? [];
    const node = nodes.find(({ id }) => id === input['nodeId']);
    if (node?.visit !== input['visit']) return { ok: false, error: { code: 'conflict', message: 'Too late' } };
    const next = nodes.map((one) => (one.id === node?.id ? { ...one, visit: one.visit + 1 } : one));
    return { ok: true, data: { project: this.projectBecomes({ nodes: next }) } };
  }

  #me() {
    return { side: this.side, canWrite: this.canWrite ?? [...this.streams.keys()] };
  }

  #join(connection: FakeConnection, input: Input): unknown {
    connection.joined.add(ROOM);
    const since = input['since'] as Record<string, number> | undefined;
    const limit = (input['limit'] as number | undefined) ?? 50;
    const streams = [...this.streams].map(([stream, raw]) => {
      const view = readView(raw).filter(({ seq }) => seq > this.floor);
      const after = since?.[stream];
      const missed = after === undefined ? view.slice(-limit) : view.filter(({ seq }) => seq > after);
      const entries = missed.slice(0, CATCH_UP_MAX);
      return { stream, head: raw.length, entries, truncated: entries.length < missed.length };
    });
    const me = this.#me();
    return { ok: true, data: { room: this.room(), me, streams, online: this.online } };
  }

  #fetch(stream: string, input: Input): unknown {
    const raw = this.raw(stream);
    const { after, before } = input as { after?: number; before?: number };
    const limit = (input['limit'] as number | undefined) ?? 50;
    const view = readView(raw).filter(({ seq }) => seq > this.floor);
    const entries =
      after === undefined
        ? view.filter(({ seq }) => seq < (before ?? Number.POSITIVE_INFINITY)).slice(-limit)
        : view.filter(({ seq }) => seq > after).slice(0, limit);
    return { entries, head: raw.length };
  }

  #send(connection: FakeConnection, stream: string, input: Input): unknown {
    const { clientId, text } = input as { clientId: string; text: string };
    const known = readView(this.raw(stream)).find(
      (e) => e.kind === 'message' && e.clientId === clientId && e.actor.id === connection.userId,
    );
    if (known) return { ok: true, data: { entry: known, duplicate: true } };
    const by = connection.userId === ANN.userId ? ANN : BOB;
    const entry: MessageEntry = this.post(text, { stream, by, clientId });
    return { ok: true, data: { entry, duplicate: false } };
  }
}
