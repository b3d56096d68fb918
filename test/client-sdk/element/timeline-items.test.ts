import { expect } from 'chai';
import type { PendingMessage } from '../../../client-sdk/index.ts';
import { timelineItems, type TimelineSource } from '../../../client-sdk/element/timeline-items.ts';
import { event, message } from './support/entries.ts';

const source = (more: Partial<TimelineSource>): TimelineSource => ({
  entries: [],
  pending: [],
  userId: 'me',
  unreadAfter: undefined,
  dayOf: (at) => new Date(at).toISOString().slice(0, 10),
  ...more,
});
const pendingMessage = (clientId: string, createdAt: number): PendingMessage => ({
  clientId,
  stream: 'public',
  text: 'unsent',
  createdAt,
  state: 'pending',
  attempts: 0,
});
const types = (more: Partial<TimelineSource>) => timelineItems(source(more)).map(({ type }) => type);

describe('timelineItems', () => {
  it('puts a day before its first entry, and once', () => {
    const items = timelineItems(
      source({ entries: [message(1, 'you', 0), message(2, 'you', 1), message(3, 'you', 1440)] }),
    );
    expect(items.map(({ key }) => key)).to.deep.equal([
      'day 2026-11-20',
      'entry-1',
      'entry-2',
      'day 2026-11-21',
      'entry-3',
    ]);
  });

  it('joins messages of one author within five minutes, and nothing over an event, a divider or another author', () => {
    const entries = [
      message(1, 'you', 0),
      message(2, 'you', 4),
      message(3, 'you', 9),
      message(4, 'me', 10),
      event(5, 'node.entered'),
      message(6, 'me', 10),
    ];
    const continues = (unreadAfter?: number) =>
      timelineItems(source({ entries, unreadAfter })).flatMap((item) => ('continues' in item ? item.continues : []));
    expect(continues()).to.deep.equal([false, true, false, false, false]);
    expect(continues(1)).to.deep.equal([false, false, false, false, false]);
  });

  it('puts the divider before the first entry that is unread, and nowhere when nothing is', () => {
    const entries = [message(1, 'you'), message(2, 'you'), message(3, 'you')];
    expect(types({ entries, unreadAfter: 1 })).to.deep.equal(['day', 'message', 'unread', 'message', 'message']);
    expect(types({ entries, unreadAfter: 3 })).to.not.include('unread');
    expect(types({ entries })).to.not.include('unread');
  });

  it('keeps the row of an own message from when it is written until after it is stored', () => {
    const clientId = '7a4f5b3e-9f0c-4e0a-8a53-0d6c1c2b3a4d';
    const [, before] = timelineItems(source({ pending: [pendingMessage(clientId, Date.UTC(2026, 10, 20, 3))] }));
    const [, after] = timelineItems(source({ entries: [message(1, 'me', 60, { clientId })] }));
    expect(after?.key).to.equal(before?.key);
    const [, ofAnother] = timelineItems(source({ entries: [message(1, 'you', 60, { clientId })] }));
    expect(ofAnother?.key).to.equal('entry-1');
  });

  it('lists unsent messages last', () => {
    const pending = [pendingMessage('a', Date.UTC(2026, 10, 20, 2, 30))];
    expect(types({ entries: [message(1, 'you', 60)], pending })).to.deep.equal(['day', 'message', 'pending']);
  });
});
