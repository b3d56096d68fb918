import { z } from 'zod';
import { defineCommand, EVERYONE } from './command.ts';
import { id, isoTime } from './primitives.ts';

export const authCommands = {
  'auth.refresh': defineCommand({
    summary: 'Renews the token of a live connection; sub, side and org must be the same.',
    input: z.strictObject({ token: z.string().min(1).max(8192) }),
    output: z.object({ expiresAt: isoTime }),
    callers: EVERYONE,
    errors: ['forbidden'],
    rate: 'signal',
    writes: false,
    connectionBound: true,
  }),
  'auth.revoke': defineCommand({
    summary:
      "Ends a user's tokens: each that was issued before an instant (by its iat; one without is as old as can be) is refused by every server from then on, and connections made with one are ended within a second. Tokens issued later count.",
    input: z.strictObject({
      userId: id,
      issuedBefore: isoTime.optional().meta({
        description: 'Left out: the next full second, so that it covers every token that was issued up to now',
      }),
    }),
    output: z.object({
      userId: id,
      issuedBefore: isoTime.meta({ description: 'From this instant on, new tokens of the user count' }),
    }),
    callers: ['service', 'operator'],
    errors: [],
    rate: 'directory',
    writes: true,
  }),
} as const;
