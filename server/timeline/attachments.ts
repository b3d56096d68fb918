import type { EntryDoc, EntryModel } from './entry-store.ts';
import { revisionsOf } from './revisions.ts';
import type { StreamRef } from './stream-heads.ts';

/** Of the entries that hold a file so many are looked at, the newest: attaching it again and again must not make a download dear. */
const LOOKED_AT = 50;

/** Says whether a file stands in an entry behind a seq. */
export async function isAttachedAbove(
  entries: EntryModel,
  { roomId, stream }: StreamRef,
  fileId: string,
  seq: number,
): Promise<boolean> {
  const found = await entries.findOne({ roomId, stream, 'body.attachments': fileId, seq: { $gt: seq } }, { _id: 1 });
  return found !== null;
}

/** Says whether a file was only ever shown in messages that were taken back. One that stands in no entry, or in any other, was not. */
export async function isTakenBack(
  entries: EntryModel,
  { roomId, stream }: StreamRef,
  fileId: string,
): Promise<boolean> {
  const holding = await entries
    .find({ roomId, stream, 'body.attachments': fileId }, { seq: 1, kind: 1 })
    .sort({ seq: -1 })
    .limit(LOOKED_AT)
    .lean<Pick<EntryDoc, 'seq' | 'kind'>[]>();
  if (holding.length === 0 || holding.some(({ kind }) => kind !== 'message')) return false;
  const messages = holding.map(({ seq }) => seq);
  const revisions = await revisionsOf(entries, { roomId, stream }, messages);
  const isRecalled = (seq: number): boolean => revisions.get(seq)?.some(({ kind }) => kind === 'recall') === true;
  if (!messages.every(isRecalled)) return false;
  return (await entries.findOne({ roomId, stream, kind: 'file', 'body.files.id': fileId }, { _id: 1 })) === null;
}
