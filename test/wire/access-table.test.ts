import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { ERROR_CODES, type ErrorCode } from '../../shared/contract/errors.ts';
import { type CommandName, commandNames, commands } from '../../shared/contract/registry.ts';
import { post, Refused, TestClient } from '../support/client.ts';
import { message, people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';

/** Every kind of caller, in the order of the table's columns. `former` was a colleague until a moment ago; `added` is staff that the admin added. */
const CALLERS = [
  ['anonymous', undefined],
  ['stranger', people.stranger],
  ['other of the org', people.otherOfOrg],
  ['buyer', people.buyer],
  ['colleague', people.colleague],
  ['former', { sub: 'former-1', side: 'buyer', org: 'buyers', name: 'Fang' }],
  ['admin', people.admin],
  ['added', people.designer],
  ['not added', people.idle],
  ['inactive', people.inactive],
  ['rival', people.rival],
  ['vendor', people.vendor],
  ['manager', people.manager],
  ['vendor staff', people.vendorStaff],
  ['other vendor', people.otherVendor],
  ['operator', people.operator],
  ['service', people.service],
] as const;
type CallerName = (typeof CALLERS)[number][0];

/** What a letter of the table stands for. */
const CODES: Record<string, ErrorCode | 'ok'> = {
  o: 'ok',
  n: 'not_found',
  f: 'forbidden',
  u: 'unauthenticated',
  i: 'invalid',
  c: 'conflict',
  r: 'read_only',
};

interface Fixture {
  roomId: string;
  bareRoom: string;
  /** As `roomId`, and nobody has acted on it. */
  freshRoom: string;
  messageId: string;
  noteId: string;
  token: string;
  /** Templates of the vendor and of the platform. */
  draft: string;
  published: string;
  platformDraft: string;
  platformPublished: string;
  fileId: string;
  noteFileId: string;
}
type Row = readonly [command: CommandName, what: string, expected: string, input: (fixture: Fixture) => unknown];

const text = 'canary-free';
const send = (stream: string) => (f: Fixture) => message(f.roomId, text, { stream });
const of = (stream: string) => (f: Fixture) => ({ roomId: f.roomId, stream });

// The columns, in the order of CALLERS:
//                                                    anonymous
//                                                    | stranger
//                                                    | | other of the org
//                                                    | | | buyer
//                                                    | | | | colleague
//                                                    | | | | | former
//                                                    | | | | | | admin
//                                                    | | | | | | | added
//                                                    | | | | | | | | not added
//                                                    | | | | | | | | | inactive
//                                                    | | | | | | | | | | rival
//                                                    | | | | | | | | | | | vendor
//                                                    | | | | | | | | | | | | manager
//                                                    | | | | | | | | | | | | | vendor staff
//                                                    | | | | | | | | | | | | | | other vendor
//                                                    | | | | | | | | | | | | | | | operator
//                                                    | | | | | | | | | | | | | | | | service
// biome-ignore format: it is a table
const TABLE: readonly Row[] = [
  ['room.list', 'own rooms',                         'u o o o o o o o o u o o o o o o o', () => ({})],
  ['room.get', 'the room',                           'u n n o o n o o n u n o o n n o o', (f) => ({ roomId: f.roomId })],
  ['room.join', 'the room',                          'u n n o o n o o n u n o o n n o f', (f) => ({ roomId: f.roomId })],
  ['room.leave', 'the room',                         'u o o o o o o o o u o o o o o o f', (f) => ({ roomId: f.roomId })],
  ['member.list', 'the room',                        'u n n o o n o o n u n o o n n o o', (f) => ({ roomId: f.roomId })],
  ['member.add', 'a colleague or staff',             'u n n o f n o f n u n f f f f n f', (f) => ({ roomId: f.roomId, userId: randomUUID(), name: 'New' })],
  ['member.remove', "the buyer's colleague",         'u n n o f n n f n u n f f f f o f', (f) => ({ roomId: f.roomId, userId: 'temp' })],
  ['entry.fetch', 'public',                          'u n n o o n o o n u n o o n n o o', of('public')],
  ['entry.fetch', 'provider',                        'u n n n n n o o n u n o o n n o o', of('provider')],
  ['entry.fetch', 'operator',                        'u n n n n n n n n u n n n n n o n', of('operator')],
  ['message.send', 'public',                         'u n n o o n o o n u n f f n n o f', send('public')],
  ['message.send', 'provider',                       'u n n n n n o o n u n f f n n o f', send('provider')],
  ['message.send', 'operator',                       'u n n n n n n n n u n n n n n o f', send('operator')],
  ['message.edit', "the buyer's message",            'u n n o f n f f n u n f f n n f f', (f) => ({ roomId: f.roomId, entryId: f.messageId, text })],
  ['message.edit', "the admin's note",               'u n n n n n o f n u n f f n n f f', (f) => ({ roomId: f.roomId, entryId: f.noteId, text })],
  ['message.recall', "the buyer's message",          'u n n o f n f f n u n f f n n f f', (f) => ({ roomId: f.roomId, entryId: f.messageId })],
  ['read.mark', 'public',                            'u n n o o n o o n u n o o n n o f', (f) => ({ roomId: f.roomId, stream: 'public', seq: 1 })],
  ['read.mark', 'provider',                          'u n n n n n o o n u n o o n n o f', (f) => ({ roomId: f.roomId, stream: 'provider', seq: 1 })],
  ['typing.set', 'public',                           'u n n o o n o o n u n f f n n o f', (f) => ({ roomId: f.roomId, stream: 'public', typing: true })],
  ['typing.set', 'provider',                         'u n n n n n o o n u n f f n n o f', (f) => ({ roomId: f.roomId, stream: 'provider', typing: true })],
  ['file.link', 'a file of public',                  'u n n o o n o o n u n o o n n o o', (f) => ({ fileId: f.fileId })],
  ['file.link', 'a file of the notes',               'u n n n n n o o n u n o o n n o o', (f) => ({ fileId: f.noteFileId })],
  ['project.get', 'the project',                     'u n n o o n o o n u n o o n n o o', (f) => ({ projectId: f.roomId })],
  ['project.get', "a buyer's other project",         'u n n o n n o n n u n o o n n o o', (f) => ({ projectId: f.bareRoom })],
  ['project.list', 'own projects',                   'u o o o o o o o o u o o o o o o o', () => ({})],
  ['project.create', 'for an order',                 'u f f f f f f f f u f f f f f o o', () => ({ orderId: randomUUID(), productId: 'website', buyer: { id: 'buyer-1', org: 'buyers', name: 'Bao' } })],
  ['project.export', 'own projects',                 'u o o o o o o o o u o o o o o o o', () => ({})],
  ['project.log', 'the project',                     'u n n o o n o o n u n o o n n o o', (f) => ({ projectId: f.roomId })],
  ['demand.get', 'the project',                      'u n n o o n o o n u n o o n n o o', (f) => ({ projectId: f.roomId })],
  ['node.act', 'an empty demand',                    'u n n i i n f f n u n f f n n i f', (f) => ({ projectId: f.roomId, nodeId: 'demand', action: 'submit', visit: 1, form: {} })],
  ['project.pause', 'a running project',             'u n n o o n o f n u n f f n n o f', (f) => ({ projectId: f.freshRoom })],
  ['project.resume', 'what is not paused',           'u n n c c n c c n u n c c n n c f', (f) => ({ projectId: f.roomId })],
  ['project.changeOperator', 'to nobody',            'u f f f f f i f n u n f f f f i f', (f) => ({ projectId: f.roomId, userId: 'nobody', remark: 'why' })],
  ['project.changeProvider', 'to nobody',            'u f f f f f f f f u f i i n n i f', (f) => ({ projectId: f.roomId, org: 'nobody', remark: 'why' })],
  ['project.dispatch', 'to nobody',                  'u f f f f f i f n u n f f n n i f', (f) => ({ projectId: f.roomId })],
  ['project.close', 'a running project',             'u f f f f f f f f u f f f f f o f', (f) => ({ projectId: f.freshRoom, reason: 'why' })],
  ['queue.list', 'the own queue',                    'u f f f f f o o o u o o o o o o o', () => ({})],
  ['template.create', 'a draft',                     'u f f f f f f f f u f o f f o o o', () => ({ name: 'New', nodes: [{ type: 'finish', name: 'Done' }] })],
  ['template.update', "the vendor's draft",          'u f f f f f f f f u f o f n n f f', (f) => ({ templateId: f.draft, name: 'New' })],
  ['template.update', "the vendor's published",      'u f f f f f f f f u f r f n n r r', (f) => ({ templateId: f.published, name: 'New' })],
  ['template.update', "the platform's draft",        'u f f f f f f f f u f n n n n o o', (f) => ({ templateId: f.platformDraft, name: 'New' })],
  ['template.update', 'a built-in one',              'u f f f f f f f f u f r f f r r r', () => ({ templateId: 'basic', name: 'New' })],
  ['template.publish', "the vendor's draft",         'u f f f f f f f f u f o f n n f f', (f) => ({ templateId: f.draft })],
  ['template.publish', 'a built-in one',             'u f f f f f f f f u f f f f f f f', () => ({ templateId: 'basic' })],
  ['template.copy', 'a built-in one',                'u f f f f f f f f u f o f f o o o', () => ({ templateId: 'basic', name: 'New' })],
  ['template.copy', "the vendor's draft",            'u f f f f f f f f u f o f n n o o', (f) => ({ templateId: f.draft, name: 'New' })],
  ['template.get', 'a built-in one',                 'u o o o o o o o o u o o o o o o o', () => ({ templateId: 'basic' })],
  ['template.get', "the vendor's draft",             'u n n n n n n n n u n o o n n o o', (f) => ({ templateId: f.draft })],
  ['template.get', "the vendor's published",         'u n n n n n n n n u n o o n n o o', (f) => ({ templateId: f.published })],
  ['template.get', "the platform's draft",           'u n n n n n n n n u n n n n n o o', (f) => ({ templateId: f.platformDraft })],
  ['template.get', "the platform's published",       'u o o o o o o o o u o o o o o o o', (f) => ({ templateId: f.platformPublished })],
  ['template.list', 'what there is to use',          'u o o o o o o o o u o o o o o o o', () => ({})],
  ['calendar.get', 'the calendar',                   'u o o o o o o o o u o o o o o o o', () => ({})],
  ['calendar.extend', 'a missing year',              'u f f f f f f f f u f f f f f o f', () => ({ year: 2150, holidays: [{ name: { zh: '元旦', en: 'New Year' }, from: '2150-01-01', to: '2150-01-01' }], workdays: [] })],
  ['org.put', 'a company',                           'u f f f f f f f f u f f f f f o o', () => ({ orgId: 'new', name: 'New' })],
  ['staff.put', 'a person',                          'u f f f f f f f f u f f f f f o o', () => ({ userId: 'new', org: 'studio', name: 'New', roles: ['tester'], maxLoad: 1 })],
  ['product.put', "the vendor's product",            'u f f f f f f f f u f o f f f o o', () => ({ productId: 'new', name: 'New', vendorOrg: 'maker', templateId: 'basic', providers: [] })],
  ['staff.list', "the provider's people",            'u f f f f f o f f u f f f f f o o', () => ({ org: 'studio' })],
  ['staff.update', "the added one's accepting",      'u f f f f f o o f u n n n n n o o', () => ({ userId: people.designer.sub, accepting: true })],
  ['staff.update', "the added one's maximum",        'u f f f f f o f f u n n n n n o o', () => ({ userId: people.designer.sub, maxLoad: 5 })],
  ['product.get', "the vendor's, for the provider",  'u f f f f f o o o u n o o n n o o', () => ({ productId: 'website' })],
  ['product.list', 'own products',                   'u f f f f f o o o u o o o o o o o', () => ({})],
  ['clock.advance', 'where nothing is demonstrated',   'u f f f f f f f f u f f f f f n n', () => ({ ms: 1 })],
  ['auth.revoke', "nobody's tokens",                 'u f f f f f f f f u f f f f f o o', () => ({ userId: 'nobody' })],
  ['auth.refresh', 'with the own token',             'u o o o o o o o o u o o o o o o o', (f) => ({ token: f.token })],
];

describe('Every command x every kind of caller', () => {
  let database: SharedDatabase;
  let server: TestService;
  let portal: Portal;
  let roomId = '';
  let bareRoom = '';
  let draft = '';
  let published = '';
  let platformDraft = '';
  let platformPublished = '';
  let fileId = '';
  let noteFileId = '';
  /** What each caller was shown: answers, errors and events. */
  const shown = new Map<CallerName, unknown[]>();
  const sockets = new Map<CallerName, TestClient>();
  const providerCanaries: string[] = [];
  const operatorCanaries: string[] = [];

  before(async function () {
    this.timeout(60_000);
    database = await createSharedDatabase();
    server = await startTestService({ database });
    portal = new Portal(server.service.url);
    await portal.seed();
    roomId = await portal.project();
    bareRoom = await portal.project();
    draft = await copyOf('basic', 'vendor');
    published = await publishedBy('vendor');
    platformDraft = await copyOf('basic', 'operator');
    platformPublished = await publishedBy('operator');
    fileId = (await portal.upload('buyer', { roomId })).id;
    noteFileId = (await portal.upload('admin', { roomId, stream: 'provider' })).id;
    const canary = () => `canary-${randomUUID()}`;
    for (let i = 0; i < 3; i++) {
      const note = await portal.call('admin', 'message.send', message(roomId, canary(), { stream: 'provider' }));
      const remark = await portal.call('operator', 'message.send', message(roomId, canary(), { stream: 'operator' }));
      providerCanaries.push(note.entry.id, note.entry.body.text ?? '');
      operatorCanaries.push(remark.entry.id, remark.entry.body.text ?? '');
    }
    for (const { sub, name } of [people.colleague, { sub: 'former-1', name: 'Fang' }])
      await portal.call('buyer', 'member.add', { roomId, userId: sub, name });
    for (const { sub, name } of [people.designer, people.inactive])
      await portal.call('admin', 'member.add', { roomId, userId: sub, name });
    for (const [name, who] of CALLERS) {
      shown.set(name, []);
      if (who !== undefined) sockets.set(name, await portal.connect(who));
    }
    await sockets.get('former')?.call('room.join', { roomId });
    await portal.call('buyer', 'member.remove', { roomId, userId: 'former-1' });
    const { sub, org, name, roles } = people.inactive;
    await portal.call('service', 'staff.put', { userId: sub, org, name, roles: [...roles], maxLoad: 0, active: false });
  });
  after(async () => {
    portal.close();
    await server.stop();
    await database.drop();
  });

  async function freshRoom(): Promise<string> {
    const id = await portal.project();
    const { colleague, designer } = people;
    await portal.call('buyer', 'member.add', { roomId: id, userId: colleague.sub, name: colleague.name });
    await portal.call('admin', 'member.add', { roomId: id, userId: designer.sub, name: designer.name });
    return id;
  }

  /** A fresh target for each cell, so that one caller's success is not the next one's failure. */
  async function fixture(command: CommandName, name: CallerName): Promise<Fixture> {
    const own = CALLERS.find(([one]) => one === name)?.[1];
    const needsMessage = command === 'message.edit' || command === 'message.recall';
    if (command === 'member.remove') await portal.call('buyer', 'member.add', { roomId, userId: 'temp', name: 'Temp' });
    const sent = needsMessage
      ? (await portal.call('buyer', 'message.send', message(roomId, 'a message'))).entry.id
      : '';
    const noted = needsMessage
      ? (await portal.call('admin', 'message.send', message(roomId, 'a note', { stream: 'provider' }))).entry.id
      : '';
    return {
      draft: command === 'template.publish' ? await copyOf('basic', 'vendor') : draft,
      published,
      platformDraft,
      platformPublished,
      roomId,
      bareRoom,
      freshRoom: command === 'project.pause' || command === 'project.close' ? await freshRoom() : '',
      messageId: sent,
      noteId: noted,
      token: own === undefined ? '' : await portal.token(own),
      fileId,
      noteFileId,
    };
  }

  async function copyOf(templateId: string, who: 'vendor' | 'operator'): Promise<string> {
    return (await portal.call(who, 'template.copy', { templateId, name: 'Copy' })).template.id;
  }

  async function publishedBy(who: 'vendor' | 'operator'): Promise<string> {
    const templateId = await copyOf('basic', who);
    await portal.call(who, 'template.publish', { templateId });
    return templateId;
  }

  async function overHttp(name: CallerName, command: CommandName, input: unknown): Promise<string> {
    const who = CALLERS.find(([one]) => one === name)?.[1];
    const token = who === undefined ? undefined : await portal.token(who);
    const answer = await post(portal.url, token, command, input);
    shown.get(name)?.push(answer);
    if (answer.problem !== undefined) expect(answer.status).to.equal(ERROR_CODES[answer.problem.code].status);
    return answer.problem?.code ?? 'ok';
  }

  async function overSocket(name: CallerName, command: CommandName, input: unknown): Promise<string> {
    const client = sockets.get(name);
    if (client?.socket.connected !== true) {
      const who = CALLERS.find(([one]) => one === name)?.[1];
      const refusal: unknown = await TestClient.connect(
        portal.url,
        who === undefined ? '' : await portal.token(who),
      ).then(
        (connected) => connected.close(),
        (error: unknown) => error,
      );
      shown.get(name)?.push(refusal);
      return refusal instanceof Refused ? refusal.code : 'connected';
    }
    const answer = await client.answer(command, input);
    shown.get(name)?.push(answer);
    return answer.ok ? 'ok' : answer.error.code;
  }

  it('has a row for every command', () => {
    expect(new Set(TABLE.map(([command]) => command))).to.deep.equal(new Set(commandNames));
    for (const [command, what, expected] of TABLE)
      expect(expected.split(' '), `${command} ${what}`).to.have.length(CALLERS.length);
  });

  for (const [command, what, expected, input] of TABLE) {
    it(`${command}: ${what}`, async () => {
      const wanted = expected.split(' ').map((letter) => CODES[letter]);
      const bound = commands[command].connectionBound === true;
      for (const [index, [name]] of CALLERS.entries()) {
        const cell = `${command} (${what}) by ${name}`;
        expect(await overSocket(name, command, input(await fixture(command, name))), `${cell}, socket`).to.equal(
          wanted[index],
        );
        const http = await overHttp(name, command, input(await fixture(command, name)));
        expect(http, `${cell}, HTTP`).to.equal(bound ? 'not_found' : wanted[index]);
      }
    }).timeout(60_000);
  }

  it('has shown nobody what they must not see, in no answer, error or event', async () => {
    for (const [name, client] of sockets) {
      if (client.socket.connected) await client.flush();
      shown.get(name)?.push(client.received);
    }
    const noNotes: readonly CallerName[] = [
      'anonymous',
      'stranger',
      'other of the org',
      'buyer',
      'colleague',
      'former',
      'not added',
      'inactive',
      'rival',
      'vendor staff',
      'other vendor',
    ];
    for (const [name, seen] of shown) {
      const everything = JSON.stringify(seen);
      for (const canary of operatorCanaries) if (name !== 'operator') expect(everything, name).to.not.contain(canary);
      for (const canary of providerCanaries)
        if (noNotes.includes(name)) expect(everything, name).to.not.contain(canary);
      if (name === 'operator')
        for (const canary of [...operatorCanaries, ...providerCanaries]) expect(everything).to.contain(canary);
      if (name === 'vendor') for (const canary of providerCanaries) expect(everything).to.contain(canary);
    }
    expect(portal.faults()).to.deep.equal([]);
  });
});
