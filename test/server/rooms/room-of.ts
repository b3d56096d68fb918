import { fieldsOf } from '../../../server/rooms/project-state.ts';
import type { RoomDoc } from '../../../server/rooms/room-store.ts';

/** A room as it is stored, for tests of what does not look into the project itself. */
export function roomOf(id: string): RoomDoc {
  const at = new Date(0);
  return {
    _id: id,
    kind: 'project',
    title: 'A room',
    buyer: { id: 'b', org: 'buyers', name: 'B' },
    vendorOrg: 'maker',
    members: [],
    seats: ['operator'],
    ...fieldsOf({
      orderId: id,
      product: { id: 'website', name: 'Website' },
      vendor: { org: 'maker', name: 'Maker' },
      shareContact: true,
      demand: null,
      version: 1,
      flow: {
        status: 'executing',
        overdue: false,
        queued: null,
        run: 1,
        template: { id: 'basic', name: 'Basic', posting: 'any-staff', nodes: [] },
        nodes: [],
        current: null,
        parties: { buyerOrg: 'buyers', vendorOrg: 'maker' },
        provider: { org: 'studio', name: 'Studio' },
        crew: [],
        department: null,
        paused: null,
      },
    }),
    notes: null,
    activity: { buyer: at, provider: at, operator: at },
    outbox: [],
    version: 1,
    changedAt: at,
    createdAt: at,
  };
}
