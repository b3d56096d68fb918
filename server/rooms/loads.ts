import type { PipelineStage } from 'mongoose';
import type { ProjectRoom } from './room-doc.ts';
import type { RoomModel } from './room-model.ts';

/** A project counts as load until it is completed or cancelled (domain.md, section 6). */
const IN_HAND: ProjectRoom['status'][] = ['executing', 'paused'];

/** How many projects each of these people holds a role in; somebody without any is not in it. */
export function staffLoads(rooms: RoomModel, userIds: readonly string[]): Promise<Map<string, number>> {
  return loads(rooms, userIds, (wanted) => [
    { $match: { crew: { $in: wanted }, status: { $in: IN_HAND } } },
    { $project: { crew: 1 } },
    { $unwind: '$crew' },
    { $match: { crew: { $in: wanted } } },
    { $group: { _id: '$crew', load: { $sum: 1 } } },
  ]);
}

/** How many projects each of these companies delivers; one without any is not in it. */
export function providerLoads(rooms: RoomModel, orgs: readonly string[]): Promise<Map<string, number>> {
  return loads(rooms, orgs, (wanted) => [
    { $match: { providerOrg: { $in: wanted }, status: { $in: IN_HAND } } },
    { $group: { _id: '$providerOrg', load: { $sum: 1 } } },
  ]);
}

/** One look for all of them: a company's people come by the hundred. */
async function loads(
  rooms: RoomModel,
  ids: readonly string[],
  pipelineFor: (wanted: string[]) => PipelineStage[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const counted = await rooms.aggregate<{ _id: string; load: number }>(pipelineFor([...new Set(ids)]));
  return new Map(counted.map(({ _id, load }) => [_id, load]));
}
