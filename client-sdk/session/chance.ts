/** Numbers from 0 up to 1 out of the platform's good source, which a page has without https too. */
export function systemRandom(): number {
  const [word] = crypto.getRandomValues(new Uint32Array(1));
  return (word as number) / 2 ** 32;
}

/** A random UUID, version 4, from 16 throws; `crypto.randomUUID` is missing in pages without https. */
export function newUuid(random: () => number): string {
  const bytes = Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Names something that is sent, so that it counts once however often it is sent: the `clientId` of a demand, a record, a proposal. */
export const newClientId = (): string => newUuid(systemRandom);
