import { z } from 'zod';
import { defineCommand } from './command.ts';
import { cursor, id, isoTime, limit, page } from './primitives.ts';

/** What one provider has asked the operators in one demand. */
export const deskItem = z
  .object({
    roomId: id,
    org: id,
    name: z.string(),
    title: z.string().meta({ description: 'Of the demand' }),
    unanswered: z.int().min(0).meta({ description: "The provider's messages since the operators' last one" }),
    since: isoTime.nullable().meta({ description: 'When the oldest of them was written' }),
  })
  .meta({ id: 'DeskItem' });
export type DeskItem = z.infer<typeof deskItem>;

export const deskCommands = {
  'desk.list': defineCommand({
    summary: 'What providers have asked the operators and nobody has answered, the oldest first.',
    input: z.strictObject({ cursor: cursor.optional(), limit }),
    output: page(deskItem),
    callers: ['operator'],
    errors: [],
    rate: 'read',
    writes: false,
  }),
} as const;
