import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { EDITS_MAX, RECALL_WINDOW_MS } from '../../shared/contract/limits.ts';
import { message } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('message.edit and message.recall', () => {
  const suite = wireSuite();

  it('makes an edit an entry of its own, and a later read shows the message as it now stands', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const admin = await portal.connect('admin');
    await admin.call('room.join', { roomId });
    const { entry: original } = await portal.call('buyer', 'message.send', message(roomId, 'by Monday'));
    const echo = admin.next('entry', ({ kind }) => kind === 'edit');
    const { entry: edit } = await portal.call('buyer', 'message.edit', {
      roomId,
      entryId: original.id,
      text: 'by Tuesday',
    });
    expect(await echo).to.deep.equal(edit);
    expect(edit).to.deep.include({
      kind: 'edit',
      seq: original.seq + 1,
      body: { entryId: original.id, text: 'by Tuesday' },
    });
    const { entries } = await portal.call('admin', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.at(-2)).to.deep.equal({ ...original, body: { text: 'by Tuesday' }, editedAt: edit.at });
    expect(entries.at(-1)).to.deep.equal(edit);
  });

  it('shows the last of several edits, also on a page that holds the message and none of them', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const { entry } = await portal.call('buyer', 'message.send', message(roomId, 'v0'));
    for (const text of ['v1', 'v2', 'v3'])
      await portal.call('buyer', 'message.edit', { roomId, entryId: entry.id, text });
    const page = await portal.call('admin', 'entry.fetch', {
      roomId,
      stream: 'public',
      before: entry.seq + 1,
      limit: 1,
    });
    expect(page.entries[0]?.body).to.deep.equal({ text: 'v3' });
  });

  it('repeats the message as it now stands when its clientId is sent again', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const input = message(roomId, 'v0');
    const { entry } = await portal.call('buyer', 'message.send', input);
    await portal.call('buyer', 'message.edit', { roomId, entryId: entry.id, text: 'v1' });
    const edited = await portal.call('buyer', 'message.send', input);
    expect(edited.entry.body).to.deep.equal({ text: 'v1' });
    await portal.call('buyer', 'message.recall', { roomId, entryId: entry.id });
    const recalled = await portal.call('buyer', 'message.send', input);
    expect(recalled.duplicate).to.equal(true);
    expect(recalled.entry.body).to.deep.equal({});
    expect(recalled.entry.recalledAt).to.be.a('string');
  });

  it('leaves the wording nowhere after a recall: history, edits, lists, inbox, later joins, the database', async () => {
    const { portal, database } = suite;
    const canary = `secret-${randomUUID()}`;
    const roomId = await portal.project();
    const outside = await portal.connect('buyer');
    const noticed = outside.next('inbox', ({ last }) => last.kind === 'message');
    const { entry } = await portal.call('admin', 'message.send', message(roomId, `${canary} one`));
    await noticed;
    const edited = outside.next('inbox', ({ last }) => last.editedAt !== undefined);
    await portal.call('admin', 'message.edit', { roomId, entryId: entry.id, text: `${canary} two` });
    await edited;
    outside.received.length = 0;
    const told = outside.next('inbox', ({ last }) => last.recalledAt !== undefined);
    const { entry: recall } = await portal.call('admin', 'message.recall', { roomId, entryId: entry.id });
    expect(recall).to.deep.include({ kind: 'recall', body: { entryId: entry.id } });
    expect((await told).last.id).to.equal(entry.id);
    const reader = await portal.connect('operator');
    const seen = [
      await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' }),
      await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public', after: entry.seq }),
      await portal.call('buyer', 'room.list', {}),
      await reader.call('room.join', { roomId }),
      await reader.call('room.join', { roomId, since: { public: 0 } }),
      outside.received,
    ];
    expect(JSON.stringify(seen)).to.not.contain(canary);
    const item = (await portal.call('buyer', 'room.list', {})).items.find(({ id }) => id === roomId);
    expect(item?.last).to.deep.include({ id: entry.id, recalledAt: recall.at });
    const rooms = await database.dump();
    expect(rooms).to.contain(entry.id);
    expect(rooms).to.not.contain(canary);
  });

  it('shows no wording to who was there: the recall has arrived before its answer', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const buyer = await portal.connect('buyer');
    await buyer.call('room.join', { roomId });
    const { entry } = await buyer.call('message.send', message(roomId, 'oops'));
    const { entry: recall } = await buyer.call('message.recall', { roomId, entryId: entry.id });
    expect(buyer.all('entry').at(-1)).to.deep.equal(recall);
  });

  it('recalls within two minutes of the clock and not after', async () => {
    const { portal, clock } = suite;
    const roomId = await portal.project();
    const early = await portal.call('buyer', 'message.send', message(roomId, 'in time'));
    const late = await portal.call('buyer', 'message.send', message(roomId, 'too late'));
    clock.advance(RECALL_WINDOW_MS);
    await portal.call('buyer', 'message.recall', { roomId, entryId: early.entry.id });
    clock.advance(1);
    const refusal = await refused(
      portal.call('buyer', 'message.recall', { roomId, entryId: late.entry.id }),
      'conflict',
    );
    expect(refusal.error.details).to.deep.equal({
      recallableUntil: new Date(Date.parse(late.entry.at) + RECALL_WINDOW_MS).toISOString(),
    });
    await portal.call('buyer', 'message.edit', { roomId, entryId: late.entry.id, text: 'still editable' });
  });

  it('answers a second recall with the first, however late, and an edit after it with `conflict`', async () => {
    const { portal, clock } = suite;
    const roomId = await portal.project();
    const { entry } = await portal.call('buyer', 'message.send', message(roomId, 'twice'));
    const recalls = await Promise.all(
      [1, 2, 3].map(() => portal.call('buyer', 'message.recall', { roomId, entryId: entry.id })),
    );
    clock.advance(10 * RECALL_WINDOW_MS);
    recalls.push(await portal.call('buyer', 'message.recall', { roomId, entryId: entry.id }));
    expect(new Set(recalls.map((answer) => JSON.stringify(answer))).size).to.equal(1);
    const refusal = await refused(
      portal.call('buyer', 'message.edit', { roomId, entryId: entry.id, text: 'again' }),
      'conflict',
    );
    expect(refusal.error.details).to.deep.equal({ recalled: true });
  });

  it('puts no edit behind a recall, whatever races', async () => {
    const { portal, database } = suite;
    const roomId = await portal.project();
    for (let round = 0; round < 10; round++) {
      const { entry } = await portal.call('buyer', 'message.send', message(roomId, 'race'));
      const entryId = entry.id;
      await Promise.all(
        Array.from({ length: 7 }, async (_, i) => {
          if (i === round % 7) await portal.call('buyer', 'message.recall', { roomId, entryId });
          else
            await portal
              .call('buyer', 'message.edit', { roomId, entryId, text: `canary-race-${i}` })
              .catch(() => undefined);
        }),
      );
      const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public', after: entry.seq });
      expect(entries.at(-1)?.kind).to.equal('recall');
    }
    expect(await database.dump()).to.not.contain('canary-race');
  });

  it('lets a message be edited twenty times and no more', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const { entry } = await portal.call('buyer', 'message.send', message(roomId, 'v0'));
    const edit = (i: number) => portal.call('buyer', 'message.edit', { roomId, entryId: entry.id, text: `v${i}` });
    const buyer = await portal.connect('buyer');
    await Promise.all(
      Array.from({ length: EDITS_MAX - 1 }, (_, i) =>
        buyer.call('message.edit', { roomId, entryId: entry.id, text: `w${i}` }),
      ),
    );
    const outcomes = await Promise.allSettled([edit(1), edit(2), edit(3)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    await refused(edit(4), 'conflict');
  });

  it('is for the author only, and what one cannot read is not there', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const { entry } = await portal.call('buyer', 'message.send', message(roomId, 'mine'));
    const note = await portal.call('admin', 'message.send', message(roomId, 'note', { stream: 'provider' }));
    const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public', limit: 1, before: 2 });
    for (const change of ['message.edit', 'message.recall'] as const) {
      const input = (entryId: string) => ({ roomId, entryId, ...(change === 'message.edit' ? { text: 'x' } : {}) });
      await refused(portal.call('admin', change, input(entry.id)), 'forbidden');
      await refused(portal.call('operator', change, input(entry.id)), 'forbidden');
      await refused(portal.call('vendor', change, input(entry.id)), 'forbidden');
      await refused(portal.call('buyer', change, input(entries[0]?.id ?? '')), 'forbidden');
      const hidden = await refused(portal.call('buyer', change, input(note.entry.id)), 'not_found');
      const nothing = await refused(portal.call('buyer', change, input('0'.repeat(24))), 'not_found');
      const garbage = await refused(portal.call('buyer', change, input('no id')), 'not_found');
      expect(hidden.error).to.deep.equal(nothing.error);
      expect(hidden.error).to.deep.equal(garbage.error);
      const room = await refused(portal.call('stranger', change, input(entry.id)), 'not_found');
      expect(room.error.message).to.equal('There is no such room.');
    }
  });
});
