import { expect } from 'chai';
import { checkBounds } from '../../../server/registry/input-bounds.ts';
import { INPUT_DEPTH_MAX, INPUT_VALUES_MAX } from '../../../shared/contract/limits.ts';
import { RoomError } from '../../../shared/contract/errors.ts';

const nested = (depth: number): unknown => {
  let value: unknown = 'x';
  for (let n = 0; n < depth; n++) value = n % 2 === 0 ? [value] : { a: value };
  return value;
};

const codeOf = (input: unknown): string => {
  try {
    checkBounds(input);
    return 'passes';
  } catch (error) {
    return error instanceof RoomError ? error.code : String(error);
  }
};

describe('checkBounds', () => {
  const cases: [string, unknown, string][] = [
    ['nothing', undefined, 'passes'],
    ['a text', 'text', 'passes'],
    ['the deepest that is allowed', nested(INPUT_DEPTH_MAX), 'passes'],
    ['one level more', nested(INPUT_DEPTH_MAX + 1), 'invalid'],
    ['60,000 levels', nested(60_000), 'invalid'],
    ['the most values that are allowed', Array(INPUT_VALUES_MAX).fill(0), 'passes'],
    ['one value more', Array(INPUT_VALUES_MAX + 1).fill(0), 'too_large'],
    ['a million values in many arrays', Array.from({ length: 1_000 }, () => Array(1_000).fill(0)), 'too_large'],
    ['a buffer', { a: [Buffer.from('x')] }, 'invalid'],
    ['an array buffer', new ArrayBuffer(8), 'invalid'],
  ];
  for (const [what, input, code] of cases) {
    it(`${what}: ${code}`, () => {
      expect(codeOf(input)).to.equal(code);
    });
  }
});
