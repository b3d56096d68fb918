import { createHash } from 'node:crypto';

/** The same uuid for the same name, in the form of a version 8 one (RFC 9562). */
export function uuidOf(name: string): string {
  const hex = createHash('sha256').update(`delivery-rooms demo ${name}`).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
