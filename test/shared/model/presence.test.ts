import { expect } from 'chai';
import * as fc from 'fast-check';
import { applyList, applyPresence, askedForList, NOBODY } from '../../../shared/model/presence.ts';
import type { Person } from '../../../shared/contract/primitives.ts';
import { ANN, BOB } from '../../client-sdk/support/fake-server.ts';

const ROOM = 'room-1';
const PEOPLE = ['ann', 'bob', 'cid', 'dan'];
const change = (userId: string, online: boolean) =>
  ({ roomId: ROOM, userId, name: userId, side: 'buyer', online }) as const;
const namesOf = (people: ReadonlyMap<string, Person>) => [...people.values()].map(({ userId }) => userId).sort();

describe('shared presence', () => {
  it('replaces what it knew by a full list', () => {
    const before = applyPresence(NOBODY, change('zoe', true));
    expect(namesOf(applyList(askedForList(before), [ANN, BOB]).people)).to.deep.equal(['ann', 'bob']);
  });

  it('keeps what it knows of somebody who comes twice', () => {
    const present = applyList(NOBODY, [BOB]);
    expect(
      applyPresence(present, { ...change('bob', true), side: 'provider' })
        .people.values()
        .next().value,
    ).to.equal(BOB);
  });

  it('tells apart the two sides of one person: gone from one, they are still there on the other', () => {
    const both = applyList(NOBODY, [BOB, { ...BOB, side: 'vendor' }]);
    const left = applyPresence(both, { ...change('bob', false), side: 'vendor' });
    expect([...left.people.values()]).to.deep.equal([BOB]);
  });

  it('ends with who is there, wherever between two changes the list was made', () => {
    const changes = fc.array(fc.record({ userId: fc.constantFrom(...PEOPLE), online: fc.boolean() }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(changes, fc.nat({ max: 20 }), fc.nat({ max: 20 }), (all, a, b) => {
        const asked = Math.min(a, b, all.length);
        const made = Math.min(Math.max(a, b), all.length);
        const truth = new Set<string>();
        let list: string[] = [];
        let presence = NOBODY;
        for (let index = 0; index <= all.length; index++) {
          if (index === asked) presence = askedForList(presence);
          if (index === made) list = [...truth];
          const next = all[index];
          if (!next) continue;
          if (next.online) truth.add(next.userId);
          else truth.delete(next.userId);
          presence = applyPresence(presence, change(next.userId, next.online));
        }
        const people = list.map((userId) => ({ userId, name: userId, side: 'buyer' as const }));
        expect(namesOf(applyList(presence, people).people)).to.deep.equal([...truth].sort());
      }),
    );
  });

  it('forgets the changes once the list is there', () => {
    const first = applyList(applyPresence(askedForList(NOBODY), change('ann', true)), []);
    expect(namesOf(applyList(askedForList(first), []).people)).to.deep.equal([]);
  });
});
