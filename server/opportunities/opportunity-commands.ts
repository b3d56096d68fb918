import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import { type OpportunityEvent, step } from '../../shared/model/opportunity/step.ts';
import { notesOf } from '../../shared/model/opportunity/streams.ts';
import type { Clock } from '../clock.ts';
import { nameOfOrg } from '../delivery/dispatcher.ts';
import type { DirectoryModels, OrgDoc } from '../directory/directory-store.ts';
import type { Call, Caller, Handlers } from '../registry/call.ts';
import { flowActorOf } from '../rooms/access.ts';
import type { Activity } from '../rooms/activity.ts';
import type { LaneStore } from '../rooms/lane-store.ts';
import type { OpportunityRoom } from '../rooms/room-doc.ts';
import { requireRoomOf, unknownRoom } from '../rooms/room-access.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { Pages } from '../timeline/pages.ts';
import type { ContactNumbers } from './contact-numbers.ts';
import type { Grabs } from './grabs.ts';
import { type ApplyOptions, errorOf, type Opportunities } from './opportunities.ts';
import { recordKey } from './opportunity-entries.ts';
import { listOpportunities } from './opportunity-list.ts';
import { opportunityView } from './opportunity-view.ts';
import { plazaPage } from './plaza.ts';
import type { Publications } from './publications.ts';
import { suggestionsFor } from './suggestions.ts';
import { admitting, mayGrab, wasThere } from './who-knows.ts';

export interface OpportunityParts {
  rooms: RoomStore;
  activity: Activity;
  lanes: LaneStore;
  pages: Pages;
  directory: DirectoryModels;
  opportunities: Opportunities;
  publications: Publications;
  grabs: Grabs;
  numbers: ContactNumbers;
  clock: Clock;
}

type OpportunityHandlers = Pick<
  Handlers,
  | 'opportunity.create'
  | 'opportunity.get'
  | 'opportunity.list'
  | 'opportunity.plaza'
  | 'opportunity.grab'
  | 'opportunity.suggest'
  | 'opportunity.assign'
  | 'opportunity.accept'
  | 'opportunity.reject'
  | 'opportunity.record'
  | 'opportunity.terminate'
  | 'opportunity.revoke'
  | 'opportunity.close'
  | 'opportunity.reportPaid'
>;

export function opportunityCommands(parts: OpportunityParts): OpportunityHandlers {
  const { rooms, pages, directory, opportunities, publications, grabs, numbers, clock } = parts;

  function shown(caller: Caller, room: OpportunityRoom): CommandOutput<'opportunity.get'> {
    const opportunity = opportunityView(room, caller, clock.now());
    if (opportunity === undefined) throw unknownRoom();
    return { opportunity };
  }

  /** Lets it happen, and shows the demand as it then stands. */
  async function happen(
    { caller, correlationId: cause }: Call,
    roomId: string,
    event: OpportunityEvent,
    more: Pick<ApplyOptions, 'beside'> = {},
  ): Promise<CommandOutput<'opportunity.get'>> {
    await requireRoomOf('opportunity', rooms, caller, roomId, wasThere);
    const room = await opportunities.apply(roomId, event, flowActorOf(caller), {
      ...more,
      admits: admitting(caller),
      cause,
    });
    return shown(caller, room);
  }

  async function company(org: string): Promise<{ org: string; name: string } | null> {
    const found = await directory.orgs.findById(org).lean<OrgDoc>();
    return found === null ? null : { org, name: found.name };
  }

  return {
    async 'opportunity.create'(input, { caller, correlationId }) {
      const opportunityId = await publications.publish(input, caller, correlationId);
      return { opportunityId, roomId: opportunityId };
    },

    async 'opportunity.get'({ opportunityId }, { caller }) {
      return shown(caller, await requireRoomOf('opportunity', rooms, caller, opportunityId));
    },

    'opportunity.list': (query, { caller }) => listOpportunities(parts, caller, query),

    'opportunity.plaza': (query, { caller: { side, org } }) =>
      plazaPage(rooms.model, query, side === 'provider' ? org : undefined, clock.now()),

    async 'opportunity.grab'({ opportunityId }, { caller, correlationId: cause }) {
      const { org = '' } = caller;
      await requireRoomOf('opportunity', rooms, caller, opportunityId, mayGrab);
      const room = await rooms.fresh(opportunityId);
      if (room?.kind !== 'opportunity') throw unknownRoom();
      const event = { type: 'grab', provider: { org, name: await nameOfOrg(directory, org) } } as const;
      // What is refused, or was done before, costs none of the day's grabs.
      const foreseen = step(room.opportunity, event, opportunities.context(flowActorOf(caller)));
      if (!foreseen.ok) throw errorOf(foreseen);
      if (!foreseen.entries.some(({ body }) => body.event === 'engagement.began')) return shown(caller, room);
      const admits = (now: OpportunityRoom): boolean => mayGrab(caller, now);
      return shown(
        caller,
        await grabs.with(org, opportunityId, () =>
          opportunities.apply(opportunityId, event, flowActorOf(caller), { admits, cause }),
        ),
      );
    },

    async 'opportunity.suggest'({ opportunityId }, { caller }) {
      const { opportunity } = await requireRoomOf('opportunity', rooms, caller, opportunityId);
      return { items: await suggestionsFor({ directory, rooms: rooms.model }, opportunity) };
    },

    async 'opportunity.assign'({ opportunityId, org }, call) {
      const provider = await company(org);
      if (provider === null) {
        await requireRoomOf('opportunity', rooms, call.caller, opportunityId);
        const reason = 'must be a company that the directory knows';
        throw new RoomError('invalid', `org: ${reason}`, { details: [{ path: 'org', reason }] });
      }
      return happen(call, opportunityId, { type: 'assign', provider });
    },

    async 'opportunity.accept'({ opportunityId, phone }, call) {
      const { caller } = call;
      const { org = '' } = caller;
      await requireRoomOf('opportunity', rooms, caller, opportunityId, wasThere);
      if (phone === undefined) return happen(call, opportunityId, { type: 'accept' });
      return numbers.with(phone, { roomId: opportunityId, by: caller }, (numberId) =>
        happen(
          call,
          opportunityId,
          { type: 'accept' },
          { beside: (room) => ({ numbers: [...room.numbers.filter((held) => held.org !== org), { org, numberId }] }) },
        ),
      );
    },

    'opportunity.reject': ({ opportunityId, reason, remark }, call) =>
      happen(call, opportunityId, { type: 'reject', reason, ...remarkOf(remark) }),

    async 'opportunity.record'({ opportunityId, clientId, connected, stage, text }, call) {
      const { caller, correlationId: cause } = call;
      const room = await requireRoomOf('opportunity', rooms, caller, opportunityId, wasThere);
      const known = await recorded(caller, room, clientId);
      if (known !== undefined) return { entry: known };
      const changed = await opportunities.apply(
        opportunityId,
        { type: 'record', clientId, connected, stage, text },
        flowActorOf(caller),
        { admits: admitting(caller), cause },
      );
      const entry = await recorded(caller, changed, clientId);
      if (entry === undefined) throw new RoomError('conflict', 'This clientId was used by somebody else.');
      return { entry };
    },

    'opportunity.terminate': ({ opportunityId, reason, remark }, call) =>
      happen(call, opportunityId, { type: 'terminate', reason, ...remarkOf(remark) }),

    'opportunity.revoke': ({ opportunityId, remark }, call) =>
      happen(call, opportunityId, { type: 'revoke', ...remarkOf(remark) }),

    'opportunity.close': ({ opportunityId, reason }, call) => happen(call, opportunityId, { type: 'close', reason }),

    async 'opportunity.reportPaid'({ opportunityId, ...payment }, { caller, correlationId }) {
      await requireRoomOf('opportunity', rooms, caller, opportunityId);
      const projectId = await opportunities.pay(opportunityId, payment, flowActorOf(caller), correlationId);
      return { projectId, roomId: projectId };
    },
  };

  /** The entry of a communication record that somebody has sent under a `clientId`. */
  async function recorded({ userId, org = '' }: Caller, { _id, opportunity }: OpportunityRoom, clientId: string) {
    for (const { id, provider } of opportunity.engagements) {
      if (provider.org !== org) continue;
      const doc = await pages.sentAs(_id, notesOf(org), userId, recordKey(id, clientId));
      const [entry] = doc === undefined ? [] : await pages.present([doc]);
      if (entry?.kind === 'record') return entry;
    }
    return undefined;
  }
}

export const remarkOf = (remark: string | undefined): { remark?: string } => (remark === undefined ? {} : { remark });
