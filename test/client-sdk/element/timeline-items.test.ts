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

  it('shows a call in the row of its request, and nothing else of it', () => {
    const fact = (seq: number, name: string, callId: string, at = seq) => ({
      ...event(seq, name, { callId }),
      kind: 'call' as const,
      at: new Date(Date.UTC(2026, 10, 20, 2, at)).toISOString(),
    });
    const entries = [
      fact(1, 'call.connected', 'begun before'),
      fact(2, 'call.requested', 'a'),
      message(3, 'you'),
      fact(4, 'call.ringing', 'a'),
      message(5, 'you'),
      fact(6, 'call.ended', 'a'),
      fact(7, 'call.moved_on', 'a'),
    ];
    const items = timelineItems(source({ entries, unreadAfter: 5 }));
    expect(items.map(({ type, key }) => `${type} ${key}`)).to.deep.equal([
      'day day 2026-11-20',
      'call entry-2',
      'message entry-3',
      'message entry-5',
      'unread unread',
      'event entry-7',
    ]);
    expect(items[1]).to.include({ callId: 'a' });
    expect(items[3]).to.include({ continues: true });
  });

  it('lists unsent messages last', () => {
    const pending = [pendingMessage('a', Date.UTC(2026, 10, 20, 2, 30))];
    expect(types({ entries: [message(1, 'you', 60)], pending })).to.deep.equal(['day', 'message', 'pending']);
  });
});
