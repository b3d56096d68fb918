import * as fc from 'fast-check';
import { frame } from '../transport-frames.ts';

/** How a valid text is spoiled: something in its middle is replaced. */
export interface TextMutation {
  /** Which of the valid ones. */
  which: number;
  /** Where, from its beginning (0) to its end (1). */
  at: number;
  cut: number;
  insert: string;
}

/** How a WebSocket frame is spoiled besides: another opcode, not the last of its message, a byte overwritten, its end missing. */
export interface FrameMutation extends TextMutation {
  opcode: number;
  isLast: boolean;
  damage: [at: number, byte: number] | null;
  short: number;
}

const JSON_PIECES = [
  '{"_placeholder":true,"num":0}',
  '[[[[',
  '"__proto__":',
  '{"$gt":""}',
  '9'.repeat(30),
  '"\\ud800"',
];
const PACKET_PIECES = ['\x1e', '-', '/a,', '451-', '2probe', '5', '\u0000', '\u{1f600}', 'x'.repeat(9_000)];
const HTTP_PIECES = [
  '\r\n',
  '\r\n\r\n',
  ': ',
  'chunked',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  '%00',
  '/../',
  '%2e%2e/',
  '?a[$gt]=1&a[__proto__][x]=1',
  'Bearer ',
  'HTTP/1.0',
  '\0',
];

const textMutationOf = (pieces: readonly string[]) => ({
  which: fc.nat({ max: 1_000 }),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 12 }), fc.nat({ max: 10_000 })),
  insert: fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom(...pieces),
  ),
});

export const packetMutation: fc.Arbitrary<TextMutation> = fc.record(textMutationOf([...JSON_PIECES, ...PACKET_PIECES]));
export const requestMutation: fc.Arbitrary<TextMutation> = fc.record(textMutationOf([...JSON_PIECES, ...HTTP_PIECES]));
export const frameMutation: fc.Arbitrary<FrameMutation> = fc.record({
  ...textMutationOf([...JSON_PIECES, ...PACKET_PIECES]),
  opcode: fc.constantFrom(1, 1, 1, 1, 2, 0, 9, 10, 8, 3),
  isLast: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  damage: fc.option(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { freq: 4 }),
  short: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 20 }) }),
});

export function mutateText(valid: readonly string[], { which, at, cut, insert }: TextMutation): string {
  const text = valid[which % valid.length] ?? '';
  const position = Math.floor(at * text.length);
  return text.slice(0, position) + insert + text.slice(position + cut);
}

const FIN = 0x80;

export function mutateFrame(valid: readonly string[], mutation: FrameMutation): Buffer {
  const { opcode, isLast, damage, short } = mutation;
  const bytes = frame(mutateText(valid, mutation), opcode);
  if (!isLast) bytes[0] = (bytes[0] ?? 0) & ~FIN;
  if (damage !== null) bytes[damage[0] % bytes.length] = damage[1];
  return bytes.subarray(0, Math.max(1, bytes.length - short));
}
