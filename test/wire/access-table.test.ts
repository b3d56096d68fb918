import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type CommandName, commandNames } from '../../shared/contract/registry.ts';
import { AccessCalls, CALLERS, type CallerName, type Row, whoIs } from '../support/access-calls.ts';
import { message, people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';

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
  /** In a room of its own; nobody is called there yet, or the buyer by the admin. */
  call: { roomId: string; callId: string; to: string };
}
/** Commands whose rows stand in the table of demands. */
const DEMANDS = /^(opportunity|proposal|desk)\./;

const text = 'canary-free';
/** Of a range that is reserved for examples. */
const PHONE = '+1 202 555 0123';
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
const TABLE: readonly Row<Fixture>[] = [
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
  ['call.place', 'to the other side',                'u n n o o n o o n u n f f f f f f', ({ call: { roomId, to } }) => ({ roomId, to, fromNumber: PHONE })],
  ['call.place', 'in the notes',                     'u n n n n n f f n u n f f f f f f', ({ call: { roomId, to } }) => ({ roomId, to, stream: 'provider' })],
  ['call.place', 'to nobody',                        'u n n n n n n n n u n f f f f f f', ({ call: { roomId } }) => ({ roomId, to: 'nobody' })],
  ['call.approve', 'what waits for nobody',          'u n n o f n o f n u n f f f f o f', ({ call: { roomId, callId } }) => ({ roomId, callId })],
  ['call.cancel', "the admin's to the buyer",        'u n n o f n o f n u n f f f f o f', ({ call: { roomId, callId } }) => ({ roomId, callId })],
  ['call.list', 'of the room',                       'u n n o o n o o n u n o o n n o o', ({ call: { roomId } }) => ({ roomId })],
  ['call.list', 'of the notes',                      'u n n n n n o o n u n o o n n o o', ({ call: { roomId } }) => ({ roomId, stream: 'provider' })],
  ['phone.sendCode', 'to a phone',                   'u o o o o o o o o u o f f f f o o', () => ({ phone: '+1 202 555 0123' })],
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
  let callRoom = '';
  let calls: AccessCalls;
  const providerCanaries: string[] = [];
  const operatorCanaries: string[] = [];

  before(async () => {
    database = await createSharedDatabase();
    server = await startTestService({ database, env: { CALL_DAILY_LIMIT: '10000' } });
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
    callRoom = await withPhones();
    calls = await AccessCalls.open(portal);
    await calls.socket('former')?.call('room.join', { roomId });
    await portal.call('buyer', 'member.remove', { roomId, userId: 'former-1' });
    const { sub, org, name, roles } = people.inactive;
    await portal.call('service', 'staff.put', { userId: sub, org, name, roles: [...roles], maxLoad: 0, active: false });
  });
  after(async () => {
    portal.close();
    await server.stop();
    await database.drop();
  });

  async function populate(id: string): Promise<void> {
    const { colleague, designer } = people;
    await portal.call('buyer', 'member.add', { roomId: id, userId: colleague.sub, name: colleague.name });
    await portal.call('admin', 'member.add', { roomId: id, userId: designer.sub, name: designer.name });
  }

  async function freshRoom(): Promise<string> {
    const id = await portal.project();
    await populate(id);
    return id;
  }

  /** A room in which both sides can be called. */
  async function withPhones(): Promise<string> {
    const { buyer, admin } = people;
    const contact = { phone: PHONE };
    const order = { orderId: randomUUID(), productId: 'website' };
    const { sub: userId, org, name, roles } = admin;
    await portal.call('service', 'staff.put', { userId, org, name, roles: [...roles], maxLoad: 5, phone: PHONE });
    const whose = { id: buyer.sub, org: buyer.org, name: buyer.name, contact };
    const { roomId: id } = await portal.call('service', 'project.create', { ...order, buyer: whose });
    await populate(id);
    return id;
  }

  /** Whoever is asked for is not being called already. */
  async function callFor(command: CommandName, name: CallerName): Promise<Fixture['call']> {
    const of = { roomId: callRoom, to: whoIs(name)?.side === 'buyer' ? people.admin.sub : people.buyer.sub };
    if (!command.startsWith('call.')) return { ...of, callId: '' };
    const { items } = await portal.call('operator', 'call.list', { roomId: callRoom, limit: 5 });
    for (const { id: callId, endedAt } of items)
      if (endedAt === undefined) await portal.call('operator', 'call.cancel', { roomId: callRoom, callId });
    if (command === 'call.place') return { ...of, callId: '' };
    const { call } = await portal.call('admin', 'call.place', { roomId: callRoom, to: people.buyer.sub });
    return { ...of, callId: call.id };
  }

  /** A fresh target for each cell, so that one caller's success is not the next one's failure. */
  async function fixture(command: CommandName, name: CallerName): Promise<Fixture> {
    const own = whoIs(name);
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
      call: await callFor(command, name),
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

  it('has a row for every command', () => {
    const elsewhere = commandNames.filter((name) => DEMANDS.test(name));
    expect(new Set([...TABLE.map(([command]) => command), ...elsewhere])).to.deep.equal(new Set(commandNames));
    for (const [command, what, expected] of TABLE)
      expect(expected.split(' '), `${command} ${what}`).to.have.length(CALLERS.length);
  });

  for (const row of TABLE) {
    const [command, what] = row;
    it(`${command}: ${what}`, async () => {
      await calls.expectRow(row, (name) => fixture(command, name));
    });
  }

  it('has shown nobody what they must not see, in no answer, error or event', async () => {
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
    for (const [name, everything] of await calls.everything()) {
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
