import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/** What must never be written down, wherever in a logged object it stands. */
const SECRET_KEYS = ['token', 'authorization', 'password', 'secret', 'phone', 'email', 'contact', 'cookie', 'text'];

/** A database repeats the values of a duplicate key in its message; they are somebody's. */
const DUPLICATE_KEY = /(dup key: ).*/s;
const withoutValues = (text: string): string => text.replace(DUPLICATE_KEY, '$1[redacted]');

/** The message stands once, in front of the stack's own lines; what else hangs on an error may hold a document. */
function plainError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: withoutValues(String(error)) };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    message: withoutValues(error.message),
    ...('code' in error ? { code: error.code } : {}),
    stack: frames.join('\n'),
    ...(error.cause instanceof Error ? { cause: withoutValues(error.cause.message) } : {}),
  };
}

/** A logger that writes JSON lines, to standard output where nothing else is said, with everything secret struck out. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
    serializers: { err: plainError },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
