import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import mongoose, { mongo } from 'mongoose';
import { startWorker, type Worker } from '../../jobs/worker.ts';
import { DEMO_VAULT_KEY, readSettings } from '../../server/app/settings.ts';
import type { Sweeps } from '../../server/delivery/sweeps.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { type CommandName, commandNames } from '../../shared/contract/registry.ts';
import type { TestClient } from '../support/client.ts';
import { until } from '../support/client.ts';
import { getFile } from '../support/files.ts';
import { OpportunityRooms } from '../support/opportunity-rooms.ts';
import { message, people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { everyCommandOfCalls, fillCalls } from './call-queries.ts';
import { everyCommandOfDemands, fillDemands, seedDemands } from './opportunity-queries.ts';

/** A query of the service, without its values: what decides how it is planned. */
interface Query {
  collection: string;
  filter: mongo.Document;
  sort?: mongo.Document;
}

/** Text up to its second chunk. */
const brokenText = Buffer.concat([Buffer.alloc(300_000, 'a'), Buffer.from([0])]);

/** Documents that make a scan expensive enough for any planner to avoid it. */
const FILL = 2_000;
const IDLE: Sweeps = {
  timeouts: () => Promise.resolve(0),
  providerQueue: () => Promise.resolve(0),
  staffQueue: () => Promise.resolve(0),
  provisional: () => Promise.resolve(0),
  calls: () => Promise.resolve(0),
  callEnds: () => Promise.resolve(0),
  nextCallAt: () => Promise.resolve(null),
  numbers: () => Promise.resolve(0),
  recordings: () => Promise.resolve(0),
  plaza: () => Promise.resolve(0),
  nextDueAt: () => Promise.resolve(null),
};
/** A newer one comes first: the upkeep of the vault has numbers to move. */
const VAULT_KEYS = `next:${Buffer.alloc(32, 'next').toString('base64')},demo:${DEMO_VAULT_KEY.key}`;
const CENTURY_MS = 36_525 * 86_400_000;

describe('No query of the service scans a collection', () => {
  let database: SharedDatabase;
  let server: TestService;
  let worker: Worker;
  const demands = new OpportunityRooms(
    () => portal,
    () => server.context,
  );
  let portal: Portal;
  const queries = new Map<string, Query>();
  const seen = new Set<string>();

  before(async () => {
    database = await createSharedDatabase();
    // A first server makes the indexes and a little history; a second one starts on what is there by then.
    const first = await startTestService({ database });
    portal = new Portal(first.service.url);
    await portal.seed();
    await portal.call('service', 'staff.put', {
      userId: 'gone',
      org: 'studio',
      name: 'Gone',
      roles: ['tester'],
      maxLoad: 1,
      active: false,
    });
    const here = { userId: 'here', org: 'studio', name: 'Here', maxLoad: 1 };
    await portal.call('service', 'staff.put', { ...here, roles: ['tester'], phone: '+1 202 555 0158' });
    const roomId = await portal.project();
    const { entry } = await portal.call('buyer', 'message.send', message(roomId, 'recalled'));
    await portal.call('buyer', 'message.recall', { roomId, entryId: entry.id });
    await portal.upload('buyer', { roomId });
    await seedDemands(portal);
    await first.stop();
    await fill(database);
    await fillDemands(database, FILL);
    await fillCalls(database, FILL);
    const uri = `${database.uri}${database.uri.includes('?') ? '&' : '?'}monitorCommands=true`;
    const listening = listen();
    server = await startTestService({
      database: { ...database, env: { ...database.env, MONGODB_URI: uri } },
      env: { DEMO: '1', RATE_LIMIT_FACTOR: '100', VAULT_KEYS },
    });
    // What sweeps ask is asked by the commands too: the jobs' own queries are those that find their turns.
    worker = await startWorker(readSettings({ MONGODB_URI: uri, VAULT_KEYS }), {
      log: createLog('silent'),
      sweeps: () => IDLE,
    });
    listening();
    portal = new Portal(server.service.url);
  });
  after(async () => {
    portal.close();
    await worker.stop();
    await server.stop();
    await database.drop();
  });

  /** Notes every query of connections that are opened from now on, until the returned function is called. */
  function listen(): () => void {
    const onCreate = (connection: mongoose.Connection) => {
      connection.once('connected', () => {
        connection.getClient().on('commandStarted', ({ commandName, command }: mongo.CommandStartedEvent) => {
          seen.add(commandName);
          for (const query of queriesOf(commandName, command)) queries.set(shapeOf(query), query);
        });
      });
    };
    // An emitter of mongoose's own for plugins; its types leave it out.
    const { events } = mongoose as typeof mongoose & { events: EventEmitter };
    events.on('createConnection', onCreate);
    return () => events.off('createConnection', onCreate);
  }

  it('over a run of every command, of a start, and of what runs by itself', async () => {
    const roomId = await portal.project();
    const buyer = await portal.connect('buyer');
    const outside = await portal.connect('vendor');
    let told: Promise<unknown> = Promise.resolve();
    const calls = everyCommand(buyer, roomId);
    expect(new Set(Object.keys(calls))).to.deep.equal(new Set(commandNames));
    for (const [name, run] of Object.entries(calls)) {
      if (name === 'message.send') told = outside.next('inbox');
      await run();
    }
    await told;
    // What waits of the activity, and a demand's own changes.
    await demands.grab(await demands.publish(), 'orchid');
    await server.context.activity.flush();
    // What was spoken in a call is copied once it is over.
    await server.context.recordings?.want({ callId: 'recorded', recording: 'sim-recorded' }, { roomId });
    expect(await server.context.sweeps.recordings()).to.equal(1);
    // Whoever reads the metrics asks the database too.
    await (await fetch(`${portal.url}/metrics`)).text();
    // The feeds of changes, the outbox and the streams of other servers are looked at by timers.
    await until(
      'every background query has run',
      () => [...queries.keys()].filter((shape) => /changedAt|outbox|\$or.*seq/.test(shape)).length >= 4,
      60_000,
    );
    expect(queries.size).to.be.greaterThan(30);
    expect(new Set([...queries.values()].map(({ collection }) => collection))).to.include.members([
      'jobs',
      'clock',
      'numbers',
      'vaultSecrets',
      'phoneCodes',
      'codeCounts',
      'calls',
      'callDays',
    ]);
    expect([...seen]).to.include.members(['find', 'aggregate', 'update', 'findAndModify', 'insert']);
    const scans: string[] = [];
    for (const [shape, query] of queries) {
      const stages = await stagesOf(database, query);
      // A list or a page that is sorted after it was read grows with what is stored, not with what is shown.
      if (
        stages.includes('COLLSCAN') ||
        stages.includes('SORT') ||
        !stages.some((stage) => /IXSCAN|IDHACK|EOF/.test(stage))
      )
        scans.push(`${shape}: ${stages.join(' < ')}`);
    }
    expect(scans).to.deep.equal([]);
  });

  it('and a scan would be seen', async () => {
    const stages = await stagesOf(database, { collection: 'entries', filter: { 'body.text': 'x' } });
    expect(stages).to.include('COLLSCAN');
  });

  /** Every command at least once, with the variants that are queried differently. */
  function everyCommand(client: TestClient, roomId: string): Record<CommandName, () => Promise<unknown>> {
    const each =
      (...runs: (() => Promise<unknown>)[]) =>
      async () => {
        for (const run of runs) await run();
      };
    const step = { type: 'finish', name: 'Done' } as const;
    const copied = async () =>
      (await portal.call('vendor', 'template.copy', { templateId: 'basic', name: 'Copy' })).template.id;
    const sent = () => portal.call('buyer', 'message.send', message(roomId, 'hello'));
    return {
      'room.list': each(
        ...(['buyer', 'admin', 'designer', 'vendor', 'operator', 'service'] as const).flatMap((who) => [
          () => portal.call(who, 'room.list', {}),
          async () => {
            const { nextCursor } = await portal.call(who, 'room.list', { limit: 1, kind: 'project' });
            if (nextCursor !== undefined) await portal.call(who, 'room.list', { limit: 1, cursor: nextCursor });
          },
        ]),
      ),
      'room.get': () => portal.call('buyer', 'room.get', { roomId }),
      'room.join': each(
        () => client.call('room.join', { roomId }),
        () => client.call('room.join', { roomId, since: { public: 1 } }),
      ),
      'room.leave': () => Promise.resolve(),
      'clock.advance': () => portal.call('operator', 'clock.advance', { ms: 1 }),
      'member.add': () => portal.call('buyer', 'member.add', { roomId, userId: people.colleague.sub, name: 'Bo' }),
      'member.remove': () => portal.call('buyer', 'member.remove', { roomId, userId: people.colleague.sub }),
      'member.list': () => portal.call('buyer', 'member.list', { roomId }),
      'entry.fetch': each(
        () => portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' }),
        () => portal.call('buyer', 'entry.fetch', { roomId, stream: 'public', after: 1 }),
        () => portal.call('buyer', 'entry.fetch', { roomId, stream: 'public', before: 3 }),
        () => portal.call('operator', 'entry.fetch', { roomId: 'fill-1', stream: 'public' }).catch(() => undefined),
      ),
      'message.send': async () => {
        const input = message(roomId, 'twice');
        await portal.call('buyer', 'message.send', input);
        await portal.call('buyer', 'message.send', input);
        const { entry } = await sent();
        await portal.call('buyer', 'message.send', message(roomId, 'reply', { replyTo: entry.id }));
        const { id } = await portal.upload('buyer', { roomId });
        await portal.call('buyer', 'message.send', message(roomId, 'a file', { attachments: [id] }));
      },
      'message.edit': async () => {
        const { entry } = await sent();
        await portal.call('buyer', 'message.edit', { roomId, entryId: entry.id, text: 'edited' });
        for (let i = 0; i < 5; i++) await sent();
        await portal.call('buyer', 'message.edit', { roomId, entryId: entry.id, text: 'edited from afar' });
        await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public', limit: 2 });
      },
      'message.recall': async () => {
        const { entry } = await sent();
        await portal.call('buyer', 'message.recall', { roomId, entryId: entry.id });
        await portal.call('buyer', 'message.recall', { roomId, entryId: entry.id });
      },
      'file.link': async () => {
        const { id } = await portal.upload('admin', { roomId });
        const { entry } = await portal.call('admin', 'message.send', message(roomId, 'a file', { attachments: [id] }));
        await portal.call('buyer', 'file.link', { fileId: id });
        await portal.call('admin', 'message.recall', { roomId, entryId: entry.id });
        await portal.call('buyer', 'file.link', { fileId: id }).catch(() => undefined);
        await (await getFile(portal.url, await portal.token('admin'), id)).arrayBuffer();
        // A refusal in the middle removes what is stored.
        await portal.upload('admin', { roomId, name: 'a.txt', bytes: brokenText }).catch(() => undefined);
      },
      'read.mark': each(
        () => portal.call('buyer', 'read.mark', { roomId, stream: 'public', seq: 1 }),
        () => portal.call('buyer', 'read.mark', { roomId, stream: 'public', seq: 2 }),
      ),
      'typing.set': () => client.call('typing.set', { roomId, stream: 'public', typing: true }),
      'project.create': () => portal.project(),
      'project.get': () => portal.call('buyer', 'project.get', { projectId: roomId }),
      'project.list': each(
        ...(['buyer', 'admin', 'vendor', 'operator'] as const).flatMap((who) => [
          () => portal.call(who, 'project.list', {}),
          () =>
            portal.call(who, 'project.list', { status: 'executing', productId: 'website', buyer: people.buyer.sub }),
          () => portal.call(who, 'project.list', { orderId: 'order-1' }),
          () => portal.call(who, 'project.list', { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' }),
          async () => {
            const { nextCursor } = await portal.call(who, 'project.list', { limit: 1 });
            if (nextCursor !== undefined) await portal.call(who, 'project.list', { limit: 1, cursor: nextCursor });
          },
        ]),
      ),
      'project.export': () => portal.call('operator', 'project.export', { overdue: true, operator: people.admin.sub }),
      'project.log': each(
        () => portal.call('buyer', 'project.log', { projectId: roomId }),
        () => portal.call('buyer', 'project.log', { projectId: roomId, run: 1, limit: 1 }),
      ),
      'demand.get': () => portal.call('buyer', 'demand.get', { projectId: roomId }),
      'node.act': async () => {
        const projectId = await portal.project();
        const form = {
          contactName: 'Bao',
          phone: '+86 10 5550 0100',
          email: 'b@example.com',
          address: 'A',
          details: 'D',
        };
        await portal.call('buyer', 'node.act', { projectId, nodeId: 'demand', action: 'submit', visit: 1, form });
      },
      'project.pause': () => portal.call('buyer', 'project.pause', { projectId: roomId }),
      'project.resume': () => portal.call('buyer', 'project.resume', { projectId: roomId }),
      'project.changeOperator': () =>
        portal
          .call('admin', 'project.changeOperator', { projectId: roomId, userId: people.designer.sub, remark: 'r' })
          .catch(() => undefined),
      'project.changeProvider': () =>
        portal
          .call('vendor', 'project.changeProvider', { projectId: roomId, org: 'studio', remark: 'r' })
          .catch(() => undefined),
      'project.dispatch': () =>
        portal
          .call('admin', 'project.dispatch', { projectId: roomId, userId: people.designer.sub })
          .catch(() => undefined),
      'project.close': async () => {
        const projectId = await portal.project();
        await portal.call('operator', 'project.close', { projectId, reason: 'r' });
      },
      'queue.list': each(
        ...(['admin', 'vendor', 'operator'] as const).flatMap((who) => [
          () => portal.call(who, 'queue.list', {}),
          async () => {
            const { nextCursor } = await portal.call(who, 'queue.list', { limit: 1 });
            if (nextCursor !== undefined) await portal.call(who, 'queue.list', { limit: 1, cursor: nextCursor });
          },
        ]),
      ),
      'template.create': () => portal.call('vendor', 'template.create', { name: 'T', nodes: [step] }),
      'template.update': async () =>
        portal.call('vendor', 'template.update', { templateId: await copied(), name: 'U' }),
      'template.publish': async () => portal.call('vendor', 'template.publish', { templateId: await copied() }),
      'template.copy': copied,
      'template.get': async () => portal.call('vendor', 'template.get', { templateId: await copied() }),
      'template.list': each(
        ...(['buyer', 'vendor', 'operator'] as const).flatMap((who) => [
          () => portal.call(who, 'template.list', {}),
          () => portal.call(who, 'template.list', { status: 'draft' }),
          () => portal.call(who, 'template.list', { status: 'published' }),
          async () => {
            const { nextCursor } = await portal.call(who, 'template.list', { limit: 1, builtIn: false });
            if (nextCursor !== undefined) await portal.call(who, 'template.list', { limit: 1, cursor: nextCursor });
          },
        ]),
      ),
      'calendar.get': () => portal.call('buyer', 'calendar.get', {}),
      'calendar.extend': () =>
        portal.call('operator', 'calendar.extend', {
          year: 2150,
          holidays: [{ name: { zh: '元旦', en: 'New Year' }, from: '2150-01-01', to: '2150-01-01' }],
          workdays: [],
        }),
      'org.put': () => portal.call('service', 'org.put', { orgId: 'studio', name: 'Studio' }),
      'staff.put': each(
        ...[undefined, '+1 202 555 0123', '+1 202 555 0123', '+1 202 555 0147'].map((phone) => () => {
          const person = { userId: 's', org: 'studio', name: 'S', maxLoad: 1 };
          return portal.call('service', 'staff.put', {
            ...person,
            roles: ['tester'],
            ...(phone === undefined ? {} : { phone }),
          });
        }),
      ),
      'product.put': each(
        () =>
          portal.call('service', 'product.put', {
            productId: 'p',
            name: 'P',
            vendorOrg: 'maker',
            templateId: 'basic',
            providers: [],
          }),
        () =>
          portal.call('vendor', 'product.put', {
            productId: 'p',
            name: 'P',
            vendorOrg: 'maker',
            templateId: 'basic',
            providers: [],
          }),
      ),
      'staff.list': each(
        () => portal.call('admin', 'staff.list', {}),
        () => portal.call('admin', 'staff.list', { role: 'designer' }),
        async () => {
          const { nextCursor } = await portal.call('operator', 'staff.list', { org: 'studio', limit: 1 });
          await portal.call('operator', 'staff.list', { org: 'studio', limit: 1, cursor: nextCursor ?? '' });
        },
      ),
      'staff.update': () => portal.call('designer', 'staff.update', { userId: people.designer.sub, accepting: true }),
      'product.get': each(
        ...(['admin', 'vendor', 'operator'] as const).map(
          (who) => () => portal.call(who, 'product.get', { productId: 'website' }),
        ),
      ),
      'product.list': each(
        ...(['admin', 'vendor', 'operator'] as const).flatMap((who) => [
          () => portal.call(who, 'product.list', {}),
          async () => {
            const { nextCursor } = await portal.call(who, 'product.list', { limit: 1 });
            if (nextCursor !== undefined) await portal.call(who, 'product.list', { limit: 1, cursor: nextCursor });
          },
        ]),
      ),
      ...everyCommandOfCalls(portal, demands),
      'phone.sendCode': () => portal.call('buyer', 'phone.sendCode', { phone: '+1 202 555 0123' }),
      ...everyCommandOfDemands(portal),
      'auth.revoke': () => portal.call('service', 'auth.revoke', { userId: 'nobody' }),
      'auth.refresh': async () => client.call('auth.refresh', { token: await portal.token('buyer') }),
    };
  }
});

/** The queries in a command, writes' filters too; what asks for nothing (an insert, a ping) has none. */
function queriesOf(name: string, command: mongo.Document): Query[] {
  const collection: unknown = command[name];
  if (typeof collection !== 'string') return [];
  // The driver keeps the order of a sort in a Map.
  const query = (filter: mongo.Document = {}, sort?: mongo.Document | Map<string, unknown>): Query => ({
    collection,
    filter,
    ...(sort === undefined ? {} : { sort: sort instanceof Map ? Object.fromEntries(sort) : sort }),
  });
  const many = (key: string): mongo.Document[] => command[key] ?? [];
  switch (name) {
    case 'find':
      return [query(command['filter'], command['sort'])];
    case 'findAndModify':
    case 'count':
    case 'distinct':
      return [query(command['query'], command['sort'])];
    case 'aggregate': {
      const [match] = many('pipeline');
      return [query(match?.['$match'])];
    }
    case 'update':
      return many('updates').map((update) => query(update['q']));
    case 'delete':
      return many('deletes').map((removal) => query(removal['q']));
    default:
      return [];
  }
}

function shapeOf({ collection, filter, sort }: Query): string {
  const shape = (value: unknown): unknown => {
    if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shape(item))))].sort();
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      return typeof value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]));
  };
  return `${collection} ${JSON.stringify(shape(filter))} ${JSON.stringify(sort ?? {})}`;
}

async function stagesOf({ connection }: SharedDatabase, { collection, filter, sort }: Query): Promise<string[]> {
  const explained = await connection.db?.command({
    explain: { find: collection, filter, limit: 50, ...(sort === undefined ? {} : { sort }) },
    verbosity: 'queryPlanner',
  });
  const stages: string[] = [];
  const walk = (plan: unknown): void => {
    if (typeof plan !== 'object' || plan === null) return;
    if ('stage' in plan && typeof plan.stage === 'string') stages.push(plan.stage);
    for (const inner of Object.values(plan)) walk(inner);
  };
  walk(explained?.['queryPlanner']?.['winningPlan']);
  return stages;
}

/** Fills every collection with what other rooms and people would hold. */
async function fill({ connection }: SharedDatabase): Promise<void> {
  const into = (name: string, make: (i: number) => mongo.Document) =>
    connection.collection<mongo.Document>(name).insertMany(Array.from({ length: FILL }, (_, i) => make(i)));
  const at = (i: number) => new Date(Date.UTC(2026, 0, 1) + i * 60_000);
  const room = (i: number) => `fill-${i % 40}`;
  await into('entries', (i) => ({
    roomId: room(i),
    stream: 'public',
    seq: Math.floor(i / 40) + 1,
    kind: i % 20 === 19 ? 'recall' : 'message',
    at: at(i),
    actor: { id: `a-${i % 7}`, name: 'A', side: 'buyer' },
    clientId: randomUUID(),
    body: { text: 'x' },
    ...(i % 20 === 19 ? { target: 1 } : {}),
    tally: i,
    ownTally: i,
  }));
  await into('readMarks', (i) => ({
    roomId: room(i),
    userId: `u-${i}`,
    stream: 'public',
    seq: 1,
    tally: 1,
    ownTally: 0,
  }));
  const template = await connection.collection('rooms').findOne({ kind: 'project' });
  await into('rooms', (i) => ({
    ...template,
    _id: `fill-${i}`,
    project: { ...template?.['project'], orderId: `order-${i}` },
    providerOrg: i % 50 === 0 ? 'studio' : `o-${i % 50}`,
    crew: [`staff-${i % 90}`],
    // Not due while the test runs: the sweeps are to look, not to work.
    wakeAt: i % 3 === 0 ? new Date(at(i).getTime() + CENTURY_MS) : null,
    waiting:
      i % 5 === 0
        ? {
            queues: ['all', 'vendor:maker'],
            kind: `product:p-${i % 20}`,
            since: at(i),
            what: 'provider',
            reason: 'no_provider',
            productId: `p-${i % 20}`,
            org: null,
            role: null,
          }
        : null,
    seats: i % 2 === 0 ? template?.['seats'] : [`buyer:o:${i}`, 'operator', `vendor:v-${i}`],
    activity: { buyer: at(i), provider: at(i), operator: at(i) },
    outbox: [],
    createdAt: at(i),
    changedAt: at(i),
  }));
  // Of each company one lane a room; every second room's company is the tests' own.
  await into('lanes', (i) => {
    const org = i % 2 === 0 ? 'studio' : `o-${i % 50}`;
    return {
      _id: `fill-${i}/${org}`,
      roomId: `fill-${i}`,
      org,
      seats: [`provider:${org}`],
      reads: ['public', `lane:${org}`],
      status: 'talking',
      at: at(i),
      version: 1,
      createdAt: at(i),
    };
  });
  const named = (i: number) => ({ _id: `fill-${i}`, name: `N${i}` });
  await into('orgs', named);
  await into('staff', (i) => ({
    ...named(i),
    org: `o-${i % 50}`,
    roles: ['tester'],
    active: i % 100 !== 0,
    version: 1,
    changedAt: at(i),
  }));
  const file = await connection.collection('files.files').findOne({});
  await into('files.files', (i) => ({
    ...file,
    _id: new mongo.ObjectId(),
    metadata: { ...file?.['metadata'], roomId: room(i), ...(i % 100 === 0 ? { pending: true } : {}) },
  }));
  await into('files.chunks', () => ({
    files_id: new mongo.ObjectId(),
    n: 0,
    data: new mongo.Binary(Buffer.from('x')),
  }));
  await into('secrets', named);
  await into('products', (i) => ({
    ...named(i),
    vendorOrg: `o-${i % 50}`,
    templateId: 'basic',
    providers: [{ org: `o-${i % 40}`, weight: 1, maxLoad: 1 }],
    warrantyDays: null,
  }));
  await into('templates', (i) => ({
    ...named(i),
    owner: i % 2 === 0 ? 'platform' : `vendor:v-${i}`,
    // Every owner but the platform has one.
    number: i % 2 === 0 ? i / 2 + 1 : 1,
    status: i % 3 === 0 ? 'draft' : 'published',
    posting: 'any-staff',
    nodes: [],
    version: 1,
  }));
  // Not due, and under a key that nobody has.
  const later = (i: number) => new Date(at(i).getTime() + CENTURY_MS);
  await into('numbers', (i) => ({
    _id: `number-${i}`,
    keyId: 'lost',
    iv: '',
    sealed: '',
    fingerprint: '',
    owner: { kind: i % 2 === 0 ? 'staff' : 'project', id: `o-${i}` },
    keepUntil: null,
    lookAt: later(i),
    keptAt: at(i),
    keptBy: { id: 'portal', side: 'service' },
  }));
  await into('phoneCodes', (i) => ({ _id: `${i}/u`, salt: '', hash: '', triesLeft: 5, expiresAt: later(i) }));
  await into('codeCounts', (i) => ({ _id: `number:${i}`, sent: [], overAt: later(i) }));
}
