import { z } from 'zod';
import { defineCommand, EVERYONE } from './command.ts';
import { isoTime } from './primitives.ts';

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
} as const;
