import { z } from 'zod';
import { defineCommand } from './command.ts';
import { CLOCK_JUMP_MAX_MS } from './limits.ts';
import { isoTime } from './primitives.ts';

export const clockCommands = {
  'clock.advance': defineCommand({
    summary:
      "In a demonstration: moves the service's clock ahead, by so many milliseconds or to an instant, and answers when everything that became due is done.",
    input: z
      .strictObject({ ms: z.int().min(0).max(CLOCK_JUMP_MAX_MS).optional(), to: isoTime.optional() })
      .superRefine(({ ms, to }, context) => {
        if ((ms === undefined) === (to === undefined))
          context.addIssue({ code: 'custom', path: ['ms'], message: 'give either ms or to' });
      }),
    output: z.object({ now: isoTime }),
    callers: ['service', 'operator'],
    errors: ['not_found'],
    rate: 'directory',
    writes: true,
  }),
} as const;
