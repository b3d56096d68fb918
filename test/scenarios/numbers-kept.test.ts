import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { startWorker } from '../../jobs/worker.ts';
import { readSettings } from '../../server/app/settings.ts';
import type { NumberDoc } from '../../server/numbers/vault-store.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { until } from '../support/client.ts';
import { people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';

const DAY = 86_400_000;
// Numbers of a range that is reserved for examples.
const NUMBERS = ['+12025550147', '+12025550158', '+12025550169'] as const;
const keyOf = (id: string, text: string): string => `${id}:${Buffer.alloc(32, text).toString('base64')}`;

describe('how long numbers are kept, and under which key', () => {
  let database: SharedDatabase;
  let server: TestService;
  let portal: Portal;
  beforeEach(async () => {
    database = await createSharedDatabase();
  });
  afterEach(async () => {
    portal.close();
    await server.stop();
    await database.drop();
  });

  async function serve(env: NodeJS.ProcessEnv): Promise<void> {
    server = await startTestService({ database, env });
    portal = new Portal(server.service.url);
  }

  /** Of a project and of the provider's designer. */
  const keptFor = async (projectId: string) =>
    (await database.connection.collection<NumberDoc>('numbers').find().toArray())
      .filter(({ owner }) => owner.id === people.designer.sub || owner.id === projectId)
      .map(({ owner }) => owner.kind)
      .sort();

  /** A project with its contact's and its demand's number, and somebody of the provider with theirs. */
  async function furnish(): Promise<string> {
    await portal.seed();
    const { sub, org, name, roles } = people.designer;
    const staff = { userId: sub, org, name, roles: [...roles], maxLoad: 5, phone: NUMBERS[0] };
    await portal.call('service', 'staff.put', staff);
    const { buyer } = people;
    const { projectId } = await portal.call('service', 'project.create', {
      orderId: randomUUID(),
      productId: 'website',
      buyer: { id: buyer.sub, org: buyer.org, name: buyer.name, contact: { phone: NUMBERS[1] } },
    });
    const form = { contactName: 'B', phone: NUMBERS[2], email: 'b@example.com', address: 'A', details: 'D' };
    await portal.call('buyer', 'node.act', { projectId, nodeId: 'demand', action: 'submit', visit: 1, form });
    return projectId;
  }

  it('those of a project for so many days after its end; a person’s goes on', async () => {
    await serve({ DEMO: '1', NUMBER_RETENTION_DAYS: '10' });
    const projectId = await furnish();
    const advance = (ms: number) => portal.call('operator', 'clock.advance', { ms });
    await advance(40 * DAY);
    expect(await keptFor(projectId)).to.deep.equal(['demand', 'project', 'staff']);
    await portal.call('operator', 'project.close', { projectId, reason: 'Cancelled by the buyer' });
    await advance(9 * DAY);
    expect(await keptFor(projectId)).to.deep.equal(['demand', 'project', 'staff']);
    await advance(DAY);
    expect(await keptFor(projectId)).to.deep.equal(['staff']);
    // What the buyer has said otherwise stands.
    const { demand } = await portal.call('buyer', 'demand.get', { projectId });
    expect(demand).to.include({ contactName: 'B', email: 'b@example.com' });
  });

  it('all of them under the present key soon after it has come first, by whatever worker', async () => {
    const [old, next] = [keyOf('2025', 'an old key'), keyOf('2026', 'a new one')];
    await serve({ VAULT_KEYS: old });
    await furnish();
    await server.stop();
    await serve({ VAULT_KEYS: `${next},${old}` });
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => void lines.push(line) });
    const worker = await startWorker(readSettings({ ...database.env, VAULT_KEYS: `${next},${old}` }), { log });
    const numbers = database.connection.collection<NumberDoc>('numbers');
    await until('all are moved', async () => (await numbers.countDocuments({ keyId: '2026' })) === 3);
    await worker.stop();
    expect(lines.join('\n')).to.match(/"numbers":3,"msg":"numbers were put under the present key of VAULT_KEYS"/);
    await server.stop();
    // The old one is not needed any more.
    await serve({ VAULT_KEYS: next });
    await portal.call('service', 'staff.put', {
      userId: 'new',
      org: 'studio',
      name: 'New',
      roles: ['tester'],
      maxLoad: 1,
      phone: NUMBERS[0],
    });
    expect(await numbers.countDocuments({ keyId: '2026' })).to.equal(4);
  });

  it('and a server that has other keys does not start', async () => {
    await serve({ VAULT_KEYS: keyOf('2025', 'an old key') });
    const other = startTestService({ database, env: { VAULT_KEYS: keyOf('2025', 'another') } });
    const error: unknown = await other.then(
      (started) => started.stop(),
      (thrown: unknown) => thrown,
    );
    expect(String(error)).to.match(/^StorageError: VAULT_KEYS: .*"2025"/);
  });
});
