import { expect } from 'chai';
import { kindsOf, queuedOf, toldOtherwise } from '../../../server/delivery/queues.ts';
import { KIND, type WaitingPlace } from '../../../server/rooms/project-state.ts';
import { type RoomModel, roomModel } from '../../../server/rooms/room-model.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { roomOf } from '../rooms/room-of.ts';

const [A, B, STAFF] = [KIND.providerFor('a'), KIND.providerFor('b'), KIND.staffWith('studio', 'designer')];
/** More than is read at a time. */
const MANY = 120;

describe('The queues', () => {
  let database: TestDatabase;
  let storage: Storage;
  let rooms: RoomModel;

  function place(kind: string, second: number, reason: WaitingPlace['reason'] = null): WaitingPlace {
    const what = kind === STAFF ? 'staff' : 'provider';
    const since = new Date(Date.UTC(2026, 10, 20, 2, 0, second));
    const of = { org: null, role: null, departmentFirst: null };
    return { queues: ['all'], kind, since, what, reason, productId: 'a', visit: 1, ...of };
  }

  before(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    rooms = roomModel(storage.connection);
    await rooms.createCollection();
    await rooms.createIndexes();
    const waiting = Array.from({ length: MANY }, (_, n) => [
      place(A, 2 * n, n === 100 ? 'no_provider' : 'providers_full'),
      place(B, 2 * n + 1),
    ]).flat();
    waiting.push(place(STAFF, 0));
    await rooms.insertMany(
      waiting.map((one, n) => {
        const room = roomOf(`room-${String(n).padStart(3, '0')}`);
        return { ...room, project: { ...room.project, orderId: `order-${n}` }, waiting: one };
      }),
    );
  });
  after(async () => {
    await storage.stop();
    await database.drop();
  });

  const read = async (isOver: (kind: string, seen: readonly string[]) => boolean): Promise<string[]> => {
    const seen: string[] = [];
    for await (const { waiting } of queuedOf(rooms, [A, B], (kind) => isOver(kind, seen))) seen.push(waiting.kind);
    return seen;
  };

  it('are found by what is waited for', async () => {
    expect(await kindsOf(rooms, KIND.providers)).to.deep.equal([A, B]);
    expect(await kindsOf(rooms, KIND.staff)).to.deep.equal([STAFF]);
    expect(await kindsOf(rooms, KIND.staffOf('studio'))).to.deep.equal([STAFF]);
    expect(await kindsOf(rooms, KIND.staffOf('stud'))).to.deep.equal([]);
  });

  it('are read in the order of their turns, whatever is waited for', async () => {
    expect(await read(() => false)).to.deep.equal(Array.from({ length: MANY }, () => [A, B]).flat());
  });

  it('are read no further where the first found nobody, however many wait', async () => {
    expect(await read((kind, seen) => kind === A && seen.length > 0)).to.deep.equal([
      A,
      ...Array.from({ length: MANY }, () => B),
    ]);
    expect(await read((_kind, seen) => seen.length > 1)).to.deep.equal([A, B]);
  });

  it('give those who were told another reason, or none', async () => {
    const found = async (kind: string) => {
      let count = 0;
      for await (const { waiting } of toldOtherwise(rooms, kind, 'providers_full')) {
        expect(waiting.reason).to.not.equal('providers_full');
        count += 1;
      }
      return count;
    };
    expect([await found(A), await found(B)]).to.deep.equal([1, MANY]);
  });
});
