import { expect } from 'chai';
import { afterEach, before, describe, it } from 'mocha';
import { type Client, createClient, type LiveRoom } from '../../client-sdk/index.ts';
import { until } from '../support/client.ts';
import { actorOf, adminOf, BUYER, OpportunityRooms, type Org, seedProviders } from '../support/opportunity-rooms.ts';
import type { Who } from '../support/tokens.ts';
import { wireSuite } from '../support/wire-suite.ts';

describe('An opportunity through the SDK', () => {
  const suite = wireSuite();
  const demands = new OpportunityRooms(
    () => suite.portal,
    () => suite.context,
  );
  const clients: Client[] = [];
  before(() => seedProviders(suite.portal));
  afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

  function clientOf(who: Who): Client {
    const client = createClient({ url: suite.portal.url, getToken: () => suite.portal.token(who) });
    clients.push(client);
    client.connect();
    return client;
  }
  async function opened(client: Client, roomId: string): Promise<LiveRoom> {
    const room = client.room(roomId);
    await room.open();
    return room;
  }
  const textsIn = ({ snapshot }: LiveRoom, stream: string): string[] =>
    (snapshot.streams[stream]?.entries ?? []).flatMap((entry) =>
      entry.kind === 'message' ? [entry.body.text ?? ''] : [],
    );
  const lane = (org: Org): string => `lane:${org}`;

  it('brings the buyer each lane as its provider comes, and takes it to read alone when the provider goes', async () => {
    const roomId = await demands.publish();
    const buyer = await opened(clientOf(BUYER), roomId);
    expect(Object.keys(buyer.snapshot.streams)).to.deep.equal(['public']);

    const provider = clientOf(adminOf('orchid'));
    const came = new Promise<string>((resolve) => provider.on('inbox', ({ roomId: where }) => resolve(where)));
    await until('the provider is connected', () => provider.state.status === 'online');
    await demands.assign(roomId, 'orchid');
    expect(await came).to.equal(roomId);
    const ours = await opened(provider, roomId);
    expect(Object.keys(ours.snapshot.streams)).to.have.members(['public', 'desk:orchid']);
    expect(ours.snapshot.opportunity?.buyer).to.equal(undefined);

    await demands.happen(roomId, { type: 'accept' }, actorOf(adminOf('orchid')));
    await until('the provider may write to the buyer', () => ours.snapshot.streams[lane('orchid')]?.canWrite === true);
    expect(ours.snapshot.opportunity?.buyer?.name).to.equal(BUYER.name);
    await ours.send('Good morning').settled;
    await until('the buyer reads it', () => textsIn(buyer, lane('orchid')).includes('Good morning'));
    await buyer.send('Good morning to you', { stream: lane('orchid') }).settled;
    await until('the provider reads it', () => textsIn(ours, lane('orchid')).length === 2);
    expect(buyer.snapshot.online.map(({ userId }) => userId)).to.include(adminOf('orchid').sub);

    await demands.grab(roomId, 'basalt');
    await until('the second lane is there', () => buyer.snapshot.streams[lane('basalt')] !== undefined);
    await demands.happen(roomId, { type: 'terminate', reason: 'price' }, actorOf(adminOf('orchid')));
    await until('the provider has lost the room', () => ours.snapshot.status === 'revoked');
    await until('nobody writes there', () => buyer.snapshot.streams[lane('orchid')]?.canWrite === false);
    expect(textsIn(buyer, lane('orchid'))).to.deep.equal(['Good morning', 'Good morning to you']);
    expect(buyer.snapshot.streams[lane('basalt')]?.canWrite).to.equal(true);
  });
});
