import type { Project } from '../../shared/contract/projects.ts';
import { currentNode, type FlowActor } from '../../shared/model/flow/flow.ts';
import { flowView } from '../../shared/model/flow/flow-view.ts';
import type { Caller } from '../registry/call.ts';
import { flowActorOf } from '../rooms/access.ts';
import type { ProjectRoom } from '../rooms/room-doc.ts';

/** The project as it travels to somebody: its state, and what they may do now. */
export function projectView(room: ProjectRoom, viewer: Caller | FlowActor, now: number): Project {
  const { project } = room;
  const { orderId, bizId, opportunityId, product, channel, vendor, flow } = project;
  return {
    id: room._id,
    roomId: room._id,
    orderId,
    ...(bizId === undefined ? {} : { bizId }),
    ...(opportunityId === undefined || !knowsDeal(viewer, flow) ? {} : { opportunityId }),
    product,
    ...(channel === undefined ? {} : { channel }),
    buyer: room.buyer,
    ...(flow.provider === null ? {} : { provider: flow.provider }),
    vendor,
    ...flowView(flow, 'userId' in viewer ? flowActorOf(viewer) : viewer, now),
    version: project.version,
    createdAt: room.createdAt.toISOString(),
  };
}

/** Of which demand it is the deal, is for those who made it: not for a vendor or a later provider, who may have competed for it. */
const knowsDeal = ({ side }: Pick<Caller, 'side'>, { run }: ProjectRoom['project']['flow']): boolean =>
  side === 'provider' ? run === 1 : side !== 'vendor';

/** Staff of the wanted role at the provider find a project that waits to be claimed, before they are in its room (domain.md, section 4). */
export function mayClaim({ side, org, roles }: Caller, { status, providerOrg, project }: ProjectRoom): boolean {
  const node = currentNode(project.flow);
  return (
    side === 'provider' &&
    providerOrg !== null &&
    org === providerOrg &&
    status === 'executing' &&
    node?.type === 'claim_order' &&
    node.role !== undefined &&
    roles.includes(node.role)
  );
}
