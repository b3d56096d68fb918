import { expect } from 'chai';
import { countUnread } from '../../../shared/model/unread.ts';
import { ANN, FakeServer } from '../../client-sdk/support/fake-server.ts';

describe('shared unread', () => {
  const server = new FakeServer();
  for (const text of ['1', '2', '3']) server.post(text);
  server.post('4, mine', { by: ANN });
  const last = server.post('5');
  server.edit(last, '5, edited');
  server.recall(last);
  const all = server.raw('public');
  const held = (from: number) => ({ entries: all.slice(from - 1), first: from });

  it('counts what came after the mark, but for own entries, edits and recalls', () => {
    expect(countUnread(held(1), { seq: 2, unread: 99, countedTo: 5 }, 'ann')).to.equal(2);
    expect(countUnread(held(3), { seq: 2, unread: 99, countedTo: 5 }, 'ann')).to.equal(2);
    expect(countUnread(held(1), { seq: 5, unread: 0, countedTo: 5 }, 'ann')).to.equal(0);
  });

  it('goes on from the server’s count where not everything is held', () => {
    expect(countUnread(held(3), { seq: 1, unread: 2, countedTo: 3 }, 'ann')).to.equal(3);
  });

  it('counts nothing before the mark is known', () => {
    expect(countUnread(held(1), undefined, 'ann')).to.equal(0);
  });
});
