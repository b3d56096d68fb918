import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import {
  type Client,
  createClient,
  type LiveRoom,
  type RoomSnapshot,
  socketIoTransport,
} from '../../client-sdk/index.ts';
import type { Calls } from '../../server/calls/calls.ts';
import { flowActorOf } from '../../server/rooms/access.ts';
import type { Call as ShownCall } from '../../shared/contract/calls.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type { CarrierWord } from '../../shared/model/call/call.ts';
import { type CallFact, isCallFact } from '../../shared/model/call/call-fact.ts';
import { callView } from '../../shared/model/call/call-view.ts';
import { foldCalls } from '../../shared/model/call/fold-call.ts';
import { Refused, until, within } from '../support/client.ts';
import { Dice } from '../support/dice.ts';
import { people, type PersonName, type Portal } from '../support/portal.ts';
import { DEMAND } from '../support/two-offices.ts';

/** Every kind of reader: the buyer, who is added and removed by each company, who has the room by their role, and who never has it. */
export const READERS = [
  'buyer',
  'colleague',
  'otherOfOrg',
  'admin',
  'designer',
  'idle',
  'vendor',
  'manager',
  'vendorStaff',
  'operator',
  'stranger',
  'rival',
] as const satisfies readonly PersonName[];
export type Reader = (typeof READERS)[number];

/** What may be read of a project room (domain.md, section 2), written down here once more: this is what the service is held to. */
const READABLE: Readonly<Record<string, readonly string[]>> = {
  buyer: ['public'],
  provider: ['public', 'provider'],
  vendor: ['public', 'provider'],
  operator: ['public', 'provider', 'operator'],
};
export const STREAMS = ['public', 'provider', 'operator'] as const;
/** Who is added and removed. */
export const GUESTS = [
  'colleague',
  'otherOfOrg',
  'designer',
  'idle',
  'stranger',
  'rival',
] as const satisfies readonly Reader[];

/** What only looks. */
export const READINGS = [
  'room.list',
  'room.get',
  'member.list',
  'entry.fetch',
  'project.get',
  'project.list',
  'project.log',
  'project.export',
  'demand.get',
  'queue.list',
  'file.link',
  'call.list',
  'template.get',
  'template.list',
  'calendar.get',
  'staff.list',
  'product.get',
  'product.list',
] as const;
export type Reading = (typeof READINGS)[number];

/** One thing that somebody does, whether they may or not. */
export type Act =
  | { do: 'send'; who: Reader; stream: (typeof STREAMS)[number] }
  | { do: 'edit' | 'recall'; who: Reader; nth: number }
  | { do: 'mark'; who: Reader; stream: (typeof STREAMS)[number]; part: number }
  | { do: 'type'; who: Reader; stream: (typeof STREAMS)[number]; typing: boolean }
  | { do: 'add' | 'remove'; who: Reader; guest: (typeof GUESTS)[number] }
  | { do: 'cut' | 'open' | 'close' | 'refresh'; who: Reader }
  | {
      do: 'read';
      who: Reader;
      name: Reading;
    }
  | { do: 'order' | 'directory' | 'office' }
  | { do: 'active'; active: boolean }
  | { do: 'turn'; who: Reader; nth: number }
  | { do: 'project'; who: Reader; name: (typeof PROJECT_ACTS)[number]; nth: number }
  | { do: 'call'; who: Reader; whom: Reader }
  | { do: 'agree' | 'hang up'; who: Reader }
  /** What a carrier tells of the last call. */
  | { do: 'hear'; word: CarrierWord }
  | { do: 'later'; hours: number };

/** Something to do to the project as a whole. */
export const PROJECT_ACTS = [
  'project.pause',
  'project.resume',
  'project.dispatch',
  'project.changeOperator',
  'project.changeProvider',
  'project.close',
] as const;

/** Staff whom the directory lets work a node: they are in the room as long as they do. */
const WORKERS = ['designer', 'idle'] as const;
const WORKING_ROLES = ['designer', 'account_manager', 'delivery_specialist'] as const;
const PRODUCT = { productId: 'website', name: 'Website', vendorOrg: 'maker', templateId: 'bespoke' };
const HOUR = 3_600_000;
const HERE = [{ org: 'studio', maxLoad: 100_000 }];

/** What a history may be answered with; anything else is a fault. */
const EXPECTED = ['forbidden', 'not_found', 'conflict', 'read_only', 'invalid', 'unauthenticated', 'unavailable'];

export interface LivedRoomParts {
  portal: Portal;
  /** The commands that were obeyed. */
  used: Set<CommandName>;
  hear: Calls['hear'];
}

interface Survivor {
  client: Client;
  room: LiveRoom;
  cut(): void;
}

const LONG_AGO = '2020-01-01T00:00:00.000Z';
/** Of a range that is reserved for examples. */
const PHONES = { given: '+1 202 555 0123', staff: '+1 202 555 0158' } as const;

/** One project's room and everybody who looks at it. */
export class LivedRoom {
  readonly #portal: Portal;
  readonly #used: Set<CommandName>;
  readonly #orderId: string;
  readonly #roomId: string;
  readonly #people = new Map<Reader, Survivor>();
  /** What was written where, each text once. */
  readonly #written = new Map<string, string>();
  readonly #entryIds: string[] = [];
  readonly #hear: Calls['hear'];
  #fileId = 'nothing';
  readonly #callIds: string[] = [];

  private constructor(
    { portal, used, hear }: LivedRoomParts,
    { orderId, roomId }: { orderId: string; roomId: string },
  ) {
    this.#portal = portal;
    this.#used = used;
    this.#hear = hear;
    this.#orderId = orderId;
    this.#roomId = roomId;
  }

  /** The directory of a room in which everything can happen: a flow that is claimed and dispatched. */
  static async furnish(portal: Portal): Promise<void> {
    await portal.seed();
    await portal.call('service', 'product.put', { ...PRODUCT, providers: HERE });
    for (const worker of WORKERS) await putWorker(portal, worker);
  }

  static async open(parts: LivedRoomParts): Promise<LivedRoom> {
    const orderId = randomUUID();
    const house = new LivedRoom(parts, { orderId, roomId: await parts.portal.project(orderId) });
    for (const reader of READERS) house.#people.set(reader, house.#enter(reader));
    await Promise.all([...house.#people.values()].map(({ room }) => room.open().catch(() => undefined)));
    return house;
  }

  async carryOut(one: Act): Promise<void> {
    const roomId = this.#roomId;
    switch (one.do) {
      case 'send': {
        const text = `${one.stream} ${this.#written.size} by ${one.who}`;
        this.#written.set(text, one.stream);
        const { room } = this.#person(one.who);
        if (room.snapshot.streams[one.stream]?.canWrite === true && this.#written.size % 2 === 0) {
          const { settled } = room.send(text, { stream: one.stream });
          settled.then(({ id }) => this.#entryIds.push(id)).catch(() => undefined);
          return;
        }
        const answer = await this.#call(one.who, 'message.send', {
          roomId,
          stream: one.stream,
          clientId: randomUUID(),
          text,
        });
        if (answer !== undefined) this.#entryIds.push(answer.entry.id);
        return;
      }
      case 'edit': {
        const text = `edit ${this.#written.size} by ${one.who}`;
        this.#written.set(text, 'edit');
        await this.#call(one.who, 'message.edit', { roomId, entryId: this.#entryId(one.nth), text });
        return;
      }
      case 'recall':
        await this.#call(one.who, 'message.recall', { roomId, entryId: this.#entryId(one.nth) });
        return;
      case 'mark': {
        const { room } = this.#person(one.who);
        room.markRead(one.stream, Math.floor(one.part * (room.snapshot.streams[one.stream]?.head ?? 0)));
        await this.#call(one.who, 'read.mark', { roomId, stream: one.stream, seq: Math.floor(one.part * 3) });
        return;
      }
      case 'type':
        await this.#call(one.who, 'typing.set', { roomId, stream: one.stream, typing: one.typing });
        return;
      case 'add': {
        const { sub: userId, name } = people[one.guest];
        await this.#call(one.who, 'member.add', { roomId, userId, name });
        return;
      }
      case 'remove':
        await this.#call(one.who, 'member.remove', { roomId, userId: people[one.guest].sub });
        return;
      case 'cut':
        this.#person(one.who).cut();
        return;
      case 'open': {
        const { room, client } = this.#person(one.who);
        client.connect();
        if (this.#isOpen(one.who)) return;
        room.close();
        room.open().catch(() => undefined);
        const decided = () =>
          ['open', 'failed', 'revoked'].includes(room.snapshot.status) || client.state.status === 'failed';
        await until(`${one.who} has opened the room, or cannot`, decided);
        if (this.#isOpen(one.who)) this.#used.add('room.join');
        return;
      }
      case 'close': {
        const { room } = this.#person(one.who);
        room.close();
        this.#used.add('room.leave');
        return;
      }
      case 'refresh':
        await this.#call(one.who, 'auth.refresh', { token: await this.#portal.token(one.who) });
        return;
      case 'read':
        await this.#read(one.who, one.name);
        return;
      case 'order':
        expect(await this.#portal.project(this.#orderId)).to.equal(roomId);
        this.#used.add('project.create');
        return;
      case 'directory':
        await LivedRoom.furnish(this.#portal);
        for (const name of ['org.put', 'staff.put', 'product.put'] as const) this.#used.add(name);
        return;
      case 'office':
        await this.#runOffice();
        return;
      case 'turn':
        await this.#takeTurn(one.who, one.nth);
        return;
      case 'project':
        await this.#actOnProject(one);
        return;
      case 'call': {
        const to = people[one.whom].sub;
        const placed = await this.#call(one.who, 'call.place', { roomId, to, fromNumber: PHONES.given });
        if (placed !== undefined) this.#callIds.push(placed.call.id);
        return;
      }
      case 'agree':
        await this.#call(one.who, 'call.approve', { roomId, callId: this.#callId });
        return;
      case 'hang up':
        await this.#call(one.who, 'call.cancel', { roomId, callId: this.#callId });
        return;
      case 'hear':
        await this.#hear({ callId: this.#callId, word: one.word });
        return;
      case 'later':
        await this.#call('operator', 'clock.advance', { ms: one.hours * HOUR });
        return;
      case 'active':
        // Tokens of long ago, that nobody here holds: who still has access is the directory's word.
        await this.#portal.call('service', 'auth.revoke', { userId: people.idle.sub, issuedBefore: LONG_AGO });
        this.#used.add('auth.revoke');
        await this.activate(one.active);
    }
  }

  /** The directory calls a designer inactive, who then has no access, or active again. */
  async activate(active: boolean): Promise<void> {
    await putWorker(this.#portal, 'idle', active);
    // A refused account is a failure of the connection: the page begins anew when the person tries again.
    if (active) this.#person('idle').client.connect();
  }

  /** Compares every reader at once: what some see of others' coming and going then comes to the same for all. */
  async compare(): Promise<void> {
    const afresh = READERS.map((reader) => [reader, this.#enter(reader)] as const);
    try {
      const opened = await Promise.allSettled(
        afresh.map(([reader, { room }]) => within(room.open(), `${reader} to open the room`)),
      );
      await Promise.all(
        afresh.map(([reader, { room }], index) => {
          const opening = opened[index];
          if (opening?.status === 'fulfilled') return this.#compareWith(reader, room);
          const error: unknown = opening?.reason;
          if (!(error instanceof RoomError) || error.code !== 'not_found') throw error;
          return this.#expectNothing(reader);
        }),
      );
    } finally {
      await Promise.all(afresh.map(([, { client }]) => client.close()));
    }
  }

  async #compareWith(reader: Reader, fresh: LiveRoom): Promise<void> {
    const { room, client } = this.#person(reader);
    client.connect();
    // Who lost the room and came back opens it anew, as a page does.
    if (['revoked', 'failed', 'closed'].includes(room.snapshot.status)) {
      room.close();
      await within(room.open(), `${reader} to open the room again`);
    }
    await within(complete(room), `${reader} to load the history`);
    await within(complete(fresh), `${reader} to load the history afresh`);
    const found = () => differences(shown(room.snapshot), shown(fresh.snapshot)).join('\n');
    await until('they are the same', () => found() === '').catch(() => undefined);
    expect(found(), `${reader}, after it and afresh`).to.equal('');
    this.#expectOnlyTheirs(reader, room.snapshot);
    await this.#compareCalls(reader, room);
  }

  /** What a client folds from the entries is what the service lists: calls go on meanwhile, until they are the same. */
  async #compareCalls(reader: Reader, room: LiveRoom): Promise<void> {
    const roomId = this.#roomId;
    const { name: named, ...who } = people[reader];
    const viewer = flowActorOf({ userId: who.sub, roles: [], ...who, name: named });
    const folded = (): ShownCall[] => {
      const { entries = [], canWrite = false } = room.snapshot.streams['public'] ?? {};
      const facts = entries.flatMap(({ body }): CallFact[] => ('event' in body && isCallFact(body) ? [body] : []));
      return [...foldCalls(facts).values()].map((call) => callView(call, viewer, { canWrite }));
    };
    let listed: readonly ShownCall[] = [];
    const found = () =>
      differences(
        Object.fromEntries(folded().map((call) => [call.id, call])),
        Object.fromEntries(listed.map((call) => [call.id, call])),
      ).join('\n');
    const same = async (): Promise<boolean> => {
      listed = (await this.#call(reader, 'call.list', { roomId, limit: 200 }))?.items ?? [];
      return found() === '';
    };
    await until('they are the same', same).catch(() => undefined);
    expect(found(), `${reader}, calls folded and listed`).to.equal('');
  }

  async #expectNothing(reader: Reader): Promise<void> {
    const { room } = this.#person(reader);
    const lost = () => !['open', 'opening', 'resuming'].includes(room.snapshot.status);
    await until(`${reader} has lost the room`, lost);
    expect(room.snapshot.streams, `${reader} has lost the room`).to.deep.equal({});
    expect(room.snapshot.room, `${reader} has lost the room`).to.equal(undefined);
  }

  async close(): Promise<void> {
    // Their phones are free for the next history.
    for (const callId of this.#callIds) {
      await this.#hear({ callId, word: { type: 'ended', state: 'failed' } });
    }
    // It counts as load until it is over.
    await this.#call('operator', 'project.close', { projectId: this.#roomId, reason: 'Over' });
    await Promise.all([...this.#people.values()].map(({ client }) => client.close()));
  }

  /** No stream, wording or name of what this reader may not read, anywhere in what the client holds. */
  #expectOnlyTheirs(reader: Reader, snapshot: RoomSnapshot): void {
    const readable = READABLE[people[reader].side] ?? [];
    expect(Object.keys(snapshot.streams), `${reader}'s streams`).to.have.members(readable);
    const held = JSON.stringify(snapshot);
    for (const [text, where] of this.#written) {
      if (where !== 'edit' && !readable.includes(where))
        expect(held, `${reader} holds "${text}"`).not.to.include(`"${text}"`);
    }
    for (const { entries } of Object.values(snapshot.streams)) {
      for (const entry of entries) {
        if (entry.recalledAt !== undefined) expect(entry.body, 'a recalled message').not.to.have.property('text');
      }
    }
  }

  #enter(reader: Reader): Survivor {
    const dice = new Dice(READERS.indexOf(reader));
    const lines = new Set<() => void>();
    const inner = socketIoTransport();
    const client = createClient({
      url: this.#portal.url,
      getToken: () => this.#portal.token(reader),
      // Short waits, so that a history is not spent waiting.
      random: () => dice.roll() / 16,
      transport: {
        connect: (url, auth, listener) => {
          const end = () => lines.delete(cut);
          const connection = inner.connect(url, auth, {
            opened: () => listener.opened(),
            event: (name, payload) => listener.event(name, payload),
            refused(error, reason) {
              end();
              listener.refused(error, reason);
            },
            lost(reason) {
              end();
              listener.lost(reason);
            },
          });
          const cut = () => {
            end();
            connection.close();
            listener.lost('cut');
          };
          lines.add(cut);
          return {
            emit: (name, input, ack) => connection.emit(name, input, ack),
            close() {
              end();
              connection.close();
            },
          };
        },
      },
    });
    client.connect();
    const room = client.room(this.#roomId);
    return { client, room, cut: () => [...lines].forEach((cut) => cut()) };
  }

  async #read(reader: Reader, name: Reading): Promise<void> {
    const roomId = this.#roomId;
    const projectId = roomId;
    switch (name) {
      case 'room.list':
      case 'project.list':
      case 'queue.list':
      case 'template.list':
      case 'product.list':
        await this.#call(reader, name, { limit: 3 });
        return;
      case 'project.get':
      case 'project.log':
      case 'demand.get':
        await this.#call(reader, name, { projectId });
        return;
      case 'entry.fetch':
        await this.#call(reader, name, { roomId, stream: 'public', after: 2 });
        return;
      case 'room.get':
      case 'member.list':
      case 'call.list':
        await this.#call(reader, name, { roomId });
        return;
      case 'project.export':
        await this.#call(reader, name, { orderId: this.#orderId });
        return;
      case 'file.link':
        await this.#call(reader, name, { fileId: this.#fileId });
        return;
      case 'template.get':
        await this.#call(reader, name, { templateId: PRODUCT.templateId });
        return;
      case 'calendar.get':
        await this.#call(reader, name, {});
        return;
      case 'staff.list':
        await this.#call(reader, name, { org: 'studio' });
        return;
      case 'product.get':
        await this.#call(reader, name, { productId: PRODUCT.productId });
    }
  }

  /** Does one of the things that this person is offered, or what is not theirs to do. */
  async #takeTurn(reader: Reader, nth: number): Promise<void> {
    const projectId = this.#roomId;
    const shown = await this.#call(reader, 'project.get', { projectId });
    const offered = shown?.project.actions ?? [];
    const { nodeId, visit, action } = offered[nth % Math.max(1, offered.length)] ?? {
      nodeId: 'demand',
      visit: 1,
      action: 'submit' as const,
    };
    const form = action === 'submit' ? { form: DEMAND } : {};
    const files = action === 'upload' ? { files: [await this.#upload(reader)] } : {};
    const reason = action === 'reject' ? { reason: 'Not yet' } : {};
    await this.#call(reader, 'node.act', { projectId, nodeId, visit, action, ...form, ...files, ...reason });
  }

  async #upload(reader: Reader): Promise<string> {
    try {
      const { id } = await this.#portal.upload(reader, { roomId: this.#roomId });
      this.#fileId = id;
    } catch (error) {
      if (!(error instanceof Refused) || !EXPECTED.includes(error.code)) throw error;
    }
    return this.#fileId;
  }

  async #actOnProject({ who, name, nth }: Extract<Act, { do: 'project' }>): Promise<void> {
    const projectId = this.#roomId;
    const remark = 'As agreed';
    const userId = people[WORKERS[nth % WORKERS.length] ?? 'idle'].sub;
    switch (name) {
      case 'project.pause':
      case 'project.resume':
        await this.#call(who, name, { projectId });
        return;
      case 'project.dispatch':
        await this.#call(who, name, { projectId, userId });
        return;
      case 'project.changeOperator':
        await this.#call(who, name, { projectId, userId, remark });
        return;
      case 'project.changeProvider': {
        // Orders go to the one, so that every history begins in the same company.
        const away = { org: 'rivals', maxLoad: 100_000 };
        await this.#portal.call('service', 'product.put', { ...PRODUCT, providers: [...HERE, away] });
        await this.#call(who, name, { projectId, org: nth % 2 === 0 ? 'rivals' : 'studio', remark });
        await this.#portal.call('service', 'product.put', { ...PRODUCT, providers: HERE });
        return;
      }
      case 'project.close':
        await this.#call(who, name, { projectId, reason: remark });
    }
  }

  /** What the platform's people and a company's admin look after, beside any room. */
  async #runOffice(): Promise<void> {
    const nodes = [{ id: 'end', type: 'finish' as const, name: 'End', side: 'buyer' as const }];
    const made = await this.#call('operator', 'template.create', { name: 'Short', nodes });
    if (made !== undefined) {
      const templateId = made.template.id;
      await this.#call('operator', 'template.update', { templateId, name: 'Shorter' });
      await this.#call('operator', 'template.publish', { templateId });
      await this.#call('operator', 'template.copy', { templateId, name: 'Shortest' });
    }
    const holidays = [{ name: { zh: '元旦', en: 'New Year' }, from: '2150-01-01', to: '2150-01-01' }];
    await this.#call('operator', 'calendar.extend', { year: 2150, holidays, workdays: [] });
    const { sub: userId } = people.inactive;
    await this.#call('admin', 'staff.update', { userId, accepting: false });
  }

  /** Calls as this person; what was obeyed is noted, and a refusal is an answer like any other. */
  async #call<Name extends CommandName>(
    reader: Reader,
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name> | undefined> {
    try {
      const output = await this.#person(reader).client.call(name, input);
      this.#used.add(name);
      return output;
    } catch (error) {
      if (error instanceof RoomError && EXPECTED.includes(error.code)) return undefined;
      throw error;
    }
  }

  #isOpen(reader: Reader): boolean {
    return this.#person(reader).room.snapshot.status === 'open';
  }

  #entryId(nth: number): string {
    return this.#entryIds[nth % Math.max(1, this.#entryIds.length)] ?? 'nothing';
  }

  get #callId(): string {
    return this.#callIds.at(-1) ?? 'nothing';
  }

  #person(reader: Reader): Survivor {
    const survivor = this.#people.get(reader);
    if (survivor === undefined) throw new Error(`nobody is called ${reader}`);
    return survivor;
  }
}

async function putWorker(portal: Portal, worker: (typeof WORKERS)[number], active = true): Promise<void> {
  const { sub: userId, org, name } = people[worker];
  const roles = [...WORKING_ROLES];
  await portal.call('service', 'staff.put', { userId, org, name, roles, maxLoad: 50, active, phone: PHONES.staff });
}

/** What a reader is shown, without what only a live connection tells: typing marks, and how far others have read. */
export function shown({ status, room, me, project, opportunity, streams, online }: RoomSnapshot): unknown {
  const { streams: _heads, members, ...rest } = room ?? { streams: [], members: [] };
  return {
    status,
    room: rest,
    members: members.toSorted((a, b) => (a.userId < b.userId ? -1 : 1)),
    me,
    project,
    opportunity,
    online: online.map(({ side, userId }) => `${side}:${userId}`).toSorted(),
    streams: Object.values(streams).map(({ stream, head, entries, unread, readSeq, canWrite, hasOlder, gap }) => ({
      stream,
      head,
      entries,
      unread,
      readSeq,
      canWrite,
      hasOlder,
      gap,
    })),
  };
}

/** Loads the history down to its beginning. */
export async function complete(room: LiveRoom): Promise<void> {
  await until('the room is open', () => room.snapshot.status === 'open');
  for (const stream of Object.keys(room.snapshot.streams)) while (await room.older(stream));
}

/** Where two values differ, as sentences: a failure of a long history has to be read. */
export function differences(a: unknown, b: unknown, path = ''): string[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return [`${path}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`];
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
    differences(left.get(key), right.get(key), `${path}/${key}`),
  );
}
