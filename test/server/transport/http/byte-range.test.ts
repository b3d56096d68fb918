import { expect } from 'chai';
import { byteRange } from '../../../../server/transport/http/byte-range.ts';
import { disposition } from '../../../../server/transport/http/send-file.ts';

const RANGES: readonly [header: string | undefined, answer: ReturnType<typeof byteRange>][] = [
  [undefined, 'whole'],
  ['bytes=0-0', { from: 0, to: 0 }],
  ['bytes=0-99', { from: 0, to: 99 }],
  ['bytes=0-', { from: 0, to: 99 }],
  ['bytes=90-', { from: 90, to: 99 }],
  ['bytes=90-1000', { from: 90, to: 99 }],
  ['bytes=-10', { from: 90, to: 99 }],
  ['bytes=-1000', { from: 0, to: 99 }],
  ['BYTES=1-2', { from: 1, to: 2 }],
  ['bytes=100-', 'none'],
  ['bytes=100-200', 'none'],
  ['bytes=-0', 'none'],
  ['bytes=5-2', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=0-1,5-6', 'whole'],
  ['items=0-1', 'whole'],
  ['bytes=a-b', 'whole'],
  ['bytes=0-99999999999999999999', 'whole'],
];

describe('byteRange of 100 bytes', () => {
  for (const [header, answer] of RANGES) it(String(header), () => expect(byteRange(header, 100)).to.deep.equal(answer));
});

describe('disposition', () => {
  const names: readonly [string, string][] = [
    ['a b.pdf', `attachment; filename="a b.pdf"; filename*=UTF-8''a%20b.pdf`],
    ['合同.pdf', `attachment; filename="__.pdf"; filename*=UTF-8''%E5%90%88%E5%90%8C.pdf`],
    [`it's 100% (1).txt`, `attachment; filename="it's 100_ (1).txt"; filename*=UTF-8''it%27s%20100%25%20%281%29.txt`],
    ['a"\\;x.txt', `attachment; filename="a__;x.txt"; filename*=UTF-8''a%22%5C%3Bx.txt`],
  ];
  for (const [name, header] of names) it(name, () => expect(disposition(name)).to.equal(header));
});
