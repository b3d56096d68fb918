import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Entry } from '../../../shared/contract/entries.ts';
import {
  AHEAD_MAX,
  gapOf,
  logOfPage,
  noteHead,
  prepend,
  receive,
  type StreamLog,
} from '../../../shared/model/stream-log.ts';
import { FakeServer } from '../../client-sdk/support/fake-server.ts';

/** Entries 1 to `count` of a stream. */
function entriesOf(count: number): Entry[] {
  const server = new FakeServer();
  for (let seq = 1; seq <= count; seq++) server.post(`m${seq}`);
  return server.raw('public');
}

const seqs = ({ entries }: StreamLog) => entries.map(({ seq }) => seq);
const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);

describe('shared stream log', () => {
  const all = entriesOf(60);
  const some = (...wanted: number[]) => wanted.map((seq) => all[seq - 1] as Entry);

  it('begins with a page, whose end need not be the head', () => {
    expect(logOfPage(some(4, 5), 5)).to.include({ first: 4, last: 5, head: 5 });
    expect(logOfPage(some(4, 5), 9)).to.include({ first: 4, last: 5, head: 9 });
    expect(logOfPage([], 7)).to.include({ first: 8, last: 7, head: 7 });
    expect(logOfPage([], 0)).to.include({ first: 1, last: 0, head: 0 });
  });

  it('appends the next, keeps the early, drops what it has, and is the same object when nothing is new', () => {
    const log = logOfPage(some(1, 2), 2);
    expect(receive(log, some(1, 2))).to.equal(log);
    const early = receive(log, some(5, 4, 5));
    expect([seqs(early), early.ahead.map(({ seq }) => seq), early.head]).to.deep.equal([[1, 2], [4, 5], 5]);
    expect(gapOf(early)).to.deep.equal({ after: 2, upTo: 3 });
    expect(receive(early, some(4))).to.equal(early);
    const whole = receive(early, some(3));
    expect([seqs(whole), whole.ahead]).to.deep.equal([[1, 2, 3, 4, 5], []]);
    expect(gapOf(whole)).to.equal(undefined);
  });

  it('knows of a gap at its end from a head that was heard of, and takes no lower head for news', () => {
    const log = noteHead(logOfPage(some(1, 2), 2), 6);
    expect(gapOf(log)).to.deep.equal({ after: 2, upTo: 6 });
    expect(noteHead(log, 4)).to.equal(log);
  });

  it('has the whole run in order, whatever the order and number of arrivals', () => {
    const arrivals = fc.shuffledSubarray([...range(1, 60), ...range(1, 60)]);
    fc.assert(
      fc.property(arrivals, fc.nat({ max: 59 }), (order, held) => {
        let log = logOfPage(all.slice(0, held), held);
        for (const seq of order) log = receive(log, some(seq));
        const gap = gapOf(log);
        const missing = range(held + 1, 60).filter((seq) => !order.includes(seq));
        const firstMissing = missing.find((seq) => seq <= log.head);
        expect(seqs(log)).to.deep.equal(range(1, log.last));
        expect(gap?.after).to.equal(firstMissing === undefined ? undefined : firstMissing - 1);
        if (gap) log = receive(log, all.slice(gap.after, gap.upTo));
        expect(gapOf(log)?.after ?? log.last).to.be.greaterThan(gap?.after ?? -1);
        while (gapOf(log)) log = receive(log, all.slice(gapOf(log)?.after, gapOf(log)?.upTo));
        expect(seqs(log)).to.deep.equal(range(1, log.head));
      }),
    );
  });

  it('keeps a bounded number of early entries, the lowest, and finds the rest as a gap later', () => {
    const many = entriesOf(AHEAD_MAX + 500);
    const late = receive(logOfPage([], 0), many.slice(200).toReversed());
    expect(late.ahead).to.have.length(AHEAD_MAX);
    expect(late.head).to.equal(many.length);
    const [beyond] = many.slice(-1);
    expect(receive(late, beyond ? [beyond] : []), 'nothing new').to.equal(late);
    const closed = receive(late, many.slice(0, 200));
    expect(closed.last).to.equal(200 + AHEAD_MAX);
    expect(gapOf(closed)).to.deep.equal({ after: 200 + AHEAD_MAX, upTo: many.length });
  });

  it('takes an older page only when it reaches up to what is held', () => {
    const log = logOfPage(some(11, 12), 12);
    expect(seqs(prepend(log, some(8, 9, 10)))).to.deep.equal([8, 9, 10, 11, 12]);
    expect(seqs(prepend(log, some(9, 10, 11)))).to.deep.equal([9, 10, 11, 12]);
    for (const page of [some(7, 8), some(8, 10), []]) expect(prepend(log, page)).to.equal(log);
  });
});
