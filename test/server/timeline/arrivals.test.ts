import { expect } from 'chai';
import { Arrivals } from '../../../server/timeline/arrivals.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { type EntryModel, entryModel } from '../../../server/timeline/entry-store.ts';
import { StreamHeads } from '../../../server/timeline/stream-heads.ts';
import { until } from '../../support/client.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const REF = { roomId: 'r', stream: 'public' };
const KEY = 'r/public';

describe('entries that other servers tell of', () => {
  let database: TestDatabase;
  let storage: Storage;
  let entries: EntryModel;
  before(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    entries = entryModel(storage.connection);
  });
  after(async () => {
    await storage.stop();
    await database.drop();
  });

  /** A stream that is watched from its beginning, and what is handed on of it. */
  async function watched(options: { isWriting?: () => boolean } = {}) {
    const heads = new StreamHeads(entries);
    await heads.watch(KEY, REF.roomId, REF.stream);
    const handedOn: number[] = [];
    const caughtUp: number[] = [];
    const arrivals = new Arrivals({
      heads,
      isWriting: options.isWriting ?? (() => false),
      catchUp: () => {
        caughtUp.push(heads.published(KEY) ?? -1);
        return Promise.resolve();
      },
      onError: (error) => expect.fail(String(error)),
    });
    const arrive = (seq: number) =>
      arrivals.arrive(KEY, REF, { seq, tally: seq, author: 'a', ownTally: seq, holder: undefined }, () =>
        handedOn.push(seq),
      );
    return { heads, arrivals, handedOn, caughtUp, arrive };
  }

  it('are handed on in order and once, in whatever order they come', async () => {
    const { handedOn, caughtUp, arrive, arrivals } = await watched();
    for (const seq of [1, 1, 4, 3, 3, 2, 4, 6, 5, 1]) arrive(seq);
    expect(handedOn).to.deep.equal([1, 2, 3, 4, 5, 6]);
    arrivals.close();
    expect(caughtUp).to.deep.equal([]);
  });

  it('follow what this server hands on itself', async () => {
    const { handedOn, heads, arrive, arrivals } = await watched();
    for (const seq of [3, 4]) arrive(seq);
    for (const seq of [1, 2]) {
      heads.publish(KEY, seq);
      arrivals.published(KEY);
    }
    expect(handedOn).to.deep.equal([3, 4]);
    arrivals.close();
  });

  it('are read when those before them do not come, but not while this server writes', async () => {
    let writing = true;
    let asked = 0;
    const { handedOn, caughtUp, arrive, arrivals } = await watched({
      isWriting: () => {
        asked += 1;
        return writing;
      },
    });
    arrive(1);
    arrive(3);
    await until('it has waited', () => asked > 1);
    expect(caughtUp).to.deep.equal([]);
    writing = false;
    await until('it reads', () => caughtUp.length > 0);
    expect(handedOn).to.deep.equal([1]);
    expect(caughtUp).to.deep.equal([1]);
    arrivals.close();
  });

  it('go nowhere when nobody watches', async () => {
    const { handedOn, heads, arrive } = await watched();
    heads.unwatch(KEY);
    arrive(1);
    expect(handedOn).to.deep.equal([]);
  });

  it("move the stream's end on, where it was known", async () => {
    const { heads, arrive, arrivals } = await watched();
    await heads.load(KEY, REF.roomId, REF.stream, ['a']);
    arrive(1);
    expect((await heads.load(KEY, REF.roomId, REF.stream, ['a'])).head).to.deep.equal({
      seq: 1,
      tally: 1,
      own: new Map([['a', 1]]),
      holder: undefined,
    });
    // One is missing: what is in the database is asked again.
    arrive(3);
    expect((await heads.load(KEY, REF.roomId, REF.stream, ['a'])).head.seq).to.equal(0);
    arrivals.close();
  });
});
