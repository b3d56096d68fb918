import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type { TestClient } from '../support/client.ts';
import {
  actorOf,
  adminOf,
  BUYER,
  COLLEAGUE,
  OpportunityRooms,
  type Org,
  ORGS,
  seedProviders,
  staffOf,
} from '../support/opportunity-rooms.ts';
import { message } from '../support/portal.ts';
import type { PersonName } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

const lane = (org: Org): string => `lane:${org}`;
const notes = (org: Org): string => `notes:${org}`;
const desk = (org: Org): string => `desk:${org}`;
const ofOrg = (org: Org): string[] => [lane(org), notes(org), desk(org)];

describe('Rooms of opportunities', () => {
  const suite = wireSuite();
  const demands = new OpportunityRooms(
    () => suite.portal,
    () => suite.context,
  );
  before(() => seedProviders(suite.portal));

  /** Two providers follow, the third has an offer. */
  async function three(): Promise<string> {
    const roomId = await demands.publish();
    await demands.grab(roomId, 'orchid', 'basalt');
    await demands.assign(roomId, 'cinder');
    return roomId;
  }

  const call = <Name extends CommandName>(
    who: PersonName | Who,
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name>> => suite.portal.call(who, name, input);
  const streamsOf = async (who: PersonName | Who, roomId: string): Promise<string[]> =>
    (await call(who, 'room.get', { roomId })).room.streams.map(({ stream }) => stream);
  const membersOf = async (who: PersonName | Who, roomId: string): Promise<string[]> =>
    (await call(who, 'member.list', { roomId })).items.map(({ userId }) => userId).sort();

  async function joined(who: PersonName | Who, roomId: string): Promise<TestClient> {
    const client = await suite.portal.connect(who);
    await client.call('room.join', { roomId });
    return client;
  }

  describe('show each side its own', () => {
    it('streams, and where it may write', async () => {
      const roomId = await three();
      const all = ORGS.flatMap(ofOrg);
      const expected: [PersonName | Who, string[], string[]][] = [
        [BUYER, ['public', ...ORGS.map(lane)], ORGS.map(lane)],
        [adminOf('orchid'), ['public', ...ofOrg('orchid')], ofOrg('orchid')],
        [adminOf('basalt'), ['public', ...ofOrg('basalt')], ofOrg('basalt')],
        [adminOf('cinder'), ['public', desk('cinder')], [desk('cinder')]],
        ['operator', ['public', 'operator', ...all], ['public', 'operator', ...all]],
        ['service', ['public'], []],
      ];
      for (const [who, read, write] of expected) {
        const { room, me } = await call(who, 'room.get', { roomId });
        expect(
          room.streams.map(({ stream }) => stream),
          JSON.stringify(who),
        ).to.have.members(read);
        expect(me.canWrite, JSON.stringify(who)).to.have.members(write);
      }
      for (const who of [staffOf('orchid'), COLLEAGUE, 'rival', 'vendor', 'stranger'] as const)
        await refused(call(who, 'room.get', { roomId }), 'not_found');
    });

    it('status and state, as far as it follows from what it may know', async () => {
      const roomId = await three();
      const statusFor = async (who: PersonName | Who) => (await call(who, 'room.get', { roomId })).room;
      expect(await statusFor(BUYER)).to.deep.include({
        kind: 'opportunity',
        title: 'A site for tea',
        status: 'talking',
      });
      expect((await statusFor(adminOf('orchid'))).status).to.equal('talking');
      expect((await statusFor(adminOf('cinder'))).status).to.equal('open');
      expect((await statusFor(BUYER)).opportunity?.engagements).to.have.length(3);
      const own = (await statusFor(adminOf('cinder'))).opportunity;
      expect(own?.engagement?.provider.org).to.equal('cinder');
      expect(own).to.not.have.any.keys('engagements', 'buyer', 'places');
    });

    it('the people it may know of', async () => {
      const roomId = await three();
      await call(adminOf('orchid'), 'member.add', { roomId, userId: staffOf('orchid').sub, name: 'Staff' });
      await call(BUYER, 'member.add', { roomId, userId: COLLEAGUE.sub, name: 'Colleague at quince' });
      const ours = [BUYER.sub, COLLEAGUE.sub];
      const admins = ORGS.map((org) => adminOf(org).sub);
      for (const who of [BUYER, COLLEAGUE, 'operator'] as const)
        expect(await membersOf(who, roomId)).to.deep.equal([...ours, ...admins, staffOf('orchid').sub].sort());
      expect(await membersOf(adminOf('orchid'), roomId)).to.deep.equal(
        [...ours, adminOf('orchid').sub, staffOf('orchid').sub].sort(),
      );
      expect(await membersOf(adminOf('basalt'), roomId)).to.deep.equal([...ours, adminOf('basalt').sub].sort());
      // Who has not accepted does not know whose it is.
      expect(await membersOf(adminOf('cinder'), roomId)).to.deep.equal([adminOf('cinder').sub]);
    });

    it('entries by fetch, and nothing of a stream that is not theirs', async () => {
      const roomId = await three();
      await call(adminOf('orchid'), 'message.send', message(roomId, 'for the buyer'));
      const fetched = await call(BUYER, 'entry.fetch', { roomId, stream: lane('orchid') });
      expect(fetched.entries.at(-1)?.body).to.deep.equal({ text: 'for the buyer' });
      for (const [who, stream] of [
        [BUYER, notes('orchid')],
        [BUYER, desk('orchid')],
        [BUYER, 'operator'],
        [adminOf('basalt'), lane('orchid')],
        [adminOf('cinder'), lane('cinder')],
        [adminOf('cinder'), notes('cinder')],
        ['service', lane('orchid')],
      ] as [PersonName | Who, string][]) {
        await refused(call(who, 'entry.fetch', { roomId, stream }), 'not_found');
        await refused(
          call(who, 'read.mark', { roomId, stream, seq: 1 }).then(() => undefined),
          who === 'service' ? 'forbidden' : 'not_found',
        );
      }
    });
  });

  describe('are written', () => {
    it("by a provider into its lane where it says nothing else, and by the buyer into a provider's", async () => {
      const roomId = await three();
      const sent = async (who: PersonName | Who, stream?: string) =>
        (await call(who, 'message.send', message(roomId, 'hello', stream === undefined ? {} : { stream }))).entry
          .stream;
      expect(await sent(adminOf('orchid'))).to.equal(lane('orchid'));
      expect(await sent(adminOf('orchid'), notes('orchid'))).to.equal(notes('orchid'));
      expect(await sent(adminOf('cinder'), desk('cinder'))).to.equal(desk('cinder'));
      expect(await sent(BUYER, lane('basalt'))).to.equal(lane('basalt'));
      expect(await sent('operator')).to.equal('public');
      for (const stream of ORGS.flatMap(ofOrg)) expect(await sent('operator', stream)).to.equal(stream);
      await refused(sent(BUYER), 'forbidden');
      await refused(sent(adminOf('orchid'), 'public'), 'forbidden');
      await refused(sent(adminOf('cinder')), 'not_found');
      await refused(sent(adminOf('orchid'), lane('basalt')), 'not_found');
    });

    it('by operators alone in what a provider that has gone leaves behind, and once the demand is over', async () => {
      const roomId = await three();
      await call(adminOf('orchid'), 'message.send', message(roomId, 'before'));
      const send = (who: PersonName | Who, stream: string) =>
        call(who, 'message.send', message(roomId, 'after', { stream }));
      await demands.happen(roomId, { type: 'terminate', reason: 'price' }, actorOf(adminOf('orchid')));
      await refused(send(BUYER, lane('orchid')), 'read_only');
      await send('operator', lane('orchid'));
      const { entries } = await call(BUYER, 'entry.fetch', { roomId, stream: lane('orchid') });
      expect(entries.map(({ body }) => ('text' in body ? body.text : undefined))).to.include.members([
        'before',
        'after',
      ]);
      await send(BUYER, lane('basalt'));
      await demands.happen(roomId, { type: 'revoke' }, actorOf(BUYER));
      for (const org of ORGS) {
        await refused(call(adminOf(org), 'room.get', { roomId }), 'not_found');
        await refused(send(BUYER, lane(org)), 'read_only');
        await send('operator', lane(org));
      }
      expect((await call(BUYER, 'room.get', { roomId })).me.canWrite).to.deep.equal([]);
    });

    it('with files that only the readers of their stream get', async () => {
      const roomId = await three();
      const file = await suite.portal.upload(adminOf('orchid'), { roomId, stream: lane('orchid') });
      await call(adminOf('orchid'), 'message.send', message(roomId, 'see', { attachments: [file.id] }));
      await call(BUYER, 'file.link', { fileId: file.id });
      for (const who of [adminOf('basalt'), adminOf('cinder'), 'service'] as const)
        await refused(call(who, 'file.link', { fileId: file.id }), 'not_found');
      await demands.happen(roomId, { type: 'terminate', reason: 'other' }, actorOf(adminOf('orchid')));
      await refused(call(adminOf('orchid'), 'file.link', { fileId: file.id }), 'not_found');
      await call(BUYER, 'file.link', { fileId: file.id });
    });
  });

  describe('have members of each company', () => {
    it('whom its admin adds, told in its lane and nowhere else', async () => {
      const roomId = await three();
      const watchers = await Promise.all([adminOf('basalt'), adminOf('cinder')].map((who) => joined(who, roomId)));
      const buyer = await joined(BUYER, roomId);
      const told = buyer.next('entry', ({ stream }) => stream === lane('orchid'));
      await call(adminOf('orchid'), 'member.add', { roomId, userId: staffOf('orchid').sub, name: 'Staff of orchid' });
      expect((await told).body).to.deep.include({ event: 'member.added' });
      expect(await streamsOf(staffOf('orchid'), roomId)).to.have.members(['public', ...ofOrg('orchid')]);
      await call(adminOf('orchid'), 'member.remove', { roomId, userId: staffOf('orchid').sub });
      await refused(call(staffOf('orchid'), 'room.get', { roomId }), 'not_found');
      for (const watcher of watchers) {
        await watcher.flush();
        expect(watcher.all('entry')).to.deep.equal([]);
        expect(JSON.stringify(watcher.received)).to.not.include('orchid');
      }
    });

    it('which nobody learns by trying who is not of it', async () => {
      const roomId = await three();
      await call(adminOf('orchid'), 'member.add', { roomId, userId: staffOf('orchid').sub, name: 'Staff of orchid' });
      const remove = (who: Who, userId: string) => call(who, 'member.remove', { roomId, userId });
      expect(await remove(adminOf('basalt'), staffOf('orchid').sub)).to.deep.equal(
        await remove(adminOf('basalt'), 'nobody'),
      );
      await refused(remove(BUYER, staffOf('orchid').sub), 'not_found');
      await refused(
        call(adminOf('basalt'), 'member.add', { roomId, userId: staffOf('orchid').sub, name: 'x' }),
        'forbidden',
      );
      await refused(
        call(adminOf('cinder'), 'member.add', { roomId, userId: staffOf('cinder').sub, name: 'x' }),
        'conflict',
      );
      await refused(call(staffOf('orchid'), 'member.add', { roomId, userId: 'new', name: 'x' }), 'forbidden');
      expect(await membersOf('operator', roomId)).to.include(staffOf('orchid').sub);
    });

    it('named on public to nobody, since who has not accepted reads it too', async () => {
      const roomId = await three();
      const offered = await joined(adminOf('cinder'), roomId);
      const told = offered.next('entry', ({ kind }) => kind === 'notice');
      await call(BUYER, 'member.add', { roomId, userId: COLLEAGUE.sub, name: COLLEAGUE.name ?? '' });
      expect((await told).body).to.deep.equal({ event: 'member.changed', member: { side: 'buyer' } });
      expect(JSON.stringify(offered.received)).to.not.match(/quince/iu);
      const { entries } = await call('operator', 'entry.fetch', { roomId, stream: 'operator' });
      expect(entries.at(-1)?.body).to.deep.include({ event: 'member.added' });
      expect(await streamsOf(COLLEAGUE, roomId)).to.have.members(['public', ...ORGS.map(lane)]);
    });

    it('who go with the engagement, and do not come back with another', async () => {
      const roomId = await demands.publish();
      await demands.grab(roomId, 'orchid');
      await call(adminOf('orchid'), 'member.add', { roomId, userId: staffOf('orchid').sub, name: 'Staff' });
      const staff = await joined(staffOf('orchid'), roomId);
      const revoked = staff.next('access.revoked');
      await demands.happen(roomId, { type: 'terminate', reason: 'no_capacity' }, actorOf(adminOf('orchid')));
      expect(await revoked).to.deep.equal({ roomId, reason: 'You are no longer in this room.' });
      await demands.assign(roomId, 'orchid');
      await refused(call(staffOf('orchid'), 'room.get', { roomId }), 'not_found');
      expect(await streamsOf(adminOf('orchid'), roomId)).to.have.members(['public', desk('orchid')]);
      await demands.happen(roomId, { type: 'accept' }, actorOf(adminOf('orchid')));
      await refused(call(staffOf('orchid'), 'room.get', { roomId }), 'not_found');
      expect(await streamsOf(adminOf('orchid'), roomId)).to.have.members(['public', ...ofOrg('orchid')]);
    });
  });
});
