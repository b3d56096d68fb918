import type { RoomDoc, RoomModel } from '../rooms/room-store.ts';
import type { WaitingPlace } from '../rooms/project-state.ts';
import { byTurn } from '../../shared/model/flow/serve-queue.ts';

/** A project in a queue. */
export interface Queued {
  _id: string;
  waiting: WaitingPlace;
  orderId: string;
}

const PAGE = 100;

/** A page of one queue, first in, first out, behind a place in it. */
export async function queuePage(
  rooms: RoomModel,
  queue: string,
  behind: { since: Date; id: string } | undefined,
  limit: number,
  filter: Record<string, unknown> = {},
): Promise<Queued[]> {
  const docs = await rooms
    .find(
      {
        'waiting.queues': queue,
        ...filter,
        ...(behind === undefined
          ? {}
          : {
              'waiting.since': { $gte: behind.since },
              $or: [{ 'waiting.since': { $gt: behind.since } }, { _id: { $gt: behind.id } }],
            }),
      },
      { waiting: 1, 'project.orderId': 1 },
    )
    .sort({ 'waiting.since': 1, _id: 1 })
    .limit(limit)
    .lean<(Pick<RoomDoc, '_id' | 'waiting'> & { project: { orderId: string } })[]>();
  return docs.flatMap(({ _id, waiting, project }) =>
    waiting === null ? [] : [{ _id, waiting, orderId: project.orderId }],
  );
}

/** Everything that waits in some queues, in the order of their turns: page by page of each, so that any number can wait. */
export async function* queuedOf(rooms: RoomModel, queues: readonly string[]): AsyncGenerator<Queued> {
  const sources = queues.map((queue) => ({
    queue,
    page: [] as Queued[],
    last: undefined as Queued | undefined,
    end: false,
  }));
  for (;;) {
    await Promise.all(
      sources.map(async (source) => {
        if (source.page.length > 0 || source.end) return;
        const { last } = source;
        const behind = last === undefined ? undefined : { since: last.waiting.since, id: last._id };
        source.page = await queuePage(rooms, source.queue, behind, PAGE);
        source.last = source.page.at(-1);
        source.end = source.page.length < PAGE;
      }),
    );
    const heads = sources.filter(({ page }) => page.length > 0);
    const [first] = heads.toSorted((a, b) => byTurn(turnOf(a.page[0]), turnOf(b.page[0])));
    const next = first?.page.shift();
    if (next === undefined) return;
    yield next;
  }
}

const turnOf = (queued: Queued | undefined): { projectId: string; since: string } => ({
  projectId: queued?._id ?? '',
  since: queued?.waiting.since.toISOString() ?? '',
});
