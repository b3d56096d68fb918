import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { startWorker } from '../../jobs/worker.ts';
import { readSettings } from '../../server/app/settings.ts';
import type { NotificationDoc } from '../../server/rooms/notifications.ts';
import type { ProjectRoom } from '../../server/rooms/room-doc.ts';
import type { EntryDoc } from '../../server/timeline/entry-store.ts';
import { createLog, type Log } from '../../server/telemetry/log.ts';
import type { CommandName } from '../../shared/contract/registry.ts';
import { TestClient, until } from '../support/client.ts';
import { readExposition } from '../support/exposition.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { message, type PersonName, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { DEMAND } from '../support/two-offices.ts';

type Line = Record<string, unknown>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DAY_MS = 86_400_000;

/** A log that keeps its lines as objects. */
function gather(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  return { log: createLog('debug', { write: (line) => void lines.push(JSON.parse(line) as Line) }), lines };
}

describe('One id from the call to the entry to the job', () => {
  let database: SharedDatabase;
  let server: TestService;
  let portal: Portal;
  // Two months behind the real clock, by which the worker works: what becomes due is due for the worker at once.
  const clock = new ManualClock(Date.now() - 60 * DAY_MS);
  const { log, lines } = gather();
  let number = 0;

  before(async () => {
    database = await createSharedDatabase();
    server = await startTestService({ database, overrides: { clock, log } });
    portal = new Portal(server.service.url);
    await portal.seed();
  });
  after(async () => {
    portal.close();
    await server.stop();
    await database.drop();
  });

  /** Calls over HTTP with an id of the test's own, and gives that id and the answer. */
  async function call(who: PersonName, name: CommandName, input: unknown): Promise<{ id: string; body: string }> {
    number += 1;
    const id = `call-${String(number).padStart(4, '0')}-of-the-test`;
    const response = await fetch(`${portal.url}/v1/${name}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await portal.token(who)}`,
        'content-type': 'application/json',
        'x-request-id': id,
      },
      body: JSON.stringify(input),
    });
    expect(response.headers.get('x-request-id')).to.equal(id);
    return { id, body: await response.text() };
  }

  const stored = <Doc extends object>(collection: string, filter: object) =>
    database.connection.collection<Doc>(collection).find(filter).toArray();

  it('is taken from X-Request-Id or traceparent where that is well-formed, else made, and answered whatever the answer is', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const own = '0f7c3b9e5d1a4c6e8b2f';
    const table: readonly [headers: Record<string, string>, expected: string | RegExp][] = [
      [{}, UUID],
      [{ 'x-request-id': own }, own],
      [{ 'x-request-id': 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6' }, 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
      [{ traceparent: `00-${trace}-00f067aa0ba902b7-01` }, trace],
      [{ traceparent: `01-${trace}-00f067aa0ba902b7-01-more` }, trace],
      [{ 'x-request-id': own, traceparent: `00-${trace}-00f067aa0ba902b7-01` }, own],
      [{ 'x-request-id': 'short' }, UUID],
      [{ 'x-request-id': '+86 138 0013 8000' }, UUID],
      [{ 'x-request-id': '"},{"level":60,"a":"' }, UUID],
      [{ 'x-request-id': 'x'.repeat(65) }, UUID],
      [{ traceparent: `ff-${trace}-00f067aa0ba902b7-01` }, UUID],
      [{ traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` }, UUID],
      [{ traceparent: `00-${trace}-${'0'.repeat(16)}-01` }, UUID],
      [{ traceparent: trace }, UUID],
    ];
    const authorization = `Bearer ${await portal.token('buyer')}`;
    for (const [headers, expected] of table) {
      for (const [path, method, more] of [
        ['/v1/room.list', 'POST', { authorization }],
        ['/v1/room.list', 'POST', {}],
        ['/v1/no.such', 'POST', { authorization }],
        ['/v1/files/none', 'GET', { authorization }],
      ] as const) {
        const response = await fetch(`${portal.url}${path}`, { method, headers: { ...headers, ...more } });
        await response.text();
        const id = response.headers.get('x-request-id') ?? '';
        const what = `${method} ${path} with ${JSON.stringify(headers)}`;
        if (typeof expected === 'string') expect(id, what).to.equal(expected);
        else expect(id, what).to.match(expected);
      }
    }
  });

  it('is on the entry of a message, in the log, and in nothing that a client is shown', async () => {
    const roomId = await portal.project();
    const reader = await portal.connect('admin');
    await reader.call('room.join', { roomId });
    const { id, body } = await call('buyer', 'message.send', message(roomId, 'hello'));
    const [entry] = await stored<EntryDoc>('entries', { roomId, kind: 'message' });
    expect(entry?.cause).to.equal(id);
    expect(
      lines.filter((line) => line['correlationId'] === id).map(({ msg, command }) => [msg, command]),
    ).to.deep.equal([['answered', 'message.send']]);
    await reader.flush();
    const fetched = await call('admin', 'entry.fetch', { roomId, stream: 'public' });
    for (const shown of [body, fetched.body, JSON.stringify(reader.received)]) {
      expect(shown).to.include('hello');
      expect(shown).to.not.include(id);
    }
    // Over a connection each call has an id of its own.
    const client = await TestClient.connect(portal.url, await portal.token('buyer'));
    for (const text of ['one', 'two']) await client.call('message.send', message(roomId, text));
    client.close();
    const causes = (await stored<EntryDoc>('entries', { roomId, kind: 'message' })).map(({ cause }) => cause);
    expect(new Set(causes).size).to.equal(3);
    for (const cause of causes.slice(1)) expect(cause).to.match(UUID);
  });

  it('is on whatever a step brings about, and what the clock brings about later names it', async () => {
    const projectId = await portal.project();
    const act = { projectId, visit: 1 };
    const submitted = await call('buyer', 'node.act', { ...act, nodeId: 'demand', action: 'submit', form: DEMAND });
    const finished = await call('admin', 'node.act', { ...act, nodeId: 'delivery', action: 'finish' });
    const causesOf = async () => (await stored<EntryDoc>('entries', { roomId: projectId })).map(({ cause }) => cause);
    const [room] = await stored<ProjectRoom>('rooms', { _id: projectId });
    expect(room?.cause).to.equal(finished.id);
    expect((await causesOf()).filter((cause) => cause === finished.id).length).to.be.greaterThan(1);
    expect(await causesOf())
      .to.include(submitted.id)
      .and.to.not.include(undefined);
    const notified = await stored<NotificationDoc>('notifications', { roomId: projectId });
    expect(notified.map(({ cause }) => cause))
      .to.include(finished.id)
      .and.to.not.include(undefined);

    const before = await causesOf();
    const worked = gather();
    const worker = await startWorker(readSettings({ ...database.env, METRICS_PORT: '0' }), { log: worked.log });
    const seen = (): Line[] =>
      worked.lines.filter(({ room: id, msg }) => id === projectId && msg === 'a room was seen to');
    try {
      await until('the job has done what was due', async () => {
        const [now] = await stored<ProjectRoom>('rooms', { _id: projectId });
        return now?.status === 'completed';
      });
      // And counted as late as it was.
      const late = async () => {
        const { samples } = readExposition(await (await fetch(`${worker.metricsUrl ?? ''}/metrics`)).text());
        return samples.get('delivery_rooms_step_lateness_seconds_sum') ?? 0;
      };
      await until('it is counted', async () => (await late()) > DAY_MS / 1_000);
    } finally {
      await worker.stop();
    }
    const [first] = seen();
    expect(first?.['cause']).to.equal(finished.id);
    expect(first?.['correlationId']).to.match(UUID);
    expect(first?.['lateMs']).to.be.greaterThan(DAY_MS);
    // The job's run is the cause of what it wrote, and the log has which job it was.
    const byJobs = (await causesOf()).filter((cause) => !before.includes(cause));
    expect(byJobs.length).to.be.greaterThan(0);
    for (const cause of byJobs) {
      expect(seen().map(({ correlationId }) => correlationId)).to.include(cause);
      expect(worked.lines.filter(({ correlationId, msg }) => correlationId === cause && msg === 'a job has run'))
        .to.have.length(1)
        .and.to.have.nested.property('0.job', 'timeouts');
    }
  });
});
