import { z } from 'zod';
import { defineCommand, PEOPLE } from './command.ts';
import { attachments, editEntry, mentions, messageEntry, recallEntry, text } from './entries.ts';
import { id, streamName } from './primitives.ts';

export const messageCommands = {
  'message.send': defineCommand({
    summary: 'Writes a message into a stream. The same clientId gives the first entry however often it is sent.',
    input: z.strictObject({
      roomId: id,
      stream: streamName
        .optional()
        .meta({ description: "public where it is left out, and in an opportunity a provider's own lane" }),
      clientId: z.uuid().meta({ description: 'The idempotency key, unique for an author in a stream' }),
      text,
      attachments: attachments.optional(),
      replyTo: id.optional(),
      mentions: mentions.optional(),
    }),
    output: z.object({ entry: messageEntry, duplicate: z.boolean() }),
    callers: PEOPLE,
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
    rate: 'write',
    writes: true,
  }),
  'message.edit': defineCommand({
    summary: "Changes the wording of the caller's own message. The edit is an entry of its own.",
    input: z.strictObject({ roomId: id, entryId: id, text }),
    output: z.object({ entry: editEntry }),
    callers: PEOPLE,
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
    rate: 'write',
    writes: true,
  }),
  'message.recall': defineCommand({
    summary: "Takes the caller's own message back within 2 minutes; no reader is shown the wording any more.",
    input: z.strictObject({ roomId: id, entryId: id }),
    output: z.object({ entry: recallEntry }),
    callers: PEOPLE,
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
    rate: 'write',
    writes: true,
  }),
} as const;
