import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ATTACHMENTS_MAX } from '../../shared/contract/limits.ts';
import { message } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('message.send with attachments', () => {
  const suite = wireSuite();

  it('tells readers the names of the files, live and later, and keeps them through edits', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const admin = await portal.connect('admin');
    await admin.call('room.join', { roomId });
    const one = await portal.upload('buyer', { roomId, name: 'one.png' });
    const two = await portal.upload('buyer', { roomId, name: '二.txt', bytes: Buffer.from('two') });
    const came = admin.next('entry', ({ kind }) => kind === 'message');
    const input = message(roomId, 'both', { attachments: [two.id, one.id] });
    const { entry } = await portal.call('buyer', 'message.send', input);
    expect(entry.body).to.deep.equal({ text: 'both', attachments: [two.id, one.id], files: [two, one] });
    expect(await came).to.deep.equal(entry);
    const { entry: edit } = await portal.call('buyer', 'message.edit', { roomId, entryId: entry.id, text: 'edited' });
    expect(edit.body).to.deep.equal({ entryId: entry.id, text: 'edited' });
    const { entries } = await portal.call('vendor', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.at(-2)?.body).to.deep.equal({ ...entry.body, text: 'edited' });
  });

  it('gives the first entry to a repeat, whatever that one names, and whatever became of the files', async () => {
    const { portal, database } = suite;
    const roomId = await portal.project();
    const file = await portal.upload('buyer', { roomId });
    const input = message(roomId, 'once', { attachments: [file.id] });
    const first = await portal.call('buyer', 'message.send', input);
    const others = await Promise.all(
      [input, { ...input, attachments: [] }, { ...input, attachments: ['gone'] }].map((again) =>
        portal.call('buyer', 'message.send', again),
      ),
    );
    await database.connection.collection('files.files').deleteMany({ 'metadata.roomId': roomId });
    others.push(await portal.call('buyer', 'message.send', input));
    for (const again of others) expect(again).to.deep.equal({ entry: first.entry, duplicate: true });
  });

  it('names each file that cannot be attached, and sends nothing', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const elsewhere = await portal.upload('buyer', { roomId: await portal.project() });
    const note = await portal.upload('admin', { roomId, stream: 'provider' });
    const fine = await portal.upload('buyer', { roomId });
    const reason = 'there is no such file in this stream';
    const attachments = [elsewhere.id, fine.id, note.id, fine.id, 'no-id', '0'.repeat(24)];
    const refusal = await refused(
      portal.call('admin', 'message.send', message(roomId, 'x', { attachments })),
      'invalid',
    );
    expect(refusal.error.details).to.deep.equal([
      { path: 'attachments.0', reason },
      { path: 'attachments.2', reason },
      { path: 'attachments.3', reason: 'is named twice' },
      { path: 'attachments.4', reason },
      { path: 'attachments.5', reason },
    ]);
    const many = Array.from({ length: ATTACHMENTS_MAX + 1 }, () => fine.id);
    await refused(portal.call('buyer', 'message.send', message(roomId, 'x', { attachments: many })), 'invalid');
    const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.filter(({ kind }) => kind === 'message')).to.deep.equal([]);
  });

  it('lets whoever reads a file in a stream pass it on there', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const { id } = await portal.upload('buyer', { roomId });
    const { entry } = await portal.call('admin', 'message.send', message(roomId, 'see', { attachments: [id] }));
    expect(entry.body.files?.[0]?.id).to.equal(id);
  });

  it('shows no file of a message that was taken back: live, in history, in a repeat', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const { id } = await portal.upload('buyer', { roomId, name: 'secret-plan.png' });
    const input = message(roomId, 'oops', { attachments: [id] });
    const { entry } = await portal.call('buyer', 'message.send', input);
    await portal.call('buyer', 'message.recall', { roomId, entryId: entry.id });
    const seen = [
      await portal.call('admin', 'entry.fetch', { roomId, stream: 'public' }),
      await portal.call('admin', 'room.list', {}),
      await portal.call('buyer', 'message.send', input),
    ];
    expect(JSON.stringify(seen)).to.not.include('secret-plan').and.not.include(id);
    const { entries } = await portal.call('admin', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.find((one) => one.id === entry.id)?.body).to.deep.equal({});
  });
});
