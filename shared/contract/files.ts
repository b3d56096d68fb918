import { z } from 'zod';
import { defineCommand, EVERYONE, PEOPLE } from './command.ts';
import type { ErrorCode } from './errors.ts';
import type { CommandRate } from './limits.ts';
import { id, isoTime, type Side, streamName } from './primitives.ts';

/** A file as its readers see it; `size` is in bytes, `type` follows from the content and is never what the sender claimed. */
export const fileInfo = z
  .object({ id, name: z.string(), size: z.int().min(1), type: z.string() })
  .meta({ id: 'File', description: 'A file of a stream; size in bytes, type as its content says' });
export type FileInfo = z.infer<typeof fileInfo>;

export const fileCommands = {
  'file.link': defineCommand({
    summary:
      'A short-lived address of a file for a browser to open. It serves the caller alone, as long as they may read the file.',
    input: z.strictObject({ fileId: id }),
    output: z.object({
      url: z.string().meta({ description: "A path on this service's own origin" }),
      expiresAt: isoTime,
    }),
    callers: EVERYONE,
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
} as const;

/** A route of files: what carries bytes is no command, and is admitted like one. */
export interface FileRoute {
  callers: readonly Side[];
  rate: CommandRate;
  /** Every error that it answers with. */
  errors: readonly ErrorCode[];
}

const ALWAYS = ['invalid', 'unauthenticated', 'rate_limited', 'unavailable', 'internal'] as const;

/** `POST /v1/files`: where the file goes is in the query, so that it is decided before a byte is read. */
export const uploadQuery = z.strictObject({ roomId: id, stream: streamName.default('public') });
export const uploadAnswer = z.object({ file: fileInfo });
export const uploadRoute: FileRoute = {
  callers: PEOPLE,
  rate: 'write',
  errors: [...ALWAYS, 'forbidden', 'not_found', 'read_only', 'too_large', 'unsupported_type'],
};

/** `GET /v1/files/:id`. */
export const downloadRoute: FileRoute = { callers: EVERYONE, rate: 'read', errors: [...ALWAYS, 'not_found'] };
