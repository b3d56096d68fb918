import { expect } from 'chai';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import { BEGINNING, NOTES_BEGINNING, message, people } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('read.mark, unread and receipt', () => {
  const suite = wireSuite();

  const unread = async (who: 'buyer' | 'admin' | 'operator', roomId: string) =>
    (await suite.portal.call(who, 'room.list', {})).items.find(({ id }) => id === roomId)?.unread;

  it('counts what others wrote after the mark; own entries, edits and recalls are never unread', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    expect(await unread('buyer', roomId)).to.deep.equal({ public: BEGINNING });
    const { entry } = await portal.call('buyer', 'message.send', message(roomId, 'own'));
    await portal.call('buyer', 'message.edit', { roomId, entryId: entry.id, text: 'own, edited' });
    expect(await unread('buyer', roomId)).to.deep.equal({ public: BEGINNING });
    expect(await unread('admin', roomId)).to.deep.equal({ public: BEGINNING + 1, provider: NOTES_BEGINNING });
    expect(await portal.call('admin', 'read.mark', { roomId, stream: 'public', seq: 2 })).to.deep.equal({
      seq: 2,
      unread: BEGINNING - 1,
    });
    expect(await portal.call('admin', 'read.mark', { roomId, stream: 'public', seq: BEGINNING + 2 })).to.deep.equal({
      seq: BEGINNING + 2,
      unread: 0,
    });
    await portal.call('buyer', 'message.recall', { roomId, entryId: entry.id });
    expect(await unread('admin', roomId)).to.deep.equal({ public: 0, provider: NOTES_BEGINNING });
  });

  it('never goes back, and refuses what is beyond the head', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const mark = (seq: number) => portal.call('buyer', 'read.mark', { roomId, stream: 'public', seq });
    await mark(2);
    expect(await mark(1)).to.deep.equal({ seq: 2, unread: BEGINNING - 2 });
    expect(await mark(0)).to.deep.equal({ seq: 2, unread: BEGINNING - 2 });
    const refusal = await refused(mark(BEGINNING + 1), 'invalid');
    expect(refusal.error.details).to.deep.equal([{ path: 'seq', reason: `the stream ends at ${BEGINNING}` }]);
    expect(await unread('buyer', roomId)).to.deep.equal({ public: BEGINNING - 2 });
    await refused(portal.call('buyer', 'read.mark', { roomId, stream: 'public', seq: -1 }), 'invalid');
    await refused(portal.call('buyer', 'read.mark', { roomId, stream: 'provider', seq: 1 }), 'not_found');
    await refused(portal.call('stranger', 'read.mark', { roomId, stream: 'public', seq: 1 }), 'not_found');
  });

  it('keeps the farthest of marks that are set at once', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await Promise.all(
      [3, 1, 2, 3, 2].map((seq) => portal.call('buyer', 'read.mark', { roomId, stream: 'public', seq })),
    );
    expect(await portal.call('buyer', 'read.mark', { roomId, stream: 'public', seq: 1 })).to.include({ seq: 3 });
  });

  it('tells those who have joined the stream, once for each step forward', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await portal.call('admin', 'message.send', message(roomId, 'note', { stream: 'provider' }));
    const [buyer, vendor] = [await portal.connect('buyer'), await portal.connect('vendor')];
    for (const client of [buyer, vendor]) await client.call('room.join', { roomId });
    const receipt = vendor.next('receipt');
    await portal.call('admin', 'read.mark', { roomId, stream: 'public', seq: 2 });
    expect(await receipt).to.deep.equal({ roomId, stream: 'public', userId: people.admin.sub, seq: 2 });
    await portal.call('admin', 'read.mark', { roomId, stream: 'public', seq: 2 });
    await portal.call('admin', 'read.mark', { roomId, stream: 'public', seq: 1 });
    await portal.call('admin', 'read.mark', { roomId, stream: 'provider', seq: 1 });
    await Promise.all([buyer.flush(), vendor.flush()]);
    expect(vendor.all('receipt').map(({ stream, seq }) => [stream, seq])).to.deep.equal([
      ['public', 2],
      ['provider', 1],
    ]);
    expect(buyer.all('receipt').map(({ stream }) => stream)).to.deep.equal(['public']);
  });

  it('agrees with a model that counts, over random sends, edits, recalls and marks of three people', async () => {
    const { portal } = suite;
    const crew = ['buyer', 'admin', 'operator'] as const;
    const who = fc.constantFrom(...crew);
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), who }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom('edit' as const, 'recall' as const), who, pick: fc.nat() }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('mark' as const), who, pick: fc.nat() }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const roomId = await portal.project();
        // The model: every entry as (author, does it count), and each person's mark.
        const log: { author: string; counts: boolean }[] = Array.from({ length: BEGINNING }, () => ({
          author: 'system',
          counts: true,
        }));
        const mine = new Map<string, { id: string; recalled: boolean }[]>(crew.map((name) => [name, []]));
        const marks = new Map<string, number>(crew.map((name) => [name, 0]));
        for (const [i, one] of steps.entries()) {
          if (one.do === 'send') {
            const { entry } = await portal.call(one.who, 'message.send', message(roomId, `m${i}`));
            mine.get(one.who)?.push({ id: entry.id, recalled: false });
            log.push({ author: one.who, counts: true });
          } else if (one.do === 'mark') {
            const seq = one.pick % (log.length + 1);
            await portal.call(one.who, 'read.mark', { roomId, stream: 'public', seq });
            marks.set(one.who, Math.max(marks.get(one.who) ?? 0, seq));
          } else {
            const live = (mine.get(one.who) ?? []).filter(({ recalled }) => !recalled);
            const target = live[one.pick % Math.max(1, live.length)];
            if (target === undefined) continue;
            if (one.do === 'edit')
              await portal.call(one.who, 'message.edit', { roomId, entryId: target.id, text: `e${i}` });
            else await portal.call(one.who, 'message.recall', { roomId, entryId: target.id });
            target.recalled = one.do === 'recall';
            log.push({ author: one.who, counts: false });
          }
        }
        for (const name of crew) {
          const expected = log.slice(marks.get(name)).filter(({ author, counts }) => counts && author !== name).length;
          expect((await unread(name, roomId))?.['public'], name).to.equal(expected);
        }
      }),
      { numRuns: 12, seed: 20_261_122, endOnFailure: true },
    );
  });
});
