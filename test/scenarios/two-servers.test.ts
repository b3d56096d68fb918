import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { after, afterEach, before, describe, it } from 'mocha';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { Entry } from '../../shared/contract/entries.ts';
import { ConnectionLost, type TestClient, until } from '../support/client.ts';
import { BEGINNING, message, NOTES_BEGINNING, people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { refused } from '../support/wire-suite.ts';

describe('Two servers on one database', () => {
  let database: SharedDatabase;
  let servers: TestService[] = [];
  let portals: Portal[] = [];
  let portal: Portal;

  before(async () => {
    database = await createSharedDatabase();
    servers = [await startTestService({ database }), await startTestService({ database })];
    portals = servers.map(({ service }) => new Portal(service.url));
    portal = portals[0] ?? new Portal('');
    await portal.seed();
  });
  afterEach(() => {
    for (const one of portals) {
      expect(one.faults()).to.deep.equal([]);
      one.close();
    }
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  const at = (server: number): Portal => portals[server % 2] ?? portal;
  async function whole(roomId: string, stream: string): Promise<Entry[]> {
    const all: Entry[] = [];
    for (;;) {
      const { entries } = await portal.call('operator', 'entry.fetch', {
        roomId,
        stream,
        after: all.length,
        limit: 200,
      });
      all.push(...entries);
      if (entries.length < 200) return all;
    }
  }

  it('takes no confirmation of somebody whom the other one has just removed', async () => {
    const roomId = await portal.project();
    const act = (who: 'buyer' | 'admin' | 'colleague', nodeId: string, more: Partial<CommandInput<'node.act'>> = {}) =>
      at(1).call(who, 'node.act', { projectId: roomId, nodeId, visit: 1, action: 'finish', ...more });
    const form = { contactName: 'Bao', phone: '+1 202 555 0123', email: 'bao@example.com', address: '1', details: 'x' };
    await act('buyer', 'demand', { action: 'submit', form });
    await act('admin', 'delivery');
    await at(0).call('buyer', 'member.add', { roomId, userId: people.colleague.sub, name: people.colleague.name });
    await at(1).call('colleague', 'room.get', { roomId });
    await at(0).call('buyer', 'member.remove', { roomId, userId: people.colleague.sub });
    await refused(act('colleague', 'finish', { action: 'confirm' }), 'not_found');
    const { project } = await portal.call('buyer', 'project.get', { projectId: roomId });
    expect(project.status).to.equal('executing');
  });

  it('hands on what the other one wrote, though this one writes nothing', async () => {
    const roomId = await portal.project();
    const listener = await at(0).connect('buyer');
    await listener.call('room.join', { roomId });
    const heard = listener.next('entry', ({ seq }) => seq === BEGINNING + 3);
    const sent = [];
    for (const text of ['one', 'two', 'three'])
      sent.push((await at(1).call('admin', 'message.send', message(roomId, text))).entry);
    await heard;
    expect(listener.all('entry')).to.deep.equal(sent);
  });

  it('hands it on to who joined last as to who joined first, and only what they read', async () => {
    const roomId = await portal.project();
    const first = await at(0).connect('vendor');
    await first.call('room.join', { roomId });
    await at(1).call('admin', 'message.send', message(roomId, 'between'));
    const second = await at(0).connect('buyer');
    const { streams } = await second.call('room.join', { roomId });
    const heard = [first, second].map((client) =>
      client.next('entry', ({ body }) => 'text' in body && body.text === 'last'),
    );
    await at(1).call('admin', 'message.send', message(roomId, 'note', { stream: 'provider' }));
    await at(1).call('admin', 'message.send', message(roomId, 'last'));
    await Promise.all(heard);
    await until('the note has come', () => first.all('entry').some(({ stream }) => stream === 'provider'));
    const shown = (client: TestClient) =>
      client
        .all('entry')
        .filter(({ stream }) => stream === 'public')
        .map(({ seq }) => seq);
    expect(shown(first)).to.deep.equal([BEGINNING + 1, BEGINNING + 2]);
    expect(
      [...(streams[0]?.entries ?? []), ...second.all('entry')]
        .map(({ seq }) => seq)
        .filter((seq, i, all) => all.indexOf(seq) === i),
    ).to.deep.equal(Array.from({ length: BEGINNING + 2 }, (_, i) => i + 1));
    expect(second.all('entry').every(({ stream }) => stream === 'public')).to.equal(true);
  });

  it('shows a jump to the last entry when too much was written to be handed on', async () => {
    const roomId = await portal.project();
    const listener = await at(0).connect('buyer');
    await listener.call('room.join', { roomId });
    const collection = database.connection.collection('entries');
    const last = await collection.findOne({ roomId, stream: 'public', seq: BEGINNING });
    await collection.insertMany(
      Array.from({ length: 4500 }, (_, i) => {
        const { _id, ...entry } = { ...last };
        return {
          ...entry,
          clientId: randomUUID(),
          seq: BEGINNING + 1 + i,
          tally: BEGINNING + 1 + i,
          ownTally: BEGINNING + 1 + i,
        };
      }),
    );
    await until('it is told', () => listener.all('entry').some(({ seq }) => seq === BEGINNING + 4500));
    const { entries } = await listener.call('entry.fetch', { roomId, stream: 'public', after: BEGINNING + 4498 });
    expect(entries.map(({ seq }) => seq)).to.deep.equal([BEGINNING + 4499, BEGINNING + 4500]);
    await at(0).call('buyer', 'message.send', message(roomId, 'on it goes'));
    await listener.flush();
    const seqs = listener.all('entry').map(({ seq }) => seq);
    expect(seqs.at(-1)).to.equal(BEGINNING + 4501);
    expect(seqs).to.deep.equal([...seqs].sort((a, b) => a - b));
  });

  it('makes one order without a hole or a duplicate of what both append at once, whatever connections break', async () => {
    const authors = ['buyer', 'admin', 'operator'] as const;
    const work = fc.record({
      author: fc.nat(2),
      stream: fc.constantFrom('public' as const, 'provider' as const),
      server: fc.nat(1),
      /** Sent again: at once to the other server, after a cut connection, or not at all. */
      again: fc.constantFrom('no' as const, 'no' as const, 'elsewhere' as const, 'cut' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(work, { minLength: 20, maxLength: 60 }), async (works) => {
        const roomId = await portal.project();
        const listeners = await Promise.all([0, 1].map((server) => at(server).connect('vendor')));
        for (const listener of listeners) await listener.call('room.join', { roomId });
        const acked = new Map<string, Entry>();
        const clashes: string[] = [];
        const note = (clientId: string, entry: Entry) => {
          const before = acked.get(clientId);
          if (before !== undefined && JSON.stringify(before) !== JSON.stringify(entry)) clashes.push(clientId);
          acked.set(clientId, entry);
        };
        await Promise.all(
          works.map(async ({ author, stream, server, again }, i) => {
            // A buyer does not read the notes.
            const who = authors[author] ?? 'buyer';
            const input = message(roomId, `m${i}`, { stream: who === 'buyer' ? 'public' : stream });
            if (again === 'cut') {
              const client = await at(server).connect(who);
              const sending = client.call('message.send', input).then(({ entry }) => note(input.clientId, entry));
              setImmediate(() => client.cut());
              await sending.catch((error: unknown) => {
                if (!(error instanceof ConnectionLost)) throw error;
              });
            }
            const sends = [at(server).call(who, 'message.send', input)];
            if (again === 'elsewhere') sends.push(at(server + 1).call(who, 'message.send', input));
            for (const { entry } of await Promise.all(sends)) note(input.clientId, entry);
          }),
        );
        expect(clashes).to.deep.equal([]);
        expect(acked.size).to.equal(works.length);
        for (const stream of ['public', 'provider']) {
          const entries = await whole(roomId, stream);
          expect(entries.map(({ seq }) => seq)).to.deep.equal(entries.map((_, i) => i + 1));
          const messages = entries.filter(({ kind }) => kind === 'message');
          expect(new Set(messages.map(({ clientId }) => clientId)).size).to.equal(messages.length);
          for (const entry of messages) expect(acked.get(entry.clientId ?? '')).to.deep.equal(entry);
          // Both servers' readers were shown the same, in the same order, without a hole.
          for (const listener of listeners) {
            const shown = () => listener.all('entry').filter((entry) => entry.stream === stream);
            await until(
              'a reader was shown all',
              () => (shown().at(-1)?.seq ?? 0) === entries.length || messages.length === 0,
            );
            expect(shown()).to.deep.equal(entries.slice(stream === 'public' ? BEGINNING : NOTES_BEGINNING));
          }
        }
        expect([...acked.values()].length).to.equal(
          (await whole(roomId, 'public')).length -
            BEGINNING +
            (await whole(roomId, 'provider')).length -
            NOTES_BEGINNING,
        );
        for (const who of [...authors, 'vendor'] as const) {
          const unread =
            (await at(1).call(who, 'room.list', { limit: 1 })).items.find(({ id }) => id === roomId)?.unread ?? {};
          for (const [stream, told] of Object.entries(unread)) {
            const counted = (await whole(roomId, stream)).filter(({ actor }) => actor.id !== people[who].sub).length;
            expect(told, `${who}, ${stream}`).to.equal(counted);
          }
        }
        for (const listener of listeners) listener.close();
      }),
      { numRuns: 5, seed: 20_261_122, endOnFailure: true },
    );
  });
});
