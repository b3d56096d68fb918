import { RoomError } from '../../shared/contract/errors.ts';
import { EDITS_MAX } from '../../shared/contract/limits.ts';
import type { EntryDoc, EntryModel } from './entry-store.ts';
import type { StreamRef } from './stream-heads.ts';

/** An edit or a recall, without its wording. */
export type Revision = Pick<EntryDoc, '_id' | 'seq' | 'kind' | 'at' | 'target'>;

/** The edits and recalls of some messages of a stream, by the message's seq, each in the order of the stream. */
export type Revisions = ReadonlyMap<number, readonly Revision[]>;

const WITHOUT_WORDING = { seq: 1, kind: 1, at: 1, target: 1 } as const;

/**
 * Looks up the edits and recalls of messages. They are found by the message's seq rather than kept in the message, so that appending stays the
 * only write and nothing is half done after a crash. Bounded: `EDITS_MAX` and one recall for a message, and no wording of any of them.
 */
export async function revisionsOf(
  entries: EntryModel,
  { roomId, stream }: StreamRef,
  targets: readonly number[],
): Promise<Revisions> {
  const found = new Map<number, Revision[]>();
  if (targets.length === 0) return found;
  const wanted = [...new Set(targets)];
  const low = Math.min(...wanted);
  const high = Math.max(...wanted);
  // A page of history lies close together and is one range; an edit of something far back is not, and would make it a long one.
  const target = high - low < 2 * wanted.length ? { $gte: low, $lte: high } : { $in: wanted };
  const docs = await entries.find({ roomId, stream, target }, WITHOUT_WORDING).lean<Revision[]>();
  for (const doc of docs.sort((a, b) => a.seq - b.seq)) {
    if (doc.target === undefined) continue;
    const known = found.get(doc.target);
    if (known === undefined) found.set(doc.target, [doc]);
    else known.push(doc);
  }
  return found;
}

/** What the revisions of a message make of it. */
export interface Revised {
  text?: string;
  editedAt?: Date;
  recalledAt?: Date;
}

/**
 * Reads what became of messages, by the message's seq: the last edit's wording stands, and after a recall none does. Of a message's edits
 * the last one's wording is read and no other.
 */
export async function revisedOf(
  entries: EntryModel,
  ref: StreamRef,
  targets: readonly number[],
): Promise<ReadonlyMap<number, Revised>> {
  const first = await readRevised(entries, ref, targets);
  // A wording that was erased between the two reads: the recall was stored before, and is found now.
  return first.erased ? (await readRevised(entries, ref, targets)).revised : first.revised;
}

async function readRevised(
  entries: EntryModel,
  ref: StreamRef,
  targets: readonly number[],
): Promise<{ revised: Map<number, Revised>; erased: boolean }> {
  const revised = new Map<number, Revised>();
  const standing: { id: EntryDoc['_id']; of: Revised }[] = [];
  for (const [target, revisions] of await revisionsOf(entries, ref, targets)) {
    const edit = revisions.findLast(({ kind }) => kind === 'edit');
    const recall = revisions.find(({ kind }) => kind === 'recall');
    const of: Revised = {
      ...(edit === undefined ? {} : { editedAt: edit.at }),
      ...(recall === undefined ? {} : { recalledAt: recall.at }),
    };
    revised.set(target, of);
    if (edit !== undefined && recall === undefined) standing.push({ id: edit._id, of });
  }
  if (standing.length === 0) return { revised, erased: false };
  const docs = await entries
    .find({ _id: { $in: standing.map(({ id }) => id) } }, { 'body.text': 1 })
    .lean<Pick<EntryDoc, '_id' | 'body'>[]>();
  const texts = new Map(docs.map(({ _id, body }) => [_id.toHexString(), body['text']]));
  let erased = false;
  for (const { id, of } of standing) {
    const text = texts.get(id.toHexString());
    if (typeof text === 'string') of.text = text;
    else erased = true;
  }
  return { revised, erased };
}

/**
 * Decides on a run of drafts, given what is stored: which are refused, and how many of the others may be numbered now.
 *
 * An edit of a recalled message is a conflict; a second recall is answered with the first. What follows a recall of the same message in the
 * same run waits until that recall is stored.
 */
export function admitRevisions(
  drafts: readonly Pick<Revision, 'kind' | 'target'>[],
  stored: Revisions,
): { refused: Map<number, RoomError | Revision>; ready: number } {
  const refused = new Map<number, RoomError | Revision>();
  const edits = new Map<number, number>();
  const recalledHere = new Set<number>();
  let ready = 0;
  let cut = false;
  drafts.forEach(({ kind, target }, index) => {
    if (target !== undefined) {
      const before = stored.get(target) ?? [];
      const recall = before.find((revision) => revision.kind === 'recall');
      if (recall !== undefined) {
        refused.set(index, kind === 'recall' ? recall : recalled());
        return;
      }
      if (recalledHere.has(target)) cut = true;
      else if (kind === 'recall') recalledHere.add(target);
      else {
        const count = (edits.get(target) ?? before.length) + 1;
        if (count > EDITS_MAX) {
          refused.set(index, editedTooOften());
          return;
        }
        edits.set(target, count);
      }
    }
    if (!cut) ready += 1;
  });
  return { refused, ready };
}

const recalled = (): RoomError =>
  new RoomError('conflict', 'This message was recalled.', { details: { recalled: true } });
const editedTooOften = (): RoomError =>
  new RoomError('conflict', `A message is edited at most ${EDITS_MAX} times: write a new one.`, {
    details: { edits: EDITS_MAX },
  });
