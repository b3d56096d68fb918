import { expect } from 'chai';
import { array, assert, constantFrom, property } from 'fast-check';
import {
  around,
  NEWEST,
  pinned,
  type TimelineWindow,
  widenDown,
  widenUp,
  WINDOW_MAX,
  WINDOW_START,
  WINDOW_STEP,
  windowed,
} from '../../../client-sdk/element/timeline-window.ts';
import { message } from './support/entries.ts';

/** Folded entries: seqs have holes where edits and recalls stood. */
const entries = Array.from({ length: 1000 }, (_, index) => message(1 + index * 2, 'you'));
const seqs = (window: TimelineWindow, held = entries) => windowed(held, window).shown.map(({ seq }) => seq);

describe('timeline window', () => {
  it('begins with the newest entries, and goes along with new ones', () => {
    expect(seqs(NEWEST)).to.deep.equal(entries.slice(-WINDOW_START).map(({ seq }) => seq));
    const later = [...entries, message(2001, 'you')];
    expect(seqs(NEWEST, later).at(-1)).to.equal(2001);
    expect(seqs(NEWEST, later)).to.have.length(WINDOW_START);
  });

  it('keeps its start when pinned, whatever comes at the end', () => {
    const window = pinned(entries, NEWEST);
    const later = [...entries, ...Array.from({ length: 500 }, (_, index) => message(2001 + index, 'you'))];
    expect(seqs(window, later)[0]).to.equal(seqs(NEWEST)[0]);
    expect(seqs(window, later)).to.have.length(WINDOW_MAX);
    expect(windowed(later, window).after).to.equal(500 + WINDOW_START - WINDOW_MAX);
  });

  it('keeps its start when older entries are put before what is held', () => {
    const held = entries.slice(500);
    const window = pinned(held, { from: held[0]?.seq ?? 0 });
    expect(seqs(window, entries)[0]).to.equal(held[0]?.seq);
    expect(seqs(widenUp(entries, window))[0]).to.equal(entries[500 - WINDOW_STEP]?.seq);
  });

  it('goes around an entry that is answered', () => {
    expect(seqs(around(entries, 401))).to.include(401);
    expect(seqs(around(entries, 1))[0]).to.equal(1);
  });

  it('is contiguous, bounded and never empty over any walk, and reaches both ends', () => {
    const step = constantFrom(widenUp, widenDown, pinned);
    assert(
      property(array(step, { maxLength: 80 }), (walk) => {
        let window = NEWEST;
        for (const go of walk) {
          window = go(entries, window);
          const { shown, before, after } = windowed(entries, window);
          expect(shown).to.deep.equal(entries.slice(before, entries.length - after));
          expect(shown.length).to.be.within(1, WINDOW_MAX);
        }
        for (let index = 0; index < 30; index++) window = widenUp(entries, window);
        expect(windowed(entries, window).before).to.equal(0);
        for (let index = 0; index < 30; index++) window = widenDown(entries, window);
        expect(windowed(entries, window).after).to.equal(0);
        expect(window.to).to.equal(undefined);
      }),
      { numRuns: 50 },
    );
  });
});
