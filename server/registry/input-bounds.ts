import { RoomError } from '../../shared/contract/errors.ts';
import { INPUT_DEPTH_MAX, INPUT_VALUES_MAX } from '../../shared/contract/limits.ts';

/**
 * Refuses what no command can mean, before a schema looks at it: binary data, nesting that is too deep, more values than any input has. A schema would
 * report each of them, which costs a sender nothing and the server a lot.
 * @throws {RoomError} `invalid` or `too_large`
 */
export function checkBounds(input: unknown): void {
  let values = 0;
  const level: { value: unknown; depth: number }[] = [{ value: input, depth: 0 }];
  for (let next = level.pop(); next !== undefined; next = level.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
      throw new RoomError('invalid', 'The input holds binary data: commands take JSON.');
    if (depth >= INPUT_DEPTH_MAX)
      throw new RoomError('invalid', `The input is nested deeper than ${INPUT_DEPTH_MAX} levels.`);
    const children: unknown[] = Array.isArray(value) ? value : Object.values(value);
    values += children.length;
    if (values > INPUT_VALUES_MAX)
      throw new RoomError('too_large', `The input holds more than ${INPUT_VALUES_MAX} values.`);
    for (const child of children) level.push({ value: child, depth: depth + 1 });
  }
}
