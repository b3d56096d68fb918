import { expect } from 'chai';
import type { Entry } from '../../shared/contract/entries.ts';
import { Ledger } from './ledger.ts';

const entry = (seq: number, text: string, author = 'ann', stream = 'public'): Entry => ({
  id: `id-${seq}`,
  roomId: 'room',
  stream,
  seq,
  kind: 'message',
  at: '2026-11-20T02:00:00.000Z',
  actor: { id: author, name: author, side: 'operator' },
  body: { text },
});

describe('the ledger of a chaos run', () => {
  function ledgerOf(...texts: string[]): Ledger {
    const ledger = new Ledger();
    for (const text of texts) {
      ledger.tried(text, { author: 'ann', roomId: 'room', stream: 'public' });
      ledger.attempted(text);
    }
    return ledger;
  }

  it('finds nothing where all is well', () => {
    const ledger = ledgerOf('a', 'b', 'c', 'd');
    ledger.acked('a', { id: 'id-1', seq: 1 });
    ledger.attempted('b');
    ledger.acked('b', { id: 'id-2', seq: 2 });
    const tally = ledger.settle([[entry(1, 'a'), entry(2, 'b'), entry(3, 'c')]]);
    expect(tally).to.include({ lost: 0, duplicates: 0, unexpected: 0, holes: 0, diverged: 0 });
    expect(tally).to.include({ tried: 4, acked: 2, read: 3, recovered: 2, refused: 1 });
  });

  it('finds what was acknowledged and is not there, or is elsewhere', () => {
    const ledger = ledgerOf('a', 'b');
    ledger.acked('a', { id: 'id-1', seq: 1 });
    ledger.acked('b', { id: 'id-9', seq: 9 });
    expect(ledger.settle([[entry(1, 'b')]])).to.include({ lost: 2 });
  });

  it('finds a message that is stored twice, and holes', () => {
    expect(ledgerOf('a').settle([[entry(1, 'a'), entry(2, 'a')]])).to.include({ duplicates: 1, holes: 0 });
    expect(ledgerOf('a', 'b').settle([[entry(1, 'a'), entry(4, 'b')]])).to.include({ holes: 2 });
    expect(ledgerOf('a').settle([[entry(2, 'a')]])).to.include({ holes: 1 });
  });

  it('finds what nobody sent, what stands in the wrong place, and acks that disagree', () => {
    expect(ledgerOf().settle([[entry(1, 'a')]])).to.include({ unexpected: 1 });
    expect(ledgerOf('a').settle([[entry(1, 'a', 'bob')]])).to.include({ unexpected: 1 });
    expect(ledgerOf('a').settle([[entry(1, 'a', 'ann', 'operator')]])).to.include({ unexpected: 1 });
    const ledger = ledgerOf('a');
    ledger.acked('a', { id: 'id-1', seq: 1 });
    ledger.acked('a', { id: 'id-2', seq: 2 });
    expect(ledger.settle([[entry(1, 'a')]])).to.include({ unexpected: 1 });
  });
});
