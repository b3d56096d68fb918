import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { pino } from 'pino';
import { TestClient, until } from '../../support/client.ts';
import { people, Portal } from '../../support/portal.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../../support/shared-database.ts';

/** A service that is attacked, and what must come out of it unharmed. */
export interface FuzzSuite {
  readonly service: TestService;
  readonly portal: Portal;
  /** Another client, to which nothing of all this must matter. */
  readonly calm: TestClient;
  readonly database: SharedDatabase;
  /** A room in which `buyer`, `admin` and `vendor` are. */
  readonly roomId: string;
}

/** Starts it before the file's tests; after each of them it is alive and serves others, nobody is left, and it has logged no fault of its own. */
export function fuzzSuite(): FuzzSuite {
  let suite: FuzzSuite | undefined;
  const faults: string[] = [];
  const there = (): FuzzSuite => {
    if (suite === undefined) throw new Error('the service has not been started yet');
    return suite;
  };

  before(async () => {
    const log = pino({ level: 'error' }, { write: (line: string) => void faults.push(line) });
    const database = await createSharedDatabase();
    const service = await startTestService({ database, overrides: { log } });
    const portal = new Portal(service.service.url);
    await portal.seed();
    const roomId = await portal.project();
    suite = { service, database, portal, roomId, calm: await portal.connect('colleague') };
  });
  afterEach(async () => {
    const { calm, service } = there();
    expect(faults, 'a fault of ours was logged').to.deep.equal([]);
    expect((await calm.answer('room.list', {})).ok, 'the other client is served').to.equal(true);
    await until('nobody is left', () => service.service.load().connections === 1, 35_000);
    expect(service.service.load()).to.deep.include({ strangers: 0, addresses: 1 });
    expect(Reflect.get({}, 'polluted'), 'no prototype was changed').to.equal(undefined);
  });
  after(async () => {
    there().portal.close();
    await there().service.stop();
    await there().database.drop();
  });
  return {
    get service() {
      return there().service;
    },
    get portal() {
      return there().portal;
    },
    get calm() {
      return there().calm;
    },
    get database() {
      return there().database;
    },
    get roomId() {
      return there().roomId;
    },
  };
}

/** Somebody of each side who may call what is for that side. */
export const ONE_OF = {
  buyer: people.buyer,
  provider: people.admin,
  vendor: people.vendor,
  operator: people.operator,
  service: people.service,
} as const;

/** Does some work and says by how many bytes the heap is larger afterwards; what it grows to when it is warm does not count. */
export async function growthOf(work: () => Promise<void>): Promise<number> {
  const before = heap();
  await work();
  return heap() - before;
}

/** Bytes of the heap that are really in use. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') for (let n = 0; n < 3; n++) collect();
  return process.memoryUsage().heapUsed;
}
