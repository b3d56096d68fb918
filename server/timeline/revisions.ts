import { RoomError } from '../../shared/contract/errors.ts';
import { EDITS_MAX } from '../../shared/contract/limits.ts';
import type { EntryDoc, EntryModel } from './entry-store.ts';
import type { StreamRef } from './stream-heads.ts';

/** The edits and recalls of some messages of a stream, by the message's seq, each in the order of the stream. */
export type Revisions = ReadonlyMap<number, readonly EntryDoc[]>;

/**
 * Looks up the edits and recalls of messages. They are found by the message's seq rather than kept in the message, so that appending stays the
 * only write and nothing is half done after a crash. Bounded: `EDITS_MAX` and one recall for a message.
 */
export async function revisionsOf(
  entries: EntryModel,
  { roomId, stream }: StreamRef,
  targets: readonly number[],
): Promise<Revisions> {
  const found = new Map<number, EntryDoc[]>();
  if (targets.length === 0) return found;
  const wanted = [...new Set(targets)];
  const low = Math.min(...wanted);
  const high = Math.max(...wanted);
  // A page of history lies close together and is one range; an edit of something far back is not, and would make it a long one.
  const target = high - low < 2 * wanted.length ? { $gte: low, $lte: high } : { $in: wanted };
  const docs = await entries.find({ roomId, stream, target }).lean<EntryDoc[]>();
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

/** The last edit's wording stands, and after a recall none does. */
export function revisedBy(revisions: readonly EntryDoc[]): Revised {
  const revised: Revised = {};
  for (const { kind, at, body } of revisions) {
    if (kind === 'recall') revised.recalledAt ??= at;
    else if (kind === 'edit') {
      revised.editedAt = at;
      if (typeof body['text'] === 'string') revised.text = body['text'];
    }
  }
  return revised;
}

interface Revision {
  kind: EntryDoc['kind'];
  target?: number;
}

/**
 * Decides on a run of drafts, given what is stored: which are refused, and how many of the others may be numbered now.
 *
 * An edit of a recalled message is a conflict; a second recall is answered with the first. What follows a recall of the same message in the
 * same run waits until that recall is stored.
 */
export function admitRevisions(
  drafts: readonly Revision[],
  stored: Revisions,
): { refused: Map<number, RoomError | EntryDoc>; ready: number } {
  const refused = new Map<number, RoomError | EntryDoc>();
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
