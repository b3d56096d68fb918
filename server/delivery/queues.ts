import { type QueuedReason, queuedReason } from '../../shared/contract/projects.ts';
import type { ProjectRoom } from '../rooms/room-doc.ts';
import type { RoomModel } from '../rooms/room-model.ts';
import type { WaitingPlace } from '../rooms/project-state.ts';
import { byTurn } from '../../shared/model/flow/serve-queue.ts';

/** A project in a queue. */
export interface Queued {
  _id: string;
  waiting: WaitingPlace;
  orderId: string;
  /** The correlation id of what made it wait. */
  cause: string | undefined;
}

const PAGE = 50;
/** Pages that are read at a time. */
const AT_A_TIME = 8;

const QUEUED = { waiting: 1, 'project.orderId': 1, cause: 1 } as const;
type Found = Pick<ProjectRoom, '_id' | 'waiting' | 'cause'> & { project: { orderId: string } };

const queuedFrom = ({ _id, waiting, project, cause }: Found): Queued[] =>
  waiting === null ? [] : [{ _id, waiting, orderId: project.orderId, cause }];

/**
 * A page of what waits, first in, first out, behind a place.
 * @param where names a queue or a kind, whose index it is read by
 */
export async function queuePage(
  rooms: RoomModel,
  where: Readonly<Record<string, unknown>>,
  behind: { since: Date; id: string } | undefined,
  limit: number,
): Promise<Queued[]> {
  const docs = await rooms
    .find(
      {
        ...where,
        ...(behind === undefined
          ? {}
          : {
              'waiting.since': { $gte: behind.since },
              $or: [{ 'waiting.since': { $gt: behind.since } }, { _id: { $gt: behind.id } }],
            }),
      },
      QUEUED,
    )
    .sort({ 'waiting.since': 1, _id: 1 })
    .limit(limit)
    .lean<Found[]>();
  return docs.flatMap(queuedFrom);
}

/** The kinds with a name that begins so of which somebody waits. One look-up for each. */
export async function kindsOf(rooms: RoomModel, beginning: string): Promise<string[]> {
  const kinds: string[] = [];
  for (let last = beginning; ; ) {
    const found = await rooms
      .findOne({ 'waiting.kind': { $gt: last, $lt: `${beginning}\uffff` } }, { 'waiting.kind': 1 })
      .sort({ 'waiting.kind': 1 })
      .lean<{ waiting: Pick<WaitingPlace, 'kind'> }>();
    if (found === null) return kinds;
    last = found.waiting.kind;
    kinds.push(last);
  }
}

/**
 * Everything that waits for some kinds of place, in the order of their turns: page by page of each, so that any number can wait.
 * @param isOver asked again and again; what waits for a kind that is over is left out from then on
 */
export async function* queuedOf(
  rooms: RoomModel,
  kinds: readonly string[],
  isOver: (kind: string) => boolean,
): AsyncGenerator<Queued> {
  let sources = kinds.map((kind) => ({
    kind,
    page: [] as Queued[],
    last: undefined as Queued | undefined,
    end: false,
  }));
  for (;;) {
    sources = sources.filter(({ kind, page, end }) => !isOver(kind) && (page.length > 0 || !end));
    for (let i = 0; i < sources.length; i += AT_A_TIME) {
      await Promise.all(
        sources.slice(i, i + AT_A_TIME).map(async (source) => {
          if (source.page.length > 0 || source.end) return;
          const { last } = source;
          const behind = last === undefined ? undefined : { since: last.waiting.since, id: last._id };
          source.page = await queuePage(rooms, { 'waiting.kind': source.kind }, behind, PAGE);
          source.last = source.page.at(-1);
          source.end = source.page.length < PAGE;
        }),
      );
    }
    const next = sources.reduce<(typeof sources)[number] | undefined>(
      (first, source) =>
        source.page.length > 0 && (first === undefined || byTurn(turnOf(source.page[0]), turnOf(first.page[0])) < 0)
          ? source
          : first,
      undefined,
    );
    const queued = next?.page.shift();
    if (queued === undefined) return;
    yield queued;
  }
}

/** Whoever waits for a kind and was told another reason, or none yet. */
export async function* toldOtherwise(rooms: RoomModel, kind: string, reason: QueuedReason): AsyncGenerator<Queued> {
  for (const other of [null, ...queuedReason.options]) {
    if (other !== reason) yield* toldSo(rooms, kind, other);
  }
}

async function* toldSo(rooms: RoomModel, kind: string, reason: QueuedReason | null): AsyncGenerator<Queued> {
  for (let behind = ''; ; ) {
    const docs = await rooms
      .find({ 'waiting.kind': kind, 'waiting.reason': reason, _id: { $gt: behind } }, QUEUED)
      .sort({ _id: 1 })
      .limit(PAGE)
      .lean<Found[]>();
    yield* docs.flatMap(queuedFrom);
    const last = docs.at(-1);
    if (last === undefined || docs.length < PAGE) return;
    behind = last._id;
  }
}

const turnOf = (queued: Queued | undefined): { projectId: string; since: string } => ({
  projectId: queued?._id ?? '',
  since: queued?.waiting.since.toISOString() ?? '',
});
