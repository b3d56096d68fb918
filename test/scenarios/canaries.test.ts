import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type CommandName, commandNames, commands } from '../../shared/contract/registry.ts';
import { DEMO_VAULT_KEY } from '../../server/app/settings.ts';
import { systemClock } from '../../server/clock.ts';
import { Upkeep } from '../../server/numbers/upkeep.ts';
import type { NumberDoc } from '../../server/numbers/vault-store.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { post, type TestClient, until } from '../support/client.ts';
import { message, people, type PersonName, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { codesOf } from '../support/number-codes.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { testNumbers } from '../support/vault.ts';
import { refused } from '../support/wire-suite.ts';

const OBSERVERS = [
  'buyer',
  'colleague',
  'stranger',
  'admin',
  'idle',
  'rival',
  'vendor',
  'otherVendor',
  'operator',
  'service',
] as const satisfies PersonName[];
type Observer = (typeof OBSERVERS)[number];

const canary = (what: string): string => `canary-${what}-${randomUUID().slice(0, 8)}`;

/** What is hidden from somebody, and who may see it. Numbers are of a range that is reserved for examples. */
const CANARIES: Record<string, { text: string; seenBy: readonly Observer[] }> = {
  'a note': { text: canary('note'), seenBy: ['admin', 'vendor', 'operator', 'service'] },
  'an edit of a note': { text: canary('edit'), seenBy: ['admin', 'vendor', 'operator', 'service'] },
  "the name of a note's file": { text: canary('file'), seenBy: ['admin', 'vendor', 'operator', 'service'] },
  "an operator's remark": { text: canary('remark'), seenBy: ['operator'] },
  'a message that was taken back': { text: canary('recalled'), seenBy: [] },
  "the number of a provider's staff": { text: '+12025550147', seenBy: [] },
  'the number that came with the order': { text: '+12025550158', seenBy: [] },
  "the number in the buyer's demand": { text: '+12025550169', seenBy: [] },
  'the number that came with a call': { text: '+12025550191', seenBy: [] },
  'the number to which a code was sent': { text: '+12025550175', seenBy: [] },
  'the number of a demand that was refused': { text: '+12025550186', seenBy: [] },
  "the buyer's mail, not shared": { text: `${canary('mail')}@example.com`, seenBy: ['buyer', 'colleague', 'operator'] },
  "the buyer's address, not shared": { text: canary('address'), seenBy: ['buyer', 'colleague', 'operator'] },
  'a competitor of the provider': { text: canary('competitor'), seenBy: ['vendor', 'operator', 'service'] },
  "somebody else's order": {
    text: canary('order'),
    seenBy: ['stranger', 'rival', 'otherVendor', 'operator', 'service'],
  },
  "a vendor's draft": { text: canary('draft'), seenBy: ['vendor', 'operator', 'service'] },
};
const textOf = (what: keyof typeof CANARIES): string => CANARIES[what]?.text ?? '';

describe('What is hidden from somebody', () => {
  let database: SharedDatabase;
  let server: TestService;
  let portal: Portal;
  let projectId = '';
  let draft = '';
  let noteFile = '';
  const lines: string[] = [];
  /** Everything that each observer was shown: answers, errors and events, over both transports. */
  const shown = new Map<Observer, unknown[]>(OBSERVERS.map((who) => [who, []]));
  const clients = new Map<Observer, TestClient[]>();

  before(async () => {
    database = await createSharedDatabase();
    const log = createLog('debug', { write: (line) => void lines.push(line) });
    server = await startTestService({ database, overrides: { log } });
    portal = new Portal(server.service.url);
    await portal.seed();
    await furnish();
    for (const who of OBSERVERS) {
      // One has the room open, where it may; of the other it is told from outside.
      const both = [await portal.connect(who), await portal.connect(who)];
      clients.set(who, both);
      shown.get(who)?.push(await both[0]?.answer('room.join', { roomId: projectId }));
    }
    await speak();
    for (const who of OBSERVERS) await lookAround(who);
  });
  after(async () => {
    portal.close();
    await server.stop();
    await database.drop();
  });

  /** A project of the buyer's at the studio, and one of a stranger's elsewhere. */
  async function furnish(): Promise<void> {
    const { sub, org, name, roles } = people.designer;
    const staff = { userId: sub, org, name, roles: [...roles], maxLoad: 5 };
    await portal.call('service', 'staff.put', { ...staff, phone: textOf("the number of a provider's staff") });
    const competitor = textOf('a competitor of the provider');
    await portal.call('service', 'org.put', { orgId: competitor, name: competitor });
    const product = { vendorOrg: 'maker', templateId: 'basic', name: 'Website' };
    await portal.call('vendor', 'product.put', {
      ...product,
      productId: 'website',
      providers: [
        { org: 'studio', maxLoad: 100 },
        { org: competitor, maxLoad: 0 },
      ],
    });
    await portal.call('service', 'product.put', {
      ...product,
      productId: 'elsewhere',
      vendorOrg: 'maker-2',
      providers: [{ org: 'rivals', maxLoad: 100 }],
    });
    const { buyer, stranger } = people;
    const contact = { name: 'Bao', phone: textOf('the number that came with the order') };
    ({ projectId } = await portal.call('service', 'project.create', {
      orderId: randomUUID(),
      productId: 'website',
      shareContact: false,
      buyer: { id: buyer.sub, org: buyer.org, name: buyer.name, contact },
    }));
    await portal.call('service', 'project.create', {
      orderId: textOf("somebody else's order"),
      productId: 'elsewhere',
      buyer: { id: stranger.sub, org: stranger.org, name: stranger.name },
    });
    const { colleague } = people;
    await portal.call('buyer', 'member.add', { roomId: projectId, userId: colleague.sub, name: colleague.name });
    const copied = await portal.call('vendor', 'template.copy', {
      templateId: 'basic',
      name: textOf("a vendor's draft"),
    });
    draft = copied.template.id;
  }

  /** What is hidden comes into being while everybody listens. */
  async function speak(): Promise<void> {
    const roomId = projectId;
    const note = { stream: 'provider' };
    await portal.call('admin', 'message.send', message(roomId, textOf('a note'), note));
    const { entry } = await portal.call('admin', 'message.send', message(roomId, 'to be edited', note));
    await portal.call('admin', 'message.edit', { roomId, entryId: entry.id, text: textOf('an edit of a note') });
    const file = await portal.upload('admin', { roomId, ...note, name: `${textOf("the name of a note's file")}.png` });
    noteFile = file.id;
    await portal.call('admin', 'message.send', message(roomId, 'a file', { ...note, attachments: [file.id] }));
    await portal.call(
      'operator',
      'message.send',
      message(roomId, textOf("an operator's remark"), { stream: 'operator' }),
    );
    const form = {
      contactName: 'Bao',
      phone: textOf("the number in the buyer's demand"),
      email: textOf("the buyer's mail, not shared"),
      address: textOf("the buyer's address, not shared"),
      details: 'A site',
    };
    const submit = { projectId, nodeId: 'demand', action: 'submit', visit: 1 } as const;
    const late = { ...submit, visit: 7, form: { ...form, phone: textOf('the number of a demand that was refused') } };
    await refused(portal.call('buyer', 'node.act', late), 'conflict');
    await portal.call('buyer', 'node.act', { ...submit, form });
    const asked = { roomId, to: people.buyer.sub, fromNumber: textOf('the number that came with a call') };
    const { call } = await portal.call('admin', 'call.place', asked);
    await portal.call('buyer', 'call.cancel', { roomId, callId: call.id });
    await portal.call('buyer', 'phone.sendCode', { phone: textOf('the number to which a code was sent') });
    const { entry: rash } = await portal.call(
      'operator',
      'message.send',
      message(roomId, textOf('a message that was taken back'), { stream: 'operator' }),
    );
    // Operators saw it while it stood: what they are shown from now on counts.
    const [inside, outside] = clients.get('operator') ?? [];
    await until(
      'they have been told of it',
      () => outside?.all('inbox').some(({ stream, head }) => stream === 'operator' && head === rash.seq) === true,
    );
    await inside?.flush();
    for (const client of [inside, outside]) client?.received.splice(0);
    await portal.call('operator', 'message.recall', { roomId, entryId: rash.id });
  }

  /** Asks for everything there is, rightly and wrongly, and keeps what comes. */
  async function lookAround(who: Observer): Promise<void> {
    const token = await portal.token(who);
    const [client] = clients.get(who) ?? [];
    const ask = async (name: CommandName, input: Record<string, unknown>): Promise<void> => {
      shown.get(who)?.push(await client?.answer(name, input), await post(portal.url, token, name, input));
    };
    const ids = { roomId: projectId, projectId };
    for (const stream of ['public', 'provider', 'operator']) {
      await ask('entry.fetch', { roomId: projectId, stream });
      await ask('entry.fetch', { roomId: projectId, stream, before: 1_000, limit: 200 });
      await ask('read.mark', { roomId: projectId, stream, seq: 9_999 });
    }
    for (const [name, input] of [
      ['room.list', {}],
      ['room.get', { roomId: projectId }],
      ['member.list', { roomId: projectId }],
      ['project.get', { projectId }],
      ['project.list', {}],
      ['project.list', { orderId: textOf("somebody else's order") }],
      ['project.export', {}],
      ['project.log', { projectId }],
      ['demand.get', { projectId }],
      ['queue.list', {}],
      ['template.list', {}],
      ['template.get', { templateId: draft }],
      ['product.list', {}],
      ['product.get', { productId: 'website' }],
      ['product.get', { productId: 'elsewhere' }],
      ['staff.list', {}],
      ['staff.list', { org: 'studio' }],
      ['call.list', { roomId: projectId }],
      ['call.place', { roomId: projectId, to: people.buyer.sub }],
      ['call.place', { roomId: projectId, to: people.admin.sub }],
      ['file.link', { fileId: noteFile }],
      // Conflicts tell the present state.
      ['node.act', { projectId, nodeId: 'demand', action: 'submit', visit: 9, form: {} }],
      ['project.resume', { projectId }],
      ['member.remove', { roomId: projectId, userId: 'nobody' }],
    ] as const)
      await ask(name, input);
    // And every command with what does not fit it.
    for (const name of commandNames) {
      if (commands[name].writes) await ask(name, { ...ids, surprise: 1 });
    }
    for (const one of clients.get(who) ?? []) {
      await one.flush();
      shown.get(who)?.push(one.received);
    }
    const metrics = await fetch(`${portal.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    shown.get(who)?.push(await metrics.text());
  }

  for (const [what, { text, seenBy }] of Object.entries(CANARIES)) {
    const audience = seenBy.length === 0 ? 'nobody' : seenBy.join(', ');
    it(`${what} is seen by ${audience}, and by no one else`, () => {
      for (const who of OBSERVERS) {
        const everything = JSON.stringify(shown.get(who));
        const isSeen = everything.includes(text);
        expect(isSeen, `${who} ${isSeen ? 'sees' : 'does not see'} it`).to.equal(seenBy.includes(who));
      }
    });
  }

  it('stands in no log, at any level', () => {
    const text = lines.join('\n');
    expect(lines.length).to.be.greaterThan(100);
    for (const [what, { text: hidden }] of Object.entries(CANARIES)) {
      // A company's id and an order's are what a log is read by.
      if (what === 'a competitor of the provider' || what === "somebody else's order") continue;
      expect(text, what).to.not.include(hidden);
    }
    expect(text).to.not.include('eyJ');
  });

  it('stands nowhere in the database, where it is a number', async () => {
    const dump = await database.dump();
    expect(dump).to.include(textOf('a note'));
    for (const [what, { text }] of Object.entries(CANARIES)) {
      if (!what.includes('number')) continue;
      for (const written of [text, text.slice(1), text.slice(2), ...codesOf(text)])
        expect(dump, what).to.not.include(written);
    }
  });

  it('is given by the vault alone, for a use that is written down; not what was refused, or had a code sent', async () => {
    const { vault } = await testNumbers(database.connection);
    const kept = await database.connection.collection<NumberDoc>('numbers').find().toArray();
    const by = { id: 'canaries', side: 'operator' } as const;
    const given = await Promise.all(kept.map(({ _id }) => vault.use(_id, { by, purpose: 'call', roomId: projectId })));
    expect(new Map(kept.map(({ owner }, i) => [owner.kind, given[i]?.reveal()]))).to.deep.equal(
      new Map([
        ['staff', textOf("the number of a provider's staff")],
        ['project', textOf('the number that came with the order')],
        ['demand', textOf("the number in the buyer's demand")],
      ]),
    );
    expect(kept).to.have.length(3);
    // Neither in what is written down of that, nor after everything came under another key.
    const { vault: next, codes } = await testNumbers(database.connection, {
      settings: { vaultKeys: [{ id: 'next', key: randomBytes(32).toString('base64') }, DEMO_VAULT_KEY] },
    });
    const all = kept.map(({ _id }) => _id);
    const holders = (ids: readonly string[]) =>
      Promise.resolve(new Map(ids.map((id) => [id, { numberIds: all, until: null }])));
    await new Upkeep({
      vault: next,
      codes,
      holders: { staff: holders, project: holders, demand: holders },
      clock: systemClock,
      wall: systemClock,
      stopping: () => false,
      onError: (error) => {
        throw error;
      },
    }).run();
    expect(await database.connection.collection('numbers').countDocuments({ keyId: 'next' })).to.equal(3);
    const dump = await database.dump();
    for (const number of given)
      for (const written of [number.reveal().slice(2), ...codesOf(number.reveal())])
        expect(dump).to.not.include(written);
  });
});
