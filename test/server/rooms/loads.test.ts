import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { mongo } from 'mongoose';
import { providerLoads, staffLoads } from '../../../server/rooms/loads.ts';
import type { ProjectRoom } from '../../../server/rooms/room-doc.ts';
import { type RoomModel, roomModel } from '../../../server/rooms/room-model.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { roomOf } from './room-of.ts';

/** The plans that were chosen, wherever an explanation of an aggregate holds them. */
function winningPlans(explained: unknown): unknown[] {
  if (typeof explained !== 'object' || explained === null) return [];
  return Object.entries(explained).flatMap(([key, value]) => (key === 'winningPlan' ? [value] : winningPlans(value)));
}

describe('loads', () => {
  let database: TestDatabase;
  let storage: Storage;
  let rooms: RoomModel;

  before(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    rooms = roomModel(storage.connection);
    await rooms.createCollection();
    await rooms.createIndexes();
    const room = (id: string, more: Partial<ProjectRoom>): ProjectRoom => ({ ...roomOf(id), ...more });
    await rooms.insertMany([
      room('1', { crew: ['dan', 'du'] }),
      room('2', { crew: ['dan'], status: 'paused' }),
      room('3', { crew: ['dan', 'du'], status: 'completed' }),
      room('4', { crew: ['du'], status: 'cancelled' }),
      room('5', { crew: ['rui'], providerOrg: 'rivals' }),
      room('6', { crew: [], providerOrg: null }),
      // Enough of others that a scan would be the dearer plan.
      ...Array.from({ length: 2_000 }, (_, i) => room(`o-${i}`, { crew: [`u-${i % 90}`], providerOrg: `p-${i % 90}` })),
    ]);
  });
  after(async () => {
    await storage?.stop();
    await database?.drop();
  });

  const counted = (loads: Map<string, number>) => Object.fromEntries(loads);

  it('of staff are the executing and paused projects that they hold a role in, all of them counted at once', async () => {
    expect(counted(await staffLoads(rooms, ['dan', 'du', 'idle', 'dan']))).to.deep.equal({ dan: 2, du: 1 });
    expect(counted(await staffLoads(rooms, []))).to.deep.equal({});
  });

  it('of providers are the executing and paused projects that they deliver', async () => {
    expect(counted(await providerLoads(rooms, ['studio', 'rivals', 'nobody']))).to.deep.equal({ studio: 2, rivals: 1 });
    expect(counted(await providerLoads(rooms, []))).to.deep.equal({});
  });

  it('are each one aggregate, over an index', async () => {
    const sent: mongo.Document[] = [];
    const counting = new Proxy(rooms, {
      get(model, key) {
        if (key !== 'aggregate') return Reflect.get(model, key);
        return (pipeline: mongo.Document[]) => {
          sent.push({ aggregate: 'rooms', pipeline, cursor: {} });
          return model.aggregate(pipeline as Parameters<RoomModel['aggregate']>[0]);
        };
      },
    });
    await staffLoads(counting, ['dan', 'du']);
    await providerLoads(counting, ['studio', 'rivals']);
    expect(sent).to.have.length(2);
    const indexes: string[][] = [];
    for (const explain of sent) {
      const answer = await storage.connection.db?.command({ explain, verbosity: 'queryPlanner' });
      const plans = JSON.stringify(winningPlans(answer));
      expect(plans).to.include('IXSCAN').and.not.include('COLLSCAN');
      indexes.push([...plans.matchAll(/"indexName":"([^"]+)"/g)].map((match) => match[1] ?? ''));
    }
    expect(indexes).to.deep.equal([['staff_load'], ['provider_load']]);
  });
});
