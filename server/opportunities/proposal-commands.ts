import { z } from 'zod';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import { proposalsOf } from '../../shared/model/opportunity/act.ts';
import type { Proposal } from '../../shared/model/opportunity/opportunity.ts';
import { proposalsFor, proposalView } from '../../shared/model/opportunity/opportunity-view.ts';
import { laneOf } from '../../shared/model/opportunity/streams.ts';
import type { Clock } from '../clock.ts';
import type { TakeFiles } from '../delivery/flow-commands.ts';
import type { DirectoryModels, ProductDoc } from '../directory/directory-store.ts';
import type { Handlers } from '../registry/call.ts';
import { decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { flowActorOf } from '../rooms/access.ts';
import type { OpportunityRoom } from '../rooms/room-doc.ts';
import { requireRoomOf } from '../rooms/room-access.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { Opportunities } from './opportunities.ts';
import { remarkOf } from './opportunity-commands.ts';
import { admitting, wasThere } from './who-knows.ts';

export interface ProposalParts {
  rooms: RoomStore;
  directory: DirectoryModels;
  opportunities: Opportunities;
  takeFiles: TakeFiles;
  clock: Clock;
}

const cursorShape = z.tuple([z.string(), z.string()]);

export function proposalCommands({
  rooms,
  directory,
  opportunities,
  takeFiles,
  clock,
}: ProposalParts): Pick<Handlers, 'proposal.send' | 'proposal.withdraw' | 'proposal.list'> {
  /** The product, where the company delivers it. */
  async function delivered(org: string, productId: string): Promise<{ id: string; name: string } | null> {
    const product = await directory.products.findOne({ _id: productId, 'providers.org': org }).lean<ProductDoc>();
    return product === null ? null : { id: productId, name: product.name };
  }

  return {
    async 'proposal.send'({ opportunityId, clientId, productId, contract, remark, ...quote }, call) {
      const { caller, correlationId: cause } = call;
      const { org = '' } = caller;
      const room = await requireRoomOf('opportunity', rooms, caller, opportunityId, wasThere);
      const isThis = (proposal: Proposal): boolean => proposal.clientId === clientId;
      // The file of one that is sent again may be gone by now.
      const isNew = !proposalsOf(room.opportunity, org).some(isThis);
      const product = isNew ? await delivered(org, productId) : null;
      const [file] =
        isNew && contract !== undefined ? await takeFiles(caller, room, laneOf(org), [contract], 'contract') : [];
      const changed = await opportunities.apply(
        opportunityId,
        {
          type: 'propose',
          clientId,
          ...quote,
          product,
          ...(file === undefined ? {} : { contract: file }),
          ...remarkOf(remark),
        },
        flowActorOf(caller),
        { admits: admitting(caller), cause },
      );
      return { proposal: shown(changed, org, isThis) };
    },

    async 'proposal.withdraw'({ opportunityId, proposalId, remark }, call) {
      const { caller, correlationId: cause } = call;
      await requireRoomOf('opportunity', rooms, caller, opportunityId, wasThere);
      const changed = await opportunities.apply(
        opportunityId,
        { type: 'withdraw', proposalId, ...remarkOf(remark) },
        flowActorOf(caller),
        { admits: admitting(caller), cause },
      );
      return { proposal: shown(changed, caller.org, ({ id }) => id === proposalId) };
    },

    async 'proposal.list'({ opportunityId, cursor, limit }, { caller }) {
      const room = await requireRoomOf('opportunity', rooms, caller, opportunityId);
      const all = proposalsFor(room.opportunity, opportunityId, flowActorOf(caller), clock.now());
      const [sentAt, id] = cursor === undefined ? [] : decodeCursor(cursor, cursorShape);
      const from =
        sentAt === undefined || id === undefined
          ? all
          : all.filter((proposal) => proposal.sentAt < sentAt || (proposal.sentAt === sentAt && proposal.id < id));
      const items = from.slice(0, limit);
      const end = items.at(-1);
      return {
        items,
        ...(from.length > limit && end !== undefined ? { nextCursor: encodeCursor([end.sentAt, end.id]) } : {}),
      };
    },
  };
}

/** A company's own proposal as it now stands. */
function shown(
  { _id, opportunity }: OpportunityRoom,
  org: string | undefined,
  isThis: (proposal: Proposal) => boolean,
): CommandOutput<'proposal.send'>['proposal'] {
  for (const engagement of opportunity.engagements) {
    if (engagement.provider.org !== org) continue;
    const proposal = engagement.proposals.find(isThis);
    if (proposal !== undefined) return proposalView(proposal, engagement, _id);
  }
  throw new Error('a proposal that was just stored is not there');
}
