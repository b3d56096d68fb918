import { expect } from 'chai';
import type { Entry, EventEntry } from '../../shared/contract/entries.ts';
import type { Project } from '../../shared/contract/projects.ts';
import type { Audience } from '../../shared/model/flow/audience.ts';
import type { FlowActor } from '../../shared/model/flow/flow.ts';
import { isFlowFact } from '../../shared/model/flow/flow-fact.ts';
import { flowView } from '../../shared/model/flow/flow-view.ts';
import { foldFlow } from '../../shared/model/flow/fold-flow.ts';
import type { NotificationDoc, OfFlow } from '../../server/rooms/notifications.ts';
import type { Who } from '../support/tokens.ts';
import type { Reader, Walk } from './delivery-walk.ts';

/** One node is active while a project is executing or paused, and it is the current one; none is when it is over. */
export function expectOneActive({ status, nodes, current }: Project): void {
  const active = nodes.filter((node) => node.status === 'active').map(({ id }) => id);
  const running = status === 'executing' || status === 'paused';
  expect(active, `active nodes of a project that is ${status}`).to.deep.equal(running ? [current] : []);
  if (!running) expect(current).to.equal(null);
}

const actorOf = ({ sub: id, name = id, side, org, roles = [], dept }: Who): FlowActor => {
  return { id, name, side, org, roles, dept };
};

/** The whole flow log as somebody reads it, or one run of it, page by page. */
export async function logOf(walk: Walk, reader: Reader, run?: number): Promise<EventEntry[]> {
  const items: EventEntry[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await reader.client.call('project.log', {
      projectId: walk.projectId,
      ...(run === undefined ? {} : { run }),
      ...(cursor === undefined ? {} : { cursor }),
      limit: 20,
    });
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === undefined) return items;
  }
}

/** The flow that the log tells is what each reader was shown, and what they may do follows from it. */
export async function expectTold(walk: Walk): Promise<void> {
  const [first] = walk.readers;
  if (first === undefined) throw new Error('nobody is in the room');
  const told = (await logOf(walk, first)).flatMap(({ actor: { id, name, side }, body }) =>
    isFlowFact(body) ? [{ actor: { id, name, side }, body }] : [],
  );
  const flow = foldFlow(told);
  if (flow === undefined) throw new Error('the log is empty');
  for (const { who, project } of walk.readers) {
    const folded: Record<string, unknown> = JSON.parse(JSON.stringify(flowView(flow, actorOf(who), walk.stage.now)));
    const shown = Object.fromEntries(Object.keys(folded).map((key) => [key, project[key as keyof Project]]));
    expect(shown, `what ${who.sub} was shown, and the fold of the log`).to.deep.equal(folded);
  }
}

/** Everything of a stream that somebody may read, read anew. */
async function afresh({ client, joined }: Reader, stream: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const after = entries.at(-1)?.seq ?? 0;
    const page = await client.call('entry.fetch', { roomId: joined.room.id, stream, after, limit: 200 });
    entries.push(...page.entries);
    if (page.entries.length === 0) return entries;
  }
}

/**
 * A project that has come to its end: everybody was shown what a fresh read gives, each state newer than the one before and with one node active;
 * streams have no holes; who was to be notified was.
 * @param notices `<receiver> <occasion> <node>`, in any order
 */
export async function expectWhole(walk: Walk, notices: readonly string[]): Promise<void> {
  for (const reader of walk.readers) {
    await expectLive(walk, reader);
    expect(reader.project.status).to.equal('completed');
  }
  await walk.check();
  await expectNotified(walk, notices);
}

async function expectLive(walk: Walk, reader: Reader): Promise<void> {
  const { sub } = reader.who;
  await reader.client.flush();
  const { project } = await reader.client.call('project.get', { projectId: walk.projectId });
  expect(reader.project, `what ${sub} was shown last, and a fresh read`).to.deep.equal(project);
  let version = reader.joined.room.project?.version ?? 0;
  for (const state of reader.states) {
    expectOneActive(state);
    expect(state.version, `the version that ${sub} was shown next`).to.be.greaterThan(version);
    version = state.version;
  }
  const readable = reader.joined.streams.map(({ stream }) => stream);
  for (const { roomId, stream } of reader.client.all('entry'))
    if (roomId === walk.projectId) expect(readable, `what ${sub} was told of`).to.include(stream);
  for (const stream of readable) {
    const fresh = await afresh(reader, stream);
    // Notes that were handed over begin, for the next provider, where they were.
    const [first] = fresh;
    const isHandedOver = first !== undefined && 'event' in first.body && first.body.event === 'notes.handed_over';
    const from = isHandedOver ? first.seq : 1;
    expect(
      fresh.map(({ seq }) => seq),
      `the seqs of ${stream} for ${sub}`,
    ).to.deep.equal(fresh.map((_, index) => from + index));
    expect(reader.entries(stream), `${stream} as ${sub} was told it, and read anew`).to.deep.equal(fresh);
  }
}

/** The stream that receivers of a side read it in. */
const STREAMS: Readonly<Record<Audience['side'], string>> = {
  buyer: 'public',
  provider: 'provider',
  vendor: 'provider',
  operator: 'operator',
};

function isFor(audience: Audience, { sub, side, org, roles = [] }: Who): boolean {
  if (audience.side !== side || ('org' in audience && audience.org !== org)) return false;
  if ('userIds' in audience) return audience.userIds.includes(sub);
  return !('role' in audience) || roles.includes(audience.role);
}

/** Every notification stands in the collection for channels to come, and once in the stream that its receivers read, with the same words. */
export async function expectNotified({ stage, projectId, readers }: Walk, expected: readonly string[]): Promise<void> {
  const docs = await stage.database.connection
    .collection<Extract<NotificationDoc, OfFlow>>('notifications')
    .find({ roomId: projectId })
    .toArray();
  const named = docs.map(({ to, when, node, visit }) => `${to} ${when} ${node.id}${visit === 1 ? '' : `#${visit}`}`);
  expect(named.toSorted(), 'notifications').to.deep.equal([...expected].toSorted());
  for (const reader of readers) {
    const seen = reader.joined.streams.flatMap(({ stream }) =>
      reader
        .entries(stream)
        .filter(({ kind, body }) => kind === 'notice' && 'event' in body && body.event === 'notification'),
    );
    for (const { audience, to, when, node, visit, words, _id } of docs) {
      const stream = STREAMS[audience.side];
      const same = seen.filter(({ clientId }) => clientId === _id);
      if (isFor(audience, reader.who)) expect(same, `${to} ${when} ${node.id} for ${reader.who.sub}`).to.have.length(1);
      for (const entry of same) {
        expect(entry.stream).to.equal(stream);
        expect(entry.body).to.deep.equal({ event: 'notification', to, when, node, visit, words });
      }
    }
  }
}
