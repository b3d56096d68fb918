import { ObjectId } from 'bson';
import { MongoError } from '../errors.ts';
import { encode } from '../semantics/index.ts';
import { BSON_TYPE, elements, joinElements } from './raw-bson.ts';

const NOT_AN_ID = new Map<number, string>([
  [BSON_TYPE.array, 'array'],
  [BSON_TYPE.regex, 'regex'],
  [BSON_TYPE.undefined, 'undefined'],
]);

/** The document as it is stored: with `_id` as its first field, made up where it is missing. */
export function withIdInFront(raw: Buffer): Buffer {
  let first = true;
  for (const element of elements(raw)) {
    if (element.name === '_id') {
      const refused = NOT_AN_ID.get(element.type);
      if (refused) throw new MongoError('InvalidIdField', `The '_id' value cannot be of type ${refused}`);
      if (first) return raw;
      return joinElements([
        raw.subarray(element.start, element.end),
        raw.subarray(4, element.start),
        raw.subarray(element.end, raw.length - 1),
      ]);
    }
    first = false;
  }
  const id = Buffer.from(encode({ _id: new ObjectId() }));
  return joinElements([id.subarray(4, id.length - 1), raw.subarray(4, raw.length - 1)]);
}
