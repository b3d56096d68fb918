import type { RoomDoc } from '../../../server/rooms/room-store.ts';

/** A room as it is stored, for tests of what does not look into the project itself. */
export function roomOf(id: string): RoomDoc {
  const at = new Date(0);
  return {
    _id: id,
    kind: 'project',
    title: 'A room',
    status: 'executing',
    buyer: { id: 'b', org: 'buyers', name: 'B' },
    providerOrg: 'studio',
    vendorOrg: 'maker',
    members: [],
    seats: ['operator'],
    project: {
      orderId: id,
      product: { id: 'website', name: 'Website' },
      provider: { org: 'studio', name: 'Studio' },
      vendor: { org: 'maker', name: 'Maker' },
      overdue: false,
      queued: null,
      run: 1,
      template: { id: 'basic', name: 'Basic' },
      nodes: [],
      current: null,
    },
    activity: { buyer: at, provider: at, operator: at },
    outbox: [],
    version: 1,
    changedAt: at,
    createdAt: at,
  };
}
