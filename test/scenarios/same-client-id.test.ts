import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { CommandInput, CommandOutput } from '../../shared/contract/registry.ts';
import type { TestClient } from '../support/client.ts';
import { message, people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';

type Sent = CommandOutput<'message.send'>;
type Send = (input: CommandInput<'message.send'>) => Promise<Sent>;

describe('R4: the same clientId five times', () => {
  let database: SharedDatabase;
  let services: TestService[];
  let here: Portal;
  let there: Portal;
  let roomId: string;
  let readers: TestClient[];

  before(async () => {
    database = await createSharedDatabase();
    services = [await startTestService({ database }), await startTestService({ database })];
    [here, there] = services.map(({ service }) => new Portal(service.url)) as [Portal, Portal];
    await here.seed();
  });
  beforeEach(async () => {
    roomId = await here.project();
    readers = [await here.connect('admin'), await there.connect('operator')];
    for (const reader of readers) await reader.call('room.join', { roomId });
  });
  afterEach(() => {
    expect([...here.faults(), ...there.faults()]).to.deep.equal([]);
    here.close();
    there.close();
  });
  after(async () => {
    for (const service of services) await service.stop();
    await database.drop();
  });

  const over =
    (client: TestClient): Send =>
    (input) =>
      client.call('message.send', input);
  const overHttp =
    (portal: Portal): Send =>
    (input) =>
      portal.call('buyer', 'message.send', input);

  /** For each input: one entry stands in the stream, each reader was told of it once, and every answer names it. */
  async function expectOnce(...sent: (readonly [CommandInput<'message.send'>, readonly Sent[]])[]): Promise<void> {
    // What comes after it in the stream comes after it to each reader, so nothing of it can still be on its way.
    const fence = message(roomId, 'fence');
    const fenced = readers.map((reader) => reader.next('entry', ({ clientId }) => clientId === fence.clientId));
    await here.call('buyer', 'message.send', fence);
    await Promise.all(fenced);
    for (const [{ clientId, text }, answers] of sent) {
      const ids = [...new Set(answers.map(({ entry }) => entry.id))];
      expect(ids, `the entries of the answers to "${text}"`).to.have.length(1);
      const stored = await database.connection.collection('entries').find({ clientId }).toArray();
      expect(stored.map(({ _id }) => String(_id))).to.deep.equal(ids);
      expect(stored.map(({ seq }): unknown => seq)).to.deep.equal([answers[0]?.entry.seq]);
      for (const reader of readers) {
        const told = reader.all('entry').filter((entry) => entry.clientId === clientId);
        expect(told.map(({ id }) => id)).to.deep.equal(ids);
      }
    }
  }

  function expectOneFirst(answers: readonly Sent[]): void {
    expect(answers.filter(({ duplicate }) => !duplicate)).to.have.length(1);
    for (const { entry } of answers) expect(entry).to.deep.equal(answers[0]?.entry);
  }

  it('at once on one connection: one stored, one delivered, the same ack', async () => {
    const input = message(roomId, 'at once');
    const send = over(await here.connect('buyer'));
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(input)));
    expectOneFirst(answers);
    await expectOnce([input, answers]);
  });

  it('at once through two servers, over HTTP and Socket.IO mixed', async () => {
    const [mine, theirs] = [over(await here.connect('buyer')), over(await there.connect('buyer'))];
    const rounds: [CommandInput<'message.send'>, Sent[]][] = [];
    // Several in a row: who is first is a race, and each time another may win it.
    for (let round = 0; round < 10; round++) {
      const input = message(roomId, `round ${round}`);
      const answers = await Promise.all(
        [mine, theirs, overHttp(here), overHttp(there), theirs].map((send) => send(input)),
      );
      expectOneFirst(answers);
      rounds.push([input, answers]);
    }
    await expectOnce(...rounds);
  });

  it('one after the other, with another text from the second on: the first entry stands', async () => {
    const input = message(roomId, 'the first');
    const first = await here.call('buyer', 'message.send', input);
    const answers = [first];
    for (let n = 2; n <= 5; n++)
      answers.push(await (n % 2 === 0 ? there : here).call('buyer', 'message.send', { ...input, text: `text ${n}` }));
    for (const { entry } of answers) expect(entry.body.text).to.equal('the first');
    expectOneFirst(answers);
    await expectOnce([input, answers]);
  });

  it('after the connection was cut between the message and its ack', async () => {
    const input = message(roomId, 'cut');
    const buyer = await there.connect('buyer');
    let acked = false;
    buyer.socket.emit('message.send', input, () => {
      acked = true;
    });
    await written(buyer);
    buyer.cut();
    const again = over(await there.connect('buyer'));
    const answers = [
      await again(input),
      await again(input),
      ...(await Promise.all([again, overHttp(here), overHttp(there)].map((send) => send(input)))),
    ];
    expect(acked, 'the ack came before the cut').to.equal(false);
    for (const { entry } of answers) expect(entry).to.deep.equal(answers[0]?.entry);
    await expectOnce([input, answers]);
  });

  it('after the server was killed with the message in its hands', async () => {
    const env = { PORT: '0', MONGODB_URI: database.uri };
    const doomed = await startServiceProcess(env);
    const inputs = Array.from({ length: 20 }, (_, n) => message(roomId, `doomed ${n}`));
    const buyer = await here.connect('buyer', { url: doomed.url });
    for (const input of inputs) buyer.socket.emit('message.send', input, () => undefined);
    await written(buyer);
    await doomed.end('SIGKILL');
    const rounds: [CommandInput<'message.send'>, Sent[]][] = [];
    for (const input of inputs) {
      const sends = [overHttp(here), overHttp(there), overHttp(there), overHttp(here), overHttp(there)];
      const answers = await Promise.all(sends.map((send) => send(input)));
      for (const { entry } of answers) expect(entry).to.deep.equal(answers[0]?.entry);
      rounds.push([input, answers]);
    }
    await expectOnce(...rounds);
    const { entries } = await here.call('buyer', 'entry.fetch', { roomId, stream: 'public', limit: 200 });
    expect(entries.map(({ seq }) => seq)).to.deep.equal(entries.map((_, index) => index + 1));
  });

  it('after it was edited: the same entry, as it now stands', async () => {
    const input = message(roomId, 'before the edit');
    const { entry } = await here.call('buyer', 'message.send', input);
    const edit = await here.call('buyer', 'message.edit', { roomId, entryId: entry.id, text: 'after the edit' });
    const answers = await Promise.all([here, there, here, there].map((portal) => overHttp(portal)(input)));
    for (const answer of answers) {
      expect(answer.duplicate).to.equal(true);
      expect(answer.entry).to.deep.equal({
        ...entry,
        body: { ...entry.body, text: 'after the edit' },
        editedAt: edit.entry.at,
      });
    }
    await expectOnce([input, answers]);
  });

  it('after it was recalled: the same entry, without its wording', async () => {
    const input = message(roomId, 'a secret');
    const { entry } = await here.call('buyer', 'message.send', input);
    const recall = await there.call('buyer', 'message.recall', { roomId, entryId: entry.id });
    const answers = await Promise.all([here, there, here, there].map((portal) => overHttp(portal)(input)));
    for (const answer of answers) {
      expect(answer.duplicate).to.equal(true);
      expect(answer.entry).to.deep.equal({ ...entry, body: {}, recalledAt: recall.entry.at });
    }
    await expectOnce([input, answers]);
  });

  it('and the same orderId: one project, told once', async () => {
    const orderId = randomUUID();
    const { sub: id, org, name } = people.buyer;
    const input = { orderId, productId: 'website', buyer: { id, org, name } };
    const create = (portal: Portal) => portal.call('service', 'project.create', input);
    const answers = await Promise.all([here, there, here, there, there].map(create));
    const [first] = answers;
    for (const answer of answers) expect(answer).to.deep.equal(first);
    const { entries } = await here.call('buyer', 'entry.fetch', { roomId: first?.roomId ?? '', stream: 'public' });
    const events = entries.map((entry) => ('event' in entry.body ? entry.body.event : entry.kind));
    expect(events).to.deep.equal([
      'project.created',
      'node.entered',
      'provider.assigned',
      'node.entered',
      'notification',
    ]);
  });
});

/** Resolves when everything that the client wanted to send has been handed to the network. */
function written({ socket }: TestClient): Promise<void> {
  const { engine } = socket.io;
  return new Promise((resolve) => {
    engine.once('drain', () => resolve());
  });
}
