import { z } from 'zod';
import { fileInfo } from './files.ts';
import { ATTACHMENTS_MAX, MENTIONS_MAX, TEXT_MAX } from './limits.ts';
import { id, isCleanText, isoTime, seq, side, streamName } from './primitives.ts';

export const text = z
  .string()
  .min(1)
  .max(TEXT_MAX)
  .refine((value) => value.trim() !== '', 'must hold more than white space')
  .refine(isCleanText, 'must be well-formed text');

export const attachments = z.array(id).max(ATTACHMENTS_MAX);
export const mentions = z.array(id).max(MENTIONS_MAX);

/** Who did it, as the room shows them. A person's number or mail address never stands here. */
export const actor = z.object({ id, name: z.string(), side, org: id.optional() }).meta({ id: 'Actor' });
export type Actor = z.infer<typeof actor>;

const envelope = {
  id,
  roomId: id,
  stream: streamName,
  seq: z.int().min(1),
  at: isoTime,
  actor,
  clientId: z.uuid().optional(),
  editedAt: isoTime.optional(),
  recalledAt: isoTime.optional(),
};

/**
 * `files` says of the attachments what a reader is shown, in their order. After a recall `text`, `attachments` and `files` are missing: no reader is
 * shown any of it any more.
 */
export const messageBody = z.object({
  text: z.string().optional(),
  attachments: attachments.optional(),
  files: z.array(fileInfo).max(ATTACHMENTS_MAX).optional(),
  replyTo: id.optional(),
  mentions: mentions.optional(),
});

export const messageEntry = z.object({ ...envelope, kind: z.literal('message'), body: messageBody });
export const editEntry = z.object({
  ...envelope,
  kind: z.literal('edit'),
  body: z.object({ entryId: id, text: z.string().optional() }),
});
export const recallEntry = z.object({ ...envelope, kind: z.literal('recall'), body: z.object({ entryId: id }) });

export const EVENT_KINDS = [
  'file',
  'node',
  'project',
  'call',
  'opportunity',
  'engagement',
  'record',
  'proposal',
  'rating',
  'complaint',
  'notice',
] as const;

/** What the service itself writes into a timeline: `body.event` names what happened. */
export const eventEntry = z.object({
  ...envelope,
  kind: z.enum(EVENT_KINDS),
  body: z.looseObject({ event: z.string() }),
});

export const entry = z.discriminatedUnion('kind', [messageEntry, editEntry, recallEntry, eventEntry]).meta({
  id: 'Entry',
  description: 'One entry of a timeline; seq numbers the entries of its stream 1, 2, 3, ... with no holes',
});

export type Entry = z.infer<typeof entry>;
export type EntryKind = Entry['kind'];
export type MessageEntry = z.infer<typeof messageEntry>;
export type EventEntry = z.infer<typeof eventEntry>;

export const streamPage = z.object({
  stream: streamName,
  head: seq,
  entries: z.array(entry),
  truncated: z.boolean(),
});
export type StreamPage = z.infer<typeof streamPage>;
