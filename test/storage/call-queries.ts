import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { encodeCursor } from '../../server/registry/cursor.ts';
import type { CommandName } from '../../shared/contract/registry.ts';
import { people, type Portal } from '../support/portal.ts';
import type { SharedDatabase } from '../support/shared-database.ts';
import { adminOf, BUYER, type OpportunityRooms } from '../support/opportunity-rooms.ts';

type Filled = mongo.Document & { _id: string };
type OfCalls = Extract<CommandName, `call.${string}`>;

const FROM = '+1 202 555 0123';
/** By its last digit the simulator has a call talked through. */
const TO = '+1 202 555 0101';

/** Every command of calls at least once, with the variants that are queried differently. */
export function everyCommandOfCalls(
  portal: Portal,
  demands: OpportunityRooms,
): Record<OfCalls, () => Promise<unknown>> {
  async function project(): Promise<string> {
    const { sub: id, org, name } = people.buyer;
    const order = { orderId: randomUUID(), productId: 'website' };
    const buyer = { id, org, name, contact: { phone: TO } };
    return (await portal.call('service', 'project.create', { ...order, buyer })).roomId;
  }
  const place = async () => {
    const roomId = await project();
    const asked = { roomId, to: people.buyer.sub, fromNumber: FROM };
    return portal.call('admin', 'call.place', asked);
  };
  return {
    async 'call.place'() {
      const { call } = await place();
      await portal.call('admin', 'call.cancel', { roomId: call.roomId, callId: call.id });
    },
    async 'call.approve'() {
      const { call } = await place();
      const one = { roomId: call.roomId, callId: call.id };
      await portal.call('operator', 'call.approve', one).catch(() => undefined);
      await portal.call('admin', 'call.cancel', one);
    },
    async 'call.cancel'() {
      const { call } = await place();
      await portal.call('operator', 'call.cancel', { roomId: call.roomId, callId: call.id });
    },
    async 'call.list'() {
      const roomId = await demands.publish();
      await demands.grab(roomId, 'orchid', 'basalt');
      // A page that begins behind something: the queries are the same, whatever there is.
      const cursor = encodeCursor([0, 'x']);
      for (const who of ['operator', BUYER, adminOf('orchid')] as const)
        for (const more of [{}, { cursor }]) await portal.call(who, 'call.list', { roomId, ...more });
    },
  };
}

/** Calls of long ago, in many rooms and in one. */
export async function fillCalls({ connection }: SharedDatabase, many: number): Promise<void> {
  const at = (i: number) => new Date(Date.UTC(2026, 0, 1) + i * 60_000);
  await connection.collection<Filled>('calls').insertMany(
    Array.from({ length: many }, (_, i) => ({
      _id: `fill-${i}`,
      roomId: i % 2 === 0 ? 'fill-calls' : `fill-${i % 40}`,
      stream: 'public',
      at: at(i),
      call: { id: `fill-${i}` },
      version: 1,
      outbox: [],
    })),
  );
  await connection.collection<Filled>('callRecordings').insertMany(
    Array.from({ length: many }, (_, i) => ({
      _id: `fill-${i}`,
      callId: `fill-${i}`,
      roomId: 'fill-calls',
      reference: null,
      wantedAt: at(i),
      tryAt: null,
      tries: 1,
      fileId: `fill-${i}`,
    })),
  );
  await connection
    .collection<Filled>('callDays')
    .insertMany(Array.from({ length: many }, (_, i) => ({ _id: `fill-${i}`, asked: 1, at: at(i) })));
}
