import { mongo } from 'mongoose';
import { officeCalendar } from '../../../server/calendar/office-calendar.ts';
import { systemClock } from '../../../server/clock.ts';
import { Deliveries } from '../../../server/delivery/deliveries.ts';
import { createSweeps, projectTick } from '../../../server/delivery/sweeps.ts';
import { LaneStore } from '../../../server/rooms/lane-store.ts';
import { Notifications } from '../../../server/rooms/notifications.ts';
import { Outbox } from '../../../server/rooms/outbox.ts';
import type { ProjectRoom } from '../../../server/rooms/room-doc.ts';
import { roomModel } from '../../../server/rooms/room-model.ts';
import { RoomStore } from '../../../server/rooms/room-store.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { Appender } from '../../../server/timeline/appender.ts';
import { entryModel } from '../../../server/timeline/entry-store.ts';
import { testNumbers } from '../../support/vault.ts';
import { type Goal, figureOf } from '../figure.ts';
import { measurePairs } from '../pairs.ts';
import type { Bench, Measure } from '../plan.ts';
import { Portal } from '../portal.ts';
import { startOurs } from '../processes/server-under-test.ts';
import { median } from '../statistics.ts';

const goal: Goal = {
  what: 'one sweep of the timers with 100,000 nodes waiting',
  unit: 'x the same sweep with 1,000 waiting',
  better: 'lower',
  reach: 1.3,
};

const FEW = 1_000;
const DUE = 100;
const BATCH = 2_000;
const DAY_MS = 86_400_000;

interface Field {
  /** Makes some projects due and sweeps; milliseconds for each that was due. */
  sweep(due: number): Promise<number>;
  close(): Promise<void>;
}

/** P13: what a sweep costs follows what is due, not what waits. The sweep is the service's own, in this process; the embedded engine has its thread there. */
export const timerSweep: Measure = async (bench) => {
  const [many, few] = [await waitingField(bench, bench.scale.waiting), await waitingField(bench, FEW)];
  try {
    for (const field of [many, few]) await field.sweep(DUE);
    const { pairs } = await measurePairs(
      bench.scale.pairs,
      () => many.sweep(DUE),
      () => few.sweep(DUE),
    );
    const idle = await many.sweep(0);
    const tenfold = await many.sweep(DUE * 10);
    return figureOf(
      goal,
      pairs.map(({ ours, theirs }) => ours / theirs),
      {
        waiting: bench.scale.waiting,
        due: DUE,
        msADueNode: median(pairs.map(({ ours }) => ours)),
        msADueNodeWithFew: median(pairs.map(({ theirs }) => theirs)),
        msWithNothingDue: idle,
        msADueNodeWithTenTimesAsManyDue: tenfold,
      },
    );
  } finally {
    await many.close();
    await few.close();
  }
};

/** A database of its own with so many projects whose clocks run. */
async function waitingField(bench: Bench, waiting: number): Promise<Field> {
  const database = await bench.newDatabase();
  const server = await startOurs(database, { ...bench.server, env: { JOBS: 'apart' } });
  const portal = new Portal(server.url);
  const [roomId = ''] = await portal.createRooms('000', 1);
  await portal.deliver(roomId);
  // It would read every copy that is made now, as a room that has just changed, while the sweep is measured.
  await server.stop();
  const { DATA_DIR: dataDir = '', MONGODB_URI: mongodbUri } = database.env;
  const storage = await connectStorage({ mongodbUri: mongodbUri || undefined, dataDir });
  const rooms = roomModel(storage.connection);
  const model = await rooms.findById(roomId).lean<ProjectRoom>();
  if (model === null) throw new Error('the project that was just delivered is not there');
  const begun = performance.now();
  for (let from = 0; from < waiting; from += BATCH)
    await put(storage, model, Math.min(BATCH, waiting - from), Date.now() + DAY_MS);
  bench.say(`  ${waiting} waiting projects written in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  const { sweeps, appender } = await sweepsOf(storage);
  return {
    async sweep(due) {
      await put(storage, model, due, Date.now() - 1_000);
      const start = performance.now();
      const changed = await sweeps.timeouts();
      const took = performance.now() - start;
      if (changed !== due) throw new Error(`${due} projects were due and ${changed} were changed`);
      const each = took / Math.max(1, due);
      bench.say(`  ${waiting} waiting, ${due} due: ${took.toFixed(1)} ms, ${each.toFixed(3)} ms each`);
      return each;
    },
    async close() {
      await appender.close();
      await storage.stop();
      await database.drop();
    },
  };
}

/** Copies of a project that waits for its buyer, to be woken for their reminder at an instant. */
async function put(storage: Storage, model: ProjectRoom, count: number, wakeAt: number): Promise<void> {
  if (count === 0) return;
  const at = new Date(wakeAt);
  const nodes = model.project.flow.nodes.map((node) =>
    node.status === 'active' ? { ...node, remindAt: at.toISOString() } : node,
  );
  const docs = Array.from({ length: count }, (): ProjectRoom => {
    const _id = new mongo.ObjectId().toHexString();
    const project = { ...model.project, orderId: _id, flow: { ...model.project.flow, nodes } };
    return { ...model, _id, project, wakeAt: at, outbox: [] };
  });
  await storage.connection.collection<ProjectRoom>('rooms').insertMany(docs, { ordered: false });
}

async function sweepsOf({ connection }: Storage) {
  const onError = (error: unknown): never => {
    throw error;
  };
  const rooms = new RoomStore(roomModel(connection), () => undefined);
  const appender = new Appender({
    entries: entryModel(connection),
    clock: systemClock,
    log: createLog('silent'),
    onEntry: () => undefined,
  });
  const outbox = new Outbox({
    rooms,
    appender,
    notifications: new Notifications(connection),
    lanes: new LaneStore(connection),
    onError,
  });
  const calendar = officeCalendar({ timeZone: 'Asia/Shanghai', opening: '09:00', cutoff: '17:30' });
  const deliveries = new Deliveries({
    ...(await testNumbers(connection)),
    rooms,
    outbox,
    clock: systemClock,
    calendar: () => calendar,
    follow: () => undefined,
  });
  // A reminder leaves nothing to dispatch.
  const dispatcher = { serve: () => Promise.resolve(0) };
  return {
    appender,
    sweeps: createSweeps({
      rooms: rooms.model,
      ticks: { project: projectTick(deliveries, dispatcher) },
      dispatcher,
      clock: systemClock,
      stopping: () => false,
      onError,
    }),
  };
}
