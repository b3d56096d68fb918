import { expect } from 'chai';
import type { LiveRoom, NodeAct, RoomError } from '../../client-sdk/index.ts';
import { settle } from './support/fake-clock.ts';
import { BOB, ROOM, tokenOf } from './support/fake-server.ts';
import { flowProject } from './support/flow-project.ts';
import { makeClient, type Stage } from './support/make-client.ts';

const SUBMIT: NodeAct = { nodeId: 'demand', visit: 1, action: 'submit', form: { contactName: 'Ann' } };

async function refused(promise: Promise<unknown>): Promise<RoomError> {
  try {
    await promise;
  } catch (fault) {
    return fault as RoomError;
  }
  throw new Error('it was not refused');
}

describe("client-sdk: a room's project", () => {
  let stage: Stage;
  let room: LiveRoom;
  const visit = () => room.snapshot.project?.nodes.find(({ id }) => id === 'demand')?.visit;

  beforeEach(async () => {
    stage = makeClient();
    stage.server.project = flowProject();
    stage.client.connect();
    room = stage.client.room(ROOM);
    await room.open();
    await settle();
  });
  afterEach(async () => {
    await stage.client.close();
    expect(stage.clock.pending, 'timers left').to.equal(0);
  });

  it('is shown with what the caller may do, and follows its events', async () => {
    expect(room.snapshot.project?.actions).to.deep.equal(flowProject().actions);
    const told: number[] = [];
    room.on('project', ({ version }) => told.push(version));
    stage.server.projectBecomes({ status: 'paused', actions: [] });
    await settle();
    expect(room.snapshot.project).to.include({ status: 'paused', version: 3 });
    expect(room.snapshot.room?.status).to.equal('paused');
    expect(room.snapshot.project?.actions).to.deep.equal([]);
    expect(told).to.deep.equal([3]);
  });

  it('is what a command answered, before any event', async () => {
    stage.server.losesEvent = (name) => name === 'project';
    const answer = await room.act(SUBMIT);
    expect(answer.version).to.equal(3);
    expect(visit()).to.equal(2);
    expect(stage.server.log.at(-1)).to.deep.equal({
      name: 'node.act',
      input: { ...SUBMIT, projectId: 'project-1' },
    });
    await room.change('project.pause', { remark: 'holiday' });
    expect(room.snapshot.project?.status).to.equal('paused');
    expect(stage.server.log.at(-1)?.input).to.deep.equal({ remark: 'holiday', projectId: 'project-1' });
  });

  it('is never put back by what is older: an event, an answer, or the room of a server that is behind', async () => {
    const before = stage.server.project;
    await room.act(SUBMIT);
    await settle();
    stage.server.tell('project', flowProject({ status: 'cancelled' }));
    await settle();
    expect(room.snapshot.project).to.include({ version: 3, status: 'executing' });
    const after = stage.server.project;
    stage.server.project = before;
    await stage.client.call('project.get', { projectId: 'project-1' });
    expect(visit()).to.equal(2);
    stage.server.line.drop();
    await stage.clock.advance(5_000);
    expect(room.snapshot.status).to.equal('open');
    expect(visit()).to.equal(2);
    stage.server.project = after;
    stage.server.projectBecomes({ status: 'completed' });
    await settle();
    expect(room.snapshot.room?.status).to.equal('completed');
  });

  it('is asked for anew at every join', async () => {
    stage.server.line.drop();
    stage.server.projectBecomes({ status: 'paused' });
    await stage.clock.advance(5_000);
    expect(room.snapshot.project?.status).to.equal('paused');
  });

  it('is believed to be older when the server has lost entries too', async () => {
    stage.server.post('one');
    stage.server.post('two');
    const restored = stage.server.project;
    stage.server.projectBecomes({ status: 'completed' });
    await settle();
    stage.server.line.drop();
    stage.server.raw('public').splice(1);
    stage.server.project = restored;
    await stage.clock.advance(5_000);
    expect(room.snapshot.project).to.include({ version: 2, status: 'executing' });
  });

  it('stands as it is now by the time that the loser of a race is told', async () => {
    stage.server.losesEvent = (name) => name === 'project';
    stage.server.projectBecomes({
      nodes: flowProject().nodes.map((node) => (node.id === 'demand' ? { ...node, visit: 7 } : node)),
    });
    const error = await refused(room.act(SUBMIT));
    expect(error.code).to.equal('conflict');
    expect(visit()).to.equal(7);
  });

  it("says anew who may write when it is closed, and on the provider's side with every turn", async () => {
    stage.server.projectBecomes({ status: 'paused', current: 'delivery' });
    await settle();
    expect(stage.server.count('room.join'), "nothing of the buyer's").to.equal(1);
    stage.server.canWrite = [];
    stage.server.projectBecomes({ status: 'cancelled', current: null });
    await settle();
    expect(room.snapshot.streams['public']?.canWrite).to.equal(false);
    expect(stage.server.count('room.join')).to.equal(2);

    const provider = makeClient({ getToken: () => tokenOf(BOB) });
    provider.server.project = flowProject();
    provider.server.side = 'provider';
    provider.client.connect();
    await provider.client.room(ROOM).open();
    provider.server.canWrite = ['public'];
    provider.server.projectBecomes({ current: 'delivery' });
    await settle();
    expect(provider.client.room(ROOM).snapshot.me?.canWrite).to.deep.equal(['public']);
    await provider.client.close();
  });

  it('is looked at soon when an answer did not come, or the refusal could not be followed up', async () => {
    stage.server.fate = (name) => (name === 'node.act' ? { code: 'internal', message: 'a fault' } : 'answer');
    expect((await refused(room.act(SUBMIT))).code).to.equal('internal');
    await stage.clock.advance(2_500);
    expect(stage.server.count('room.get')).to.equal(1);
    stage.server.fate = (name) =>
      name === 'node.act' || name === 'project.get' ? { code: 'conflict', message: 'late' } : 'answer';
    expect((await refused(room.act(SUBMIT))).code).to.equal('conflict');
    await stage.clock.advance(2_500);
    expect(stage.server.count('room.get')).to.equal(2);
  });

  it('is not acted on without a connection, neither now nor when it is back', async () => {
    stage.server.reachable = false;
    stage.server.line.drop();
    await settle();
    const error = await refused(room.act(SUBMIT));
    expect(error).to.include({ code: 'unavailable' });
    expect(error.message).to.include('nothing was done');
    expect((await refused(room.change('project.pause', {}))).code).to.equal('unavailable');
    stage.server.reachable = true;
    await stage.clock.advance(30_000);
    expect(room.snapshot.status).to.equal('open');
    expect(stage.server.count('node.act') + stage.server.count('project.pause')).to.equal(0);
  });

  it('cannot be acted on in a room that shows none', async () => {
    const closed = stage.client.room('another');
    expect((await refused(closed.act(SUBMIT))).code).to.equal('not_found');
  });
});
