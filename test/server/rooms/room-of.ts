import { fieldsOf } from '../../../server/rooms/project-state.ts';
import type { OpportunityRoom, ProjectRoom } from '../../../server/rooms/room-doc.ts';
import type { Opportunity } from '../../../shared/model/opportunity/opportunity.ts';

/** A room as it is stored, for tests of what does not look into the project itself. */
export function roomOf(id: string): ProjectRoom {
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

/** The room of an opportunity as it is stored, with as much of its state as a test is about. */
export function opportunityRoomOf(id: string, more: Partial<Opportunity> = {}): OpportunityRoom {
  const at = new Date(0);
  const buyer = { id: 'b', org: 'buyers', name: 'B' };
  const opportunity: Opportunity = {
    kind: 'normal',
    demand: { category: 'design', title: 'A demand', details: 'Of a test', region: 'Hangzhou' },
    buyer,
    publisher: { ...buyer, side: 'buyer' },
    shareContact: false,
    phoneVerified: true,
    settings: { places: 5, offerMs: 1, windowMs: 1 },
    status: 'open',
    plaza: null,
    engagements: [],
    deal: null,
    seeking: null,
    told: { all: 1, shared: 1, buyer: 1 },
    createdAt: at.toISOString(),
    ...more,
  };
  return {
    _id: id,
    kind: 'opportunity',
    publishedAs: id,
    numbers: [],
    plaza: null,
    seeking: null,
    buyer,
    title: opportunity.demand.title,
    status: opportunity.status,
    opportunity,
    members: [],
    wakeAt: null,
    seats: ['operator'],
    activity: { buyer: at, provider: at, operator: at },
    outbox: [],
    version: 1,
    changedAt: at,
    createdAt: at,
  };
}
