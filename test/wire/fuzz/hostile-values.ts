/** Something inside of an operator, which is then sought in the database. */
export const CANARY = 'canary-of-an-operator';

/** What a database that is handed a client's JSON would obey. */
export const OPERATORS: readonly unknown[] = [
  { $gt: '' },
  { $ne: CANARY },
  { $in: [CANARY] },
  { $regex: '.*', $options: CANARY },
  { $where: `sleep(1000) || '${CANARY}'` },
  { $set: { name: CANARY } },
  [{ $gt: CANARY }],
  { $expr: { $function: { body: CANARY, args: [], lang: 'js' } } },
  { _bsontype: 'ObjectId', id: CANARY },
  { $oid: CANARY },
];

const nested = (depth: number): unknown => JSON.parse(`${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`);
const own = (json: string): unknown => JSON.parse(json);

/** What breaks programs that did not expect it. */
export const ODDITIES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 1,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e',
  '$gt',
  'a.$b.c',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '2026-13-45T99:00:00Z',
  'x'.repeat(20_000),
  [],
  {},
  [[]],
  own('{"__proto__":{"polluted":1}}'),
  own('{"constructor":{"prototype":{"polluted":1}}}'),
  { toString: 1, valueOf: 1, toJSON: 1 },
  own('{"then":"x","length":1000000000}'),
  nested(3),
  nested(200),
  Array(6_000).fill(0),
];

/** Keys that stand for something else where objects are dictionaries. */
export const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  '$gt',
  '$where',
  'a.b',
  '',
  '0',
  'then',
  '_id',
  'toJSON',
];
