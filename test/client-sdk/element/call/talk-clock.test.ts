import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Call } from '../../../../shared/contract/calls.ts';
import { TalkClock } from '../../../../client-sdk/element/call/talk-clock.ts';

/** When the service's clock shows so many milliseconds. */
const iso = (ms: number): string => new Date(Date.UTC(2026, 10, 20, 2) + ms).toISOString();
const START = Date.parse(iso(0));

const PARTY = { userId: 'lin', name: 'Lin', side: 'provider' } as const;
const asked: Call = {
  id: 'call1',
  roomId: 'room-1',
  stream: 'public',
  state: 'requested',
  from: PARTY,
  to: { ...PARTY, side: 'buyer' },
  at: iso(0),
  actions: [],
};
const ringing: Call = { ...asked, state: 'ringing_caller', ringingAt: iso(2000) };
const talking: Call = { ...ringing, state: 'connected', connectedAt: iso(9000) };

describe('how long two people have talked', () => {
  it('counts from when they were joined, however wrong the clock of the reader is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -86_400_000, max: 86_400_000 }),
        fc.nat({ max: 400 }),
        fc.nat({ max: 60_000 }),
        (wrong, quick, late) => {
          const clock = new TalkClock();
          const see = (call: Call, at: number): void => clock.see([call], START + at + wrong, 0);
          see(asked, quick);
          see(ringing, 2000 + late);
          see(talking, 9000 + late);
          // As much as the quickest of the news was on its way, and no more.
          expect((clock.joinedAt('call1') ?? 0) - wrong - START - 9000).to.be.within(0, quick);
        },
      ),
    );
  });

  it('relies on both clocks where a room is opened in the middle, and never counts from the future', () => {
    const opened = (now: number, ahead: number): number | undefined => {
      const clock = new TalkClock();
      clock.see([talking], now, ahead);
      return clock.joinedAt('call1');
    };
    expect(opened(START + 20_000, 0)).to.equal(START + 9000);
    expect(opened(START - 86_400_000 + 20_000, 86_400_000)).to.equal(START - 86_400_000 + 9000);
    expect(opened(START, 0)).to.equal(START);
  });

  it('stays with what it has said, and forgets a call that is over', () => {
    const clock = new TalkClock();
    clock.see([asked], START + 300, 0);
    clock.see([talking], START + 9500, 0);
    const said = clock.joinedAt('call1');
    clock.see([talking, { ...asked, id: 'call2', at: iso(20_000) }], START + 20_010, 0);
    expect(clock.joinedAt('call1')).to.equal(said);
    expect(clock.joinedAt('call2')).to.equal(undefined);
    clock.see([], START + 30_000, 0);
    expect(clock.joinedAt('call1')).to.equal(undefined);
    expect(clock.nextIn(START + 30_000)).to.equal(undefined);
  });

  it('says when the next second is full, of whichever call comes first', () => {
    const clock = new TalkClock();
    const other: Call = { ...talking, id: 'call2', connectedAt: iso(9700) };
    clock.see([talking, other], START + 10_000, 0);
    expect(clock.nextIn(START + 10_000)).to.equal(700);
    expect(clock.nextIn(START + 10_800)).to.equal(200);
  });
});
