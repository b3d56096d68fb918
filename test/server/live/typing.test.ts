import { expect } from 'chai';
import { Typing } from '../../../server/live/typing.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('Typing', () => {
  it('tells apart two people of two sides who have the same id', () => {
    const told: boolean[] = [];
    const typing = new Typing({ clock: new ManualClock(), announce: (_roomId, _stream, _userId, is) => told.push(is) });
    typing.set('r', 'public', { userId: '1', side: 'buyer' }, true);
    typing.set('r', 'public', { userId: '1', side: 'provider' }, false);
    expect(told, 'the other one stops nothing').to.deep.equal([true]);
    typing.drop('r', { userId: '1', side: 'provider' });
    expect(told).to.deep.equal([true]);
    typing.drop('r', { userId: '1', side: 'buyer' });
    expect(told).to.deep.equal([true, false]);
  });
});
