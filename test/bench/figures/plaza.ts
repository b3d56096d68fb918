import { randomUUID } from 'node:crypto';
import type { OpportunityRoom } from '../../../server/rooms/room-doc.ts';
import { connectStorage } from '../../../server/storage/connect.ts';
import { PAGE_DEFAULT, PLAZA_REFRESH_MS } from '../../../shared/contract/limits.ts';
import { type Goal, figureOf } from '../figure.ts';
import { measurePairs } from '../pairs.ts';
import type { Bench, Measure } from '../plan.ts';
import { Portal } from '../portal.ts';
import { type BenchDatabase, type ServerUnderTest, startOurs } from '../processes/server-under-test.ts';
import { median } from '../statistics.ts';

const goal: Goal = {
  what: 'a page of a plaza of 100,000 demands',
  unit: 'x the same with 1,000',
  better: 'lower',
  reach: 3,
};

const FEW = 1_000;
const BATCH = 2_000;
/** Pages that are read one behind the other, of each list. */
const PAGES = 8;
const CATEGORIES = 10;
const REGIONS = 7;
const LISTS = [{}, { category: 'Category 1' }, { region: 'Region 1' }, { category: 'Category 1', region: 'Region 1' }];

/** What a provider waits for a page of the plaza, over HTTP: the whole of it and filtered, from the first page on. */
export const plaza: Measure = async (bench) => {
  const [many, few] = [await openPlaza(bench, bench.scale.demands), await openPlaza(bench, FEW)];
  try {
    for (const one of [many, few]) await one.read();
    const { pairs } = await measurePairs(
      bench.scale.pairs,
      () => many.read(),
      () => few.read(),
    );
    return figureOf(
      goal,
      pairs.map(({ ours, theirs }) => ours / theirs),
      {
        demands: bench.scale.demands,
        pageMs: median(pairs.map(({ ours }) => ours)),
        pageMsWithFew: median(pairs.map(({ theirs }) => theirs)),
        fillSeconds: many.fillSeconds,
      },
    );
  } finally {
    await many.close();
    await few.close();
  }
};

interface Plaza {
  readonly fillSeconds: number;
  /** Reads pages of each list; the median of what one took, in milliseconds. */
  read(): Promise<number>;
  close(): Promise<void>;
}

async function openPlaza(bench: Bench, demands: number): Promise<Plaza> {
  const database = await bench.newDatabase();
  const options = { ...bench.server, env: { JOBS: 'apart' } };
  const first = await startOurs(database, options);
  const model = await new Portal(first.url).publish();
  // It would read every copy that is made now, as a room that has just changed.
  await first.stop();
  const begun = performance.now();
  await fill(database, model, demands);
  const fillSeconds = (performance.now() - begun) / 1000;
  bench.say(`  ${demands} demands written in ${fillSeconds.toFixed(0)} s`);
  const server = await startOurs(database, options);
  const portal = new Portal(server.url);
  return {
    fillSeconds,
    async read() {
      const took: number[] = [];
      for (const list of LISTS) took.push(...(await readList(portal, list)));
      const each = median(took);
      bench.say(`  ${demands} demands: ${each.toFixed(2)} ms a page`);
      return each;
    },
    close: () => end(server, database),
  };
}

/** Pages one behind the other, as far as there are any; what each took, in milliseconds. */
async function readList(portal: Portal, list: (typeof LISTS)[number]): Promise<number[]> {
  const took: number[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    const start = performance.now();
    const { items, nextCursor } = await portal.plaza({ ...list, ...(cursor === undefined ? {} : { cursor }) });
    took.push(performance.now() - start);
    if (items.length === 0 || (nextCursor !== undefined && items.length !== PAGE_DEFAULT))
      throw new Error(`a page of the plaza held ${items.length} demands`);
    if (nextCursor === undefined) return took;
    cursor = nextCursor;
  }
  return took;
}

/** Copies of a demand that the plaza shows, hour by hour. */
async function fill({ env }: BenchDatabase, modelId: string, demands: number): Promise<void> {
  const { DATA_DIR: dataDir = '', MONGODB_URI: mongodbUri } = env;
  const storage = await connectStorage({ mongodbUri: mongodbUri || undefined, dataDir });
  try {
    const rooms = storage.connection.collection<OpportunityRoom>('rooms');
    const model = await rooms.findOne({ _id: modelId });
    if (model === null) throw new Error('the demand that was just published is not there');
    const now = Date.now();
    for (let from = 0; from < demands; from += BATCH) {
      const docs = Array.from({ length: Math.min(BATCH, demands - from) }, (_, n): OpportunityRoom => {
        const i = from + n;
        const since = new Date(now - Math.floor(i / 100) * PLAZA_REFRESH_MS);
        const demand = {
          ...model.opportunity.demand,
          category: `Category ${i % CATEGORIES}`,
          region: `Region ${i % REGIONS}`,
        };
        const _id = randomUUID();
        return {
          ...model,
          _id,
          publishedAs: _id,
          opportunity: { ...model.opportunity, demand, plaza: { since: since.toISOString() } },
          plaza: { since },
          wakeAt: null,
          outbox: [],
          changedAt: new Date(0),
        };
      });
      await rooms.insertMany(docs, { ordered: false });
    }
  } finally {
    await storage.stop();
  }
}

async function end(server: ServerUnderTest, database: BenchDatabase): Promise<void> {
  await server.stop();
  await database.drop();
}
