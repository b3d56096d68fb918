import { type Logger, pino } from 'pino';

export type Log = Logger;

/** What must never be written down, wherever in a logged object it stands. */
const SECRET_KEYS = ['token', 'authorization', 'password', 'secret', 'phone', 'email', 'contact', 'cookie', 'text'];

/** A logger that writes JSON lines to standard output, with everything secret struck out. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
    serializers: {
      err: (error: unknown) =>
        error instanceof Error
          ? { name: error.name, message: error.message, stack: error.stack }
          : { message: String(error) },
    },
  });
}
