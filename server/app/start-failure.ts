import { StorageError } from '../storage/connect.ts';
import { SettingsError } from './settings.ts';

/** One clear sentence for the person who starts the service, with what to do. */
export function explainStartFailure(error: unknown): string {
  if (error instanceof StorageError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  const at = 'port' in error ? `PORT ${String(error.port)}` : 'PORT';
  switch (code) {
    case 'EADDRINUSE':
      return `${at} is in use by another process: choose another PORT, or stop that process.`;
    case 'EACCES':
      return 'port' in error ? `${at} may not be opened by this user: choose a PORT above 1023.` : error.message;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return 'HOST is not an address of this machine.';
    default:
      return error.name === 'StartRefused' ? error.message : (error.stack ?? error.message);
  }
}

/** Ends a process that could not start, with the reason for the person who started it. */
export function sayWhyNot(error: unknown): void {
  const sentence = error instanceof SettingsError ? error.message : explainStartFailure(error);
  process.stderr.write(`Delivery Rooms cannot start:\n${sentence}\n`);
  process.exit(1);
}
