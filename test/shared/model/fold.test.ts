import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Entry } from '../../../shared/contract/entries.ts';
import { fold } from '../../../shared/model/fold.ts';
import { FakeServer, readView } from '../../client-sdk/support/fake-server.ts';

const isShown = ({ kind }: Entry) => kind !== 'edit' && kind !== 'recall';

type Step = { readonly what: 'post' | 'edit' | 'recall' | 'node'; readonly which: number };

const history: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ what: fc.constantFrom('post', 'post', 'edit', 'recall', 'node'), which: fc.nat({ max: 100 }) }),
  { maxLength: 30 },
);

/** Plays a history; answers each entry as it was told live. */
function play(steps: readonly Step[]): Entry[] {
  const server = new FakeServer();
  for (const [index, { what, which }] of steps.entries()) {
    const open = readView(server.raw('public')).filter((e) => e.kind === 'message' && !e.recalledAt);
    const target = open[which % Math.max(1, open.length)];
    if (what === 'post') server.post(`text ${index}`);
    else if (what === 'node') {
      const { body: _text, kind: _kind, ...rest } = server.post('');
      server.raw('public').splice(-1, 1, { ...rest, kind: 'node', body: { event: 'entered', entryId: target?.id } });
    } else if (target && what === 'edit') server.edit(target, `edited ${index}`);
    else if (target) server.recall(target);
  }
  return structuredClone(server.raw('public'));
}

describe('shared fold', () => {
  it('gives the same for entries as they came live and as the server reads them later', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const live = play(steps);
        expect(fold(live)).to.deep.equal(readView(live).filter(isShown));
        expect(fold(readView(live))).to.deep.equal(readView(live).filter(isShown));
      }),
    );
  });

  it('gives the same for any mixture: each message received live or read at any later moment', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat({ max: 30 })), (steps, delays) => {
        const live = play(steps);
        const mixed = live.map((_entry, index) => {
          const readAt = Math.min(live.length, index + 1 + (delays.next().value ?? 0));
          return readView(live.slice(0, readAt))[index] as Entry;
        });
        expect(fold(mixed)).to.deep.equal(readView(live).filter(isShown));
      }),
    );
  });

  it('never goes back to an older wording while the newest edits are still missing', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const live = play(steps);
        const read = readView(live);
        for (let held = 1; held <= live.length; held++) {
          for (const entry of fold(read.slice(0, held))) {
            const now = read.find(({ id }) => id === entry.id);
            if (entry.kind === 'message' && now?.kind === 'message') expect(entry.body.text).to.equal(now.body.text);
          }
        }
      }),
    );
  });

  it('shows nothing more of a wording from the first sign of its recall on', () => {
    const server = new FakeServer();
    const original = server.post('a secret');
    server.edit(original, 'a better secret');
    server.recall(original);
    const [, edit] = readView(server.raw('public'));
    const live = server.raw('public')[0];
    if (!edit || !live) throw new Error('nothing was posted');
    const [shown] = fold([live, edit]);
    expect(shown?.body).to.deep.equal({});
    const [recalled] = readView(server.raw('public'));
    const liveEdit = server.raw('public')[1];
    if (!recalled || !liveEdit) throw new Error('nothing was posted');
    expect(fold([recalled, liveEdit])[0]?.body).to.deep.equal({});
  });

  it('leaves what it is given as it was, and passes over changes of what is not held', () => {
    const server = new FakeServer();
    const original = server.post('one');
    const edit = server.edit(original, 'two');
    const before = structuredClone([original, edit]);
    fold([original, edit]);
    expect([original, edit]).to.deep.equal(before);
    expect(fold([edit])).to.deep.equal([]);
  });
});
