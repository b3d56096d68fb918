import { z } from 'zod';
import { PLAZA_REFRESH_MS } from '../../shared/contract/limits.ts';
import type { CommandArgs, CommandOutput } from '../../shared/contract/registry.ts';
import { plazaCard } from '../../shared/model/opportunity/opportunity-view.ts';
import { iso } from '../clock.ts';
import { plazaHour } from '../rooms/opportunity-state.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import type { OpportunityRoom } from '../rooms/room-doc.ts';
import type { RoomModel } from '../rooms/room-model.ts';

const cursorShape = z.tuple([cursorInstant, z.string()]);

/**
 * A page of what the plaza shows, newest first: read by index, whatever number of demands it holds.
 * @param org whose own engagements are left out, however they ended
 */
export async function plazaPage(
  rooms: RoomModel,
  { category, region, cursor, limit }: CommandArgs<'opportunity.plaza'>,
  org: string | undefined,
  now: number,
): Promise<CommandOutput<'opportunity.plaza'>> {
  const filter: Record<string, unknown> = {
    ...(category === undefined ? {} : { 'opportunity.demand.category': category }),
    ...(region === undefined ? {} : { 'opportunity.demand.region': region }),
    'plaza.since': { $gte: new Date(0) },
    ...(org === undefined ? {} : { 'opportunity.engagements.provider.org': { $ne: org } }),
  };
  if (cursor !== undefined) {
    const [at, id] = decodeCursor(cursor, cursorShape);
    filter['plaza.since'] = { $gte: new Date(0), $lte: new Date(at) };
    filter['$or'] = [{ 'plaza.since': { $lt: new Date(at) } }, { _id: { $lt: id } }];
  }
  const found = await rooms
    .find(filter, { plaza: 1, 'opportunity.demand': 1, 'opportunity.plaza': 1 })
    .sort({ 'plaza.since': -1, _id: -1 })
    .limit(limit + 1)
    .lean<Pick<OpportunityRoom, '_id' | 'plaza' | 'opportunity'>[]>();
  const page = found.slice(0, limit);
  const end = page.at(-1);
  const hour = plazaHour(now);
  return {
    items: page.flatMap(({ _id, opportunity }) => plazaCard(_id, opportunity) ?? []),
    ...(found.length > limit && end?.plaza?.since !== undefined
      ? { nextCursor: encodeCursor([end.plaza.since.getTime(), end._id]) }
      : {}),
    refreshedAt: iso(hour),
    nextRefreshAt: iso(hour + PLAZA_REFRESH_MS),
  };
}
