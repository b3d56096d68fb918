import { expect } from 'chai';
import { Reading } from '../../../client-sdk/element/reading.ts';
import { message, view } from './support/entries.ts';

const HERE = { stream: 'public', visible: true, end: true };
const three = [message(1, 'you'), message(2, 'you'), message(3, 'you')];
const four = [...three, message(4, 'you')];

describe('Reading', () => {
  it('places the divider before anything counts as read, then reads', () => {
    const reading = new Reading();
    // The mark is not known yet: nothing is unread, nothing is read.
    expect(reading.look([view(three)], HERE)).to.deep.equal({ moved: false });
    const known = view(three, { unread: 2, readSeq: 1 });
    expect(reading.look([known], HERE)).to.deep.equal({ moved: true });
    expect(reading.unreadAfter('public')).to.equal(1);
    expect(reading.look([known], HERE)).to.deep.equal({ moved: false, read: { stream: 'public', seq: 3 } });
  });

  it('keeps the divider while the reader looks, though all is read by then', () => {
    const reading = new Reading();
    reading.look([view(three, { unread: 2, readSeq: 1 })], HERE);
    reading.look([view(three, { unread: 0, readSeq: 3 })], HERE);
    reading.look([view(four, { unread: 1, readSeq: 3 })], HERE);
    expect(reading.unreadAfter('public')).to.equal(1);
    // The window goes to the background with nothing unread: the next one begins anew.
    reading.look([view(four, { unread: 0, readSeq: 4 })], { ...HERE, visible: false });
    expect(reading.unreadAfter('public')).to.equal(undefined);
  });

  it('reads what comes in live before the eyes of the reader, without a divider', () => {
    const reading = new Reading();
    reading.look([view(three, { readSeq: 3 })], HERE);
    expect(reading.look([view(four, { unread: 1, readSeq: 3 })], HERE)).to.deep.equal({
      moved: false,
      read: { stream: 'public', seq: 4 },
    });
    expect(reading.unreadAfter('public')).to.equal(undefined);
  });

  for (const [where, place] of [
    ['in the background', { ...HERE, visible: false }],
    ['further up', { ...HERE, end: false }],
    ['in another stream', { ...HERE, stream: 'provider' }],
  ] as const) {
    it(`reads nothing while the reader is ${where}, and divides what came`, () => {
      const reading = new Reading();
      reading.look([view(three, { readSeq: 3 })], HERE);
      reading.look([view(three, { readSeq: 3 })], place);
      const missed = view(four, { unread: 1, readSeq: 3 });
      expect(reading.look([missed], place)).to.deep.equal({ moved: true });
      expect(reading.look([missed], place)).to.deep.equal({ moved: false });
      expect(reading.unreadAfter('public')).to.equal(3);
    });
  }

  it('forgets the divider of a stream that was left', () => {
    const reading = new Reading();
    reading.look([view(three, { unread: 2, readSeq: 1 })], HERE);
    reading.forget('public');
    expect(reading.unreadAfter('public')).to.equal(undefined);
  });
});
