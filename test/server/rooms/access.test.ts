import { expect } from 'chai';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import { type EngagementStatus, engagementStatus, opportunityStatus } from '../../../shared/contract/opportunities.ts';
import { type Role, side } from '../../../shared/contract/primitives.ts';
import type { Engagement } from '../../../shared/model/opportunity/opportunity.ts';
import type { Caller } from '../../../server/registry/call.ts';
import {
  knowsBuyer,
  ordersOf,
  ownStream,
  readableStreams,
  seenIn,
  wouldWrite,
  writableStreams,
} from '../../../server/rooms/access.ts';
import type { OpportunityRoom } from '../../../server/rooms/room-doc.ts';
import { seatsOf } from '../../../server/rooms/seats.ts';
import { opportunityRoomOf, roomOf } from './room-of.ts';

const callerOf = (who: Pick<Caller, 'side' | 'userId'> & { org?: string; roles?: Role[] }): Caller => ({
  name: who.userId,
  roles: [],
  expiresAt: Number.MAX_SAFE_INTEGER,
  ...who,
});
const admin = (org: string): Caller =>
  callerOf({ side: 'provider', userId: `a-${org}`, org, roles: ['provider_admin'] });
const BUYER = callerOf({ side: 'buyer', userId: 'b', org: 'buyers' });
const OPERATOR = callerOf({ side: 'operator', userId: 'o' });
const SERVICE = callerOf({ side: 'service', userId: 's' });

const engaged = (org: string, status: EngagementStatus): Engagement => ({
  id: `e-${org}-${status}`,
  provider: { org, name: org },
  origin: 'grabbed',
  status,
  at: '2026-11-16T02:20:00.000Z',
  proposals: [],
  records: [],
  version: 1,
});
const roomWith = (...engagements: Engagement[]): OpportunityRoom => opportunityRoomOf('r', { engagements });
const ofOrg = (org: string): string[] => [`lane:${org}`, `notes:${org}`, `desk:${org}`];

describe('Access to the room of an opportunity', () => {
  const EXPECTED: Readonly<Record<EngagementStatus, { own: string[]; buyerWrites: boolean }>> = {
    offered: { own: ['public', 'desk:x'], buyerWrites: true },
    following: { own: ['public', ...ofOrg('x')], buyerWrites: true },
    won: { own: ['public', ...ofOrg('x')], buyerWrites: true },
    rejected: { own: [], buyerWrites: false },
    expired: { own: [], buyerWrites: false },
    terminated: { own: [], buyerWrites: false },
    lost: { own: [], buyerWrites: false },
  };
  for (const status of engagementStatus.options) {
    const { own, buyerWrites } = EXPECTED[status];
    const room = roomWith(engaged('x', status));

    it(`of a provider whose engagement is ${status}`, () => {
      expect(readableStreams(admin('x'), room)).to.have.members(own);
      expect(writableStreams(admin('x'), room)).to.have.members(own.filter((stream) => stream !== 'public'));
      expect(readableStreams(admin('y'), room)).to.deep.equal([]);
      expect(writableStreams(admin('y'), room)).to.deep.equal([]);
    });

    it(`of the buyer, the operators and a portal beside an engagement that is ${status}`, () => {
      expect(readableStreams(BUYER, room)).to.have.members(['public', 'lane:x']);
      expect(writableStreams(BUYER, room)).to.deep.equal(buyerWrites ? ['lane:x'] : []);
      expect(wouldWrite(BUYER, room, 'lane:x')).to.equal(true);
      expect(wouldWrite(BUYER, room, 'public')).to.equal(false);
      expect(wouldWrite(BUYER, room, 'notes:x')).to.equal(false);
      expect(readableStreams(OPERATOR, room)).to.have.members(['public', 'operator', ...ofOrg('x')]);
      expect(writableStreams(OPERATOR, room)).to.have.members(['public', 'operator', ...ofOrg('x')]);
      expect(readableStreams(SERVICE, room)).to.deep.equal(['public']);
      expect(writableStreams(SERVICE, room)).to.deep.equal([]);
    });
  }

  it('is that of the latest engagement where a company has had several', () => {
    const back = roomWith(engaged('x', 'terminated'), engaged('y', 'following'), engaged('x', 'offered'));
    expect(readableStreams(admin('x'), back)).to.have.members(['public', 'desk:x']);
    expect(readableStreams(BUYER, back)).to.have.members(['public', 'lane:x', 'lane:y']);
    const gone = roomWith(engaged('x', 'following'), engaged('x', 'expired'));
    expect(readableStreams(admin('x'), gone)).to.deep.equal([]);
  });

  it('is no side’s for a company that is called as one', () => {
    for (const org of side.options) {
      const room = roomWith(engaged(org, 'following'), engaged('rival', 'following'));
      // Asked after those whose streams could be taken for its own.
      for (const who of [BUYER, OPERATOR, SERVICE]) expect(readableStreams(who, room)).to.include('public');
      expect(readableStreams(admin(org), room), org).to.have.members(['public', ...ofOrg(org)]);
      expect(writableStreams(admin(org), room), org).to.have.members(ofOrg(org));
    }
  });

  it('is for admins, and for those whom their own company has added', () => {
    const staff = callerOf({ side: 'provider', userId: 'p', org: 'x', roles: ['designer'] });
    const room = roomWith(engaged('x', 'following'), engaged('y', 'following'));
    expect(readableStreams(staff, room)).to.deep.equal([]);
    const withStaff = (org: string) => ({
      ...room,
      members: [{ userId: 'p', name: 'P', side: 'provider' as const, org }],
    });
    expect(readableStreams(staff, withStaff('x'))).to.have.members(['public', ...ofOrg('x')]);
    expect(readableStreams(staff, withStaff('y'))).to.deep.equal([]);
    expect(readableStreams({ ...BUYER, userId: 'c' }, room)).to.deep.equal([]);
    const vendor = callerOf({ side: 'vendor', userId: 'v', org: 'x', roles: ['vendor_admin'] });
    expect(readableStreams(vendor, room)).to.deep.equal([]);
  });

  it('shows itself where its reader is seen, and who may know the buyer', () => {
    const room = roomWith(engaged('x', 'following'), engaged('y', 'offered'));
    const reads = (who: Caller) => {
      const streams = readableStreams(who, room);
      return (stream: string) => streams.includes(stream);
    };
    expect(seenIn(admin('x'), reads(admin('x')))).to.equal('lane:x');
    expect(seenIn(admin('y'), reads(admin('y')))).to.equal('lane:y');
    for (const who of [BUYER, OPERATOR]) expect(seenIn(who, reads(who))).to.equal('public');
    for (const who of [BUYER, OPERATOR, SERVICE, admin('x')]) expect(knowsBuyer(who, reads(who))).to.equal(true);
    expect(knowsBuyer(admin('y'), reads(admin('y')))).to.equal(false);
    expect(ownStream(admin('x'), room)).to.equal('lane:x');
    expect(ownStream(BUYER, room)).to.equal('public');
    const project = roomOf('p');
    const ofProject = readableStreams(admin('studio'), project);
    expect(seenIn(admin('studio'), (stream) => ofProject.includes(stream))).to.equal('public');
    expect(ownStream(admin('studio'), project)).to.equal('public');
  });

  it('moves the lists of those who read, by the stream', () => {
    expect(ordersOf('public')).to.deep.equal(['buyer', 'provider', 'operator']);
    expect(ordersOf('provider')).to.deep.equal(['provider', 'operator']);
    expect(ordersOf('operator')).to.deep.equal(['operator']);
    expect(ordersOf('lane:x')).to.deep.equal(['buyer', 'operator']);
    for (const stream of ['notes:x', 'desk:x']) expect(ordersOf(stream)).to.deep.equal(['operator']);
  });

  it('keeps companies apart, lets everybody in it read what all read, and nobody write what they cannot read', () => {
    const org = fc.constantFrom('x', 'y', 'z', ...side.options);
    const engagements = fc.array(
      fc.tuple(org, fc.constantFrom(...engagementStatus.options)).map(([of, status]) => engaged(of, status)),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(engagements, fc.constantFrom(...opportunityStatus.options), (given, status) => {
        const room = opportunityRoomOf('r', { engagements: given, status });
        const orgs = ['x', 'y', 'z', ...side.options];
        for (const who of [BUYER, OPERATOR, SERVICE, ...orgs.map(admin)]) {
          const read = readableStreams(who, room);
          const written = writableStreams(who, room);
          if (read.length > 0) expect(read).to.include('public');
          for (const stream of written) expect(read).to.include(stream);
          if (who.side !== 'operator') expect(read).to.not.include('operator');
          if (who.side !== 'operator' && (status === 'revoked' || status === 'closed'))
            expect(written).to.deep.equal([]);
          if (who.side === 'provider') {
            const own = ['public', ...ofOrg(who.org ?? '')];
            for (const stream of read) expect(own).to.include(stream);
            // Whoever is let in finds the room in their list, and nobody else does.
            expect(seatsOf(room).includes(`provider:${who.org ?? ''}`)).to.equal(read.length > 0);
          }
          if (who.side === 'buyer') for (const stream of read) expect(stream).to.match(/^(public|lane:)/u);
        }
      }),
    );
  });
});
