import { z } from 'zod';
import { defineCommand } from './command.ts';
import { CODE_DIGITS, CODE_RESEND_MS, CODE_TTL_MS, PHONE_MAX } from './limits.ts';
import { isoTime } from './primitives.ts';

/** A phone number as somebody types it. It is for the vault alone: no entry, log, answer or error repeats it. */
export const phoneNumber = z
  .string()
  .trim()
  .max(PHONE_MAX)
  .regex(/^\+?[\d\s()-]{5,}$/u, 'must be a phone number')
  .meta({ description: 'A phone number; it is never answered, nor shown to anybody' });

export const verificationCode = z
  .string()
  .regex(new RegExp(String.raw`^\d{${CODE_DIGITS}}$`, 'u'), `must be ${CODE_DIGITS} digits`);

export const phoneCommands = {
  'phone.sendCode': defineCommand({
    summary: `Sends a code to a phone: it verifies the number for ${CODE_TTL_MS / 60_000} minutes, and is asked for anew after ${CODE_RESEND_MS / 1000} seconds.`,
    input: z.strictObject({ phone: phoneNumber }),
    output: z.object({ expiresAt: isoTime, resendAfterMs: z.int().min(0) }),
    callers: ['buyer', 'provider', 'operator', 'service'],
    errors: [],
    rate: 'write',
    writes: true,
  }),
} as const;
