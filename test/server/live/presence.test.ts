import { expect } from 'chai';
import * as fc from 'fast-check';
import { Presence } from '../../../server/live/presence.ts';
import type { Person } from '../../../shared/contract/primitives.ts';
import { PRESENCE_GRACE_MS } from '../../../shared/contract/limits.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ANN: Person = { userId: 'a', name: 'Ann', side: 'buyer' };
const BEN: Person = { userId: 'b', name: 'Ben', side: 'provider' };

describe('Presence, with other servers', () => {
  function make() {
    const clock = new ManualClock();
    const announced: string[] = [];
    const here: string[] = [];
    const presence = new Presence({
      clock,
      announce: (_roomId, { userId }, online) => announced.push(`${online ? '+' : '-'}${userId}`),
      onHere: (_roomId, { userId }, is) => here.push(`${is ? '+' : '-'}${userId}`),
    });
    return { clock, presence, announced, here };
  }

  it('announces somebody once, however many servers they are at', () => {
    const { clock, presence, announced, here } = make();
    presence.heard('s', 'r', ANN, true);
    presence.enter('r', ANN);
    presence.heard('t', 'r', ANN, true);
    presence.heard('s', 'r', ANN, false);
    presence.drop('r', ANN);
    clock.advance(PRESENCE_GRACE_MS);
    expect(announced).to.deep.equal(['+a']);
    expect(here).to.deep.equal(['+a', '-a']);
    presence.heard('t', 'r', ANN, false);
    expect(announced).to.deep.equal(['+a', '-a']);
    expect(presence.online('r')).to.deep.equal([]);
  });

  it('takes over who exactly is at a server, and lets them go with it', () => {
    const { presence, announced } = make();
    presence.heardAll('s', 'r', [ANN, BEN]);
    presence.heardAll('t', 'r', [BEN]);
    presence.heardAll('s', 'r', [BEN]);
    expect(announced).to.deep.equal(['+a', '+b', '-a']);
    presence.serverGone('t');
    expect(announced).to.have.length(3);
    presence.serverGone('s');
    expect(announced).to.deep.equal(['+a', '+b', '-a', '-b']);
    expect([...presence.places()]).to.deep.equal([]);
  });

  it('forgets the people of other servers when nobody here looks, and no grace of its own', () => {
    const { clock, presence, announced, here } = make();
    presence.enter('r', ANN);
    presence.heard('s', 'r', ANN, true);
    presence.heard('s', 'r', BEN, true);
    presence.drop('r', ANN);
    presence.forgetElsewhere('r');
    expect(presence.online('r')).to.deep.equal([ANN]);
    clock.advance(PRESENCE_GRACE_MS);
    expect(here).to.deep.equal(['+a', '-a']);
    expect(announced).to.deep.equal(['+a', '+b', '-a']);
    expect(presence.online('r')).to.deep.equal([]);
  });

  it('agrees with what was announced, whatever happens', () => {
    const step = fc.record({
      what: fc.constantFrom('enter', 'drop', 'leave', 'come', 'go', 'all', 'gone', 'wait'),
      who: fc.constantFrom(ANN, BEN),
      server: fc.constantFrom('s', 't'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, presence, announced, here } = make();
        for (const { what, who, server } of steps) {
          if (what === 'enter') presence.enter('r', who);
          else if (what === 'drop') presence.drop('r', who);
          else if (what === 'leave') presence.leave('r', who);
          else if (what === 'come') presence.heard(server, 'r', who, true);
          else if (what === 'go') presence.heard(server, 'r', who, false);
          else if (what === 'all') presence.heardAll(server, 'r', [who]);
          else if (what === 'gone') presence.serverGone(server);
          else clock.advance(PRESENCE_GRACE_MS);
          const standing = (of: readonly string[]) =>
            ['a', 'b'].filter((id) => of.findLast((one) => one.endsWith(id))?.startsWith('+') === true);
          expect(standing(announced)).to.deep.equal(
            presence
              .online('r')
              .map(({ userId }) => userId)
              .sort(),
          );
          expect(standing(here)).to.deep.equal(
            presence
              .here('r')
              .map(({ userId }) => userId)
              .sort(),
          );
        }
        // Nobody comes twice, or goes who is not there.
        for (const id of ['a', 'b'])
          for (const of of [announced, here]) {
            const signs = of.filter((one) => one.endsWith(id)).map((one) => one[0]);
            expect(signs.every((sign, i) => sign === (i % 2 === 0 ? '+' : '-'))).to.equal(true);
          }
      }),
      { numRuns: 200 },
    );
  });
});
