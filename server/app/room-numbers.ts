import { endedAt } from '../../shared/model/flow/flow.ts';
import type { Holders, Holding } from '../numbers/upkeep.ts';
import type { OpportunityRoom, ProjectRoom, RoomDoc } from '../rooms/room-doc.ts';
import type { RoomModel } from '../rooms/room-model.ts';

/**
 * What rooms hold of numbers, and those of demands and projects, which have their room's id.
 * @param keptMs how long after a room's end they are needed still
 */
export function roomHolders(rooms: RoomModel, keptMs: number): Holders {
  const holdingOf = (room: RoomDoc): Holding => {
    const { numberIds, ended } = room.kind === 'project' ? ofProject(room) : ofDemand(room);
    return { numberIds, until: ended === null ? null : ended + keptMs };
  };
  return async (roomIds) => {
    const found = await rooms.find({ _id: { $in: [...roomIds] } }).lean<RoomDoc[]>();
    return new Map(found.map((room) => [room._id, holdingOf(room)]));
  };
}

/** The contact's number that came with the order, and that of the demand form. */
function ofProject({ project: { contactNumberId, demand, flow } }: ProjectRoom) {
  return { numberIds: [contactNumberId, demand?.numberId].filter((id) => id !== undefined), ended: endedAt(flow) };
}

/** The buyer's, and those at which the providers that follow can be reached. */
function ofDemand({ numbers, opportunity }: OpportunityRoom) {
  const { endedAt: ended } = opportunity;
  return { numberIds: numbers.map(({ numberId }) => numberId), ended: ended === undefined ? null : Date.parse(ended) };
}
