import type { Entry, MessageEntry } from '../contract/entries.ts';

type EditEntry = Extract<Entry, { kind: 'edit' }>;
type RecallEntry = Extract<Entry, { kind: 'recall' }>;

interface Changes {
  edits: EditEntry[];
  recall?: RecallEntry;
}

/**
 * Folds a run of entries into what a reader sees: each message as it now stands, edits and recalls not listed themselves.
 *
 * The result is the same whether a message was received when it was written or read later: a later read gives the message
 * with its edits applied (`editedAt` is the `at` of the last one), and without its wording and its files once it is
 * recalled (`recalledAt` is the recall's `at`). `entries` must be in order of seq.
 */
export function fold(entries: readonly Entry[]): Entry[] {
  const changes = new Map<string, Changes>();
  for (const entry of entries) {
    if (entry.kind !== 'edit' && entry.kind !== 'recall') continue;
    const known = changes.get(entry.body.entryId) ?? { edits: [] };
    changes.set(entry.body.entryId, known);
    if (entry.kind === 'edit') known.edits.push(entry);
    else known.recall ??= entry;
  }
  const folded: Entry[] = [];
  for (const entry of entries) {
    if (entry.kind === 'edit' || entry.kind === 'recall') continue;
    const changed = entry.kind === 'message' ? changes.get(entry.id) : undefined;
    folded.push(changed && entry.kind === 'message' ? asItStands(entry, changed) : entry);
  }
  return folded;
}

function asItStands(message: MessageEntry, { edits, recall }: Changes): MessageEntry {
  const edited = afterEdits(message, edits);
  const recalledAt = message.recalledAt ?? recall?.at;
  if (recalledAt === undefined) return edited;
  const { text: _wording, attachments: _ids, files: _names, ...body } = edited.body;
  return { ...edited, recalledAt, body };
}

/**
 * The last edit wins, unless the message was read later than that: its `editedAt` then belongs to an edit that is not
 * held yet, and the wording that it came with is the newer one.
 */
function afterEdits(message: MessageEntry, edits: readonly EditEntry[]): MessageEntry {
  const last = edits.at(-1);
  if (!last) return message;
  const readLater = message.editedAt !== undefined && !edits.some((edit) => edit.at === message.editedAt);
  if (readLater) return message;
  const { text: _before, ...body } = message.body;
  // An edit without its wording was read after the recall: nothing may be shown from then on.
  return {
    ...message,
    editedAt: last.at,
    body: last.body.text === undefined ? body : { ...body, text: last.body.text },
  };
}
