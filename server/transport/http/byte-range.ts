/** First and last byte, both counted from 0 and sent. */
export interface ByteRange {
  from: number;
  to: number;
}

/**
 * What a `Range` header asks for of so many bytes (RFC 9110, section 14): a range, `whole` where it is to be ignored (none, another unit, several ranges, no
 * range at all), `none` where it lies outside.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | 'whole' | 'none' {
  const [, first, last] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole';
  if (first === '') return Number(last) === 0 ? 'none' : { from: Math.max(0, size - Number(last)), to: size - 1 };
  const from = Number(first);
  const to = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < from) return 'whole';
  return from >= size ? 'none' : { from, to };
}
