import { expect } from 'chai';
import { RoomError } from '../../../shared/contract/errors.ts';
import type { Person } from '../../../shared/contract/primitives.ts';
import { bannerText } from '../../../client-sdk/element/connection-banner.ts';
import { en } from '../../../client-sdk/element/language/en.ts';
import { linked, quotedText } from '../../../client-sdk/element/message-row.ts';
import { withPresence } from '../../../client-sdk/element/people-view.ts';
import { readersOf, readUpTo } from '../../../client-sdk/element/read-receipts.ts';
import { message, view } from './support/entries.ts';

/** Plain parts as they are, links as their address. */
const parts = (text: string): unknown[] =>
  linked(text).map((part) => (typeof part === 'string' ? part : { link: (part as { values: unknown[] }).values[0] }));

describe('linked', () => {
  it('links web addresses and nothing else, without what only follows them', () => {
    expect(parts('See https://a.example/b?c=1, or (http://d.example).')).to.deep.equal([
      'See ',
      { link: 'https://a.example/b?c=1' },
      ', or (',
      { link: 'http://d.example' },
      ').',
    ]);
    expect(parts('看 https://a.example/页面，谢谢')).to.deep.equal([
      '看 ',
      { link: 'https://a.example/页面' },
      '，谢谢',
    ]);
    expect(parts('javascript:alert(1) data:text/html,x ftp://a.example')).to.have.length(1);
  });
});

describe('quotedText', () => {
  it('shows nothing of a message that was recalled, or is not held', () => {
    const recalled = message(1, 'Wang', 1, { recalledAt: '2026-11-20T02:05:00.000Z', body: {} });
    expect(quotedText(message(1, 'Wang'), en)).to.equal('text 1');
    expect(quotedText(recalled, en)).to.equal('Wang recalled a message');
    expect(quotedText(undefined, en)).to.equal('an earlier message');
  });
});

describe('read receipts', () => {
  it('come from what others said and from what they wrote later, never from oneself', () => {
    const entries = [message(1, 'me'), message(2, 'lin'), message(3, 'me'), message(4, 'me')];
    const upTo = readUpTo(
      view(entries, {
        receipts: new Map([
          ['qiu', 3],
          ['lin', 1],
          ['me', 4],
        ]),
      }),
      'me',
    );
    expect(readersOf(upTo, 1)).to.have.members(['qiu', 'lin']);
    expect(readersOf(upTo, 3)).to.deep.equal(['qiu']);
    expect(readersOf(upTo, 4)).to.deep.equal([]);
  });
});

describe('withPresence', () => {
  it('shows members and whoever else is there, the present first, and tells one side from another', () => {
    const person = (userId: string, side: Person['side']): Person => ({ userId, name: userId, side });
    const people = withPresence(
      [person('wang', 'buyer'), person('lin', 'provider'), person('chen', 'vendor')],
      [person('qiu', 'operator'), person('lin', 'provider'), person('chen', 'provider')],
    );
    expect(people.map(({ person: { userId, side }, online }) => [userId, side, online])).to.deep.equal([
      ['lin', 'provider', true],
      ['qiu', 'operator', true],
      ['chen', 'provider', true],
      ['wang', 'buyer', false],
      ['chen', 'vendor', false],
    ]);
  });
});

describe('bannerText', () => {
  it('says nothing while all is well or just begins, and otherwise what is wrong and when it is tried again', () => {
    expect(bannerText({ status: 'online', since: 0 }, en, 0)).to.equal(undefined);
    expect(bannerText({ status: 'connecting', attempt: 0 }, en, 0)).to.equal(undefined);
    expect(bannerText({ status: 'connecting', attempt: 1 }, en, 0)).to.equal('Connecting…');
    expect(bannerText({ status: 'waiting', attempt: 2, retryAt: 4001 }, en, 0)).to.include('in 5 s');
    expect(bannerText({ status: 'waiting', attempt: 2, retryAt: 0 }, en, 9)).to.not.match(/-?\d/);
    expect(bannerText({ status: 'offline' }, en, 0)).to.include('offline');
    expect(bannerText({ status: 'failed', error: new RoomError('unauthenticated', 'x') }, en, 0)).to.include('log in');
  });
});
