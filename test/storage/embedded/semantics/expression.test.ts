import { Decimal128, Double, Long, ObjectId } from 'bson';
import { expect } from 'chai';
import { type Doc, runPipeline } from '../../../../server/storage/embedded/semantics/index.ts';

const now = new Date(1_700_000_000_000);

function value(expression: unknown, doc: Doc = {}): unknown {
  const stages = [{ $project: { _id: 0, value: expression } }];
  const [result] = [...runPipeline(stages, [doc], { collection: () => [], now })];
  return result?.['value'];
}

function code(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as { code?: number }).code;
  }
  return 'no error';
}

describe('expressions', () => {
  const doc: Doc = {
    a: 5,
    s: 'héllo',
    list: [3, 1, 2],
    docs: [{ x: 1 }, { x: 2 }, {}, 7],
    at: new Date('2024-02-29T23:30:15.250Z'),
    id: new ObjectId('65e1180000000000000000ff'),
  };
  const cases: readonly (readonly [expression: unknown, value: unknown])[] = [
    ['$docs.x', [1, 2]],
    ['$nowhere.at.all', undefined],
    [{ $lt: ['$nowhere', null] }, true],
    [{ $cmp: [Long.ONE, 2] }, -1],
    [{ $add: ['$a', Long.ONE] }, Long.fromNumber(6)],
    [{ $add: ['$at', 1000] }, new Date('2024-02-29T23:30:16.250Z')],
    [{ $subtract: [new Date(5), new Date(2)] }, Long.fromNumber(3)],
    [{ $multiply: [2147483647, 2] }, Long.fromNumber(4294967294)],
    [{ $divide: [7, 2] }, 3.5],
    [{ $divide: [6, 2] }, new Double(3)],
    [{ $divide: [Decimal128.fromString('1'), 3] }, Decimal128.fromString('0.3333333333333333333333333333333333')],
    [{ $mod: [-7, 3] }, -1],
    [{ $mod: [7.5, 2] }, 1.5],
    [{ $mod: [7, new Double(4)] }, 3],
    [{ $round: [2.5] }, new Double(2)],
    [{ $round: [1.15, 1] }, 1.2],
    [{ $round: [1234, -2] }, 1200],
    [{ $trunc: [-1.9] }, new Double(-1)],
    [{ $pow: [2, 10] }, 1024],
    [{ $abs: -3 }, 3],
    [{ $avg: ['$list'] }, new Double(2)],
    [{ $max: ['$a', 9, null] }, 9],
    [{ $cond: [{ $gt: ['$a', 4] }, 'yes', 'no'] }, 'yes'],
    [{ $ifNull: ['$nowhere', null, 'last'] }, 'last'],
    [
      {
        $switch: {
          branches: [JSON.parse('{ "case": false, "then": 1 }')],
          default: 2,
        },
      },
      2,
    ],
    [{ $map: { input: '$list', as: 'n', in: { $multiply: ['$$n', 2] } } }, [6, 2, 4]],
    [{ $filter: { input: '$list', as: 'n', cond: { $gt: ['$$n', 1] }, limit: 1 } }, [3]],
    [{ $reduce: { input: '$list', initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, 6],
    [{ $let: { vars: { x: '$a' }, in: { $let: { vars: { x: 1, y: '$$x' }, in: ['$$x', '$$y'] } } } }, [1, 5]],
    [{ $arrayElemAt: ['$list', -1] }, 2],
    [{ $arrayElemAt: ['$list', 9] }, undefined],
    [{ $slice: ['$list', 1, 2] }, [1, 2]],
    [{ $sortArray: { input: '$list', sortBy: -1 } }, [3, 2, 1]],
    [{ $range: [0, 5, 2] }, [0, 2, 4]],
    [
      { $zip: { inputs: ['$list', ['a']], useLongestLength: true, defaults: [0, 'z'] } },
      [
        [3, 'a'],
        [1, 'z'],
        [2, 'z'],
      ],
    ],
    [{ $in: [new Double(1), '$list'] }, true],
    [{ $indexOfArray: ['$list', 2] }, 2],
    [{ $objectToArray: { x: 1 } }, [{ k: 'x', v: 1 }]],
    [
      {
        $arrayToObject: [
          [
            ['x', 1],
            ['y', 2],
          ],
        ],
      },
      { x: 1, y: 2 },
    ],
    [{ $mergeObjects: [{ a: 1, b: 1 }, null, { b: 2 }] }, { a: 1, b: 2 }],
    [
      {
        $setUnion: [
          [1, 2],
          [new Double(2), 3],
        ],
      },
      [1, 2, 3],
    ],
    [{ $setIsSubset: [[1], '$list'] }, true],
    [{ $concat: ['$s', '!'] }, 'héllo!'],
    [{ $concat: ['$s', null] }, null],
    [{ $toUpper: '$s' }, 'HéLLO'],
    [{ $strLenCP: '$s' }, 5],
    [{ $strLenBytes: '$s' }, 6],
    [{ $substrCP: ['$s', 1, 2] }, 'él'],
    [{ $indexOfCP: ['$s', 'l'] }, 2],
    [{ $split: ['a,b', ','] }, ['a', 'b']],
    [{ $trim: { input: ' x ' } }, 'x'],
    [{ $replaceAll: { input: 'a.a', find: 'a', replacement: { $literal: '$&' } } }, '$&.$&'],
    [{ $regexFind: { input: 'xay', regex: '(a)', options: 'i' } }, { match: 'a', idx: 1, captures: ['a'] }],
    [{ $type: '$nowhere' }, 'missing'],
    [{ $type: '$id' }, 'objectId'],
    [{ $toString: '$id' }, '65e1180000000000000000ff'],
    [{ $toObjectId: '65e1180000000000000000ff' }, doc['id']],
    [{ $toDate: '$id' }, new Date(0x65e11800 * 1000)],
    [{ $toInt: '12' }, 12],
    [{ $toLong: 1.9 }, Long.ONE],
    [{ $toDecimal: '1.50' }, Decimal128.fromString('1.50')],
    [{ $toString: { $toDouble: 3 } }, '3'],
    [{ $convert: { input: 'x', to: 'int', onError: 'bad' } }, 'bad'],
    [{ $getField: 'a' }, 5],
    [{ $setField: { field: 'b', input: { a: 1 }, value: 2 } }, { a: 1, b: 2 }],
    ['$$NOW', now],
    [{ $year: '$at' }, 2024],
    [{ $dayOfYear: '$at' }, 60],
    [{ $isoWeek: '$at' }, 9],
    [{ $isoWeekYear: new Date('2021-01-03T00:00:00Z') }, Long.fromNumber(2020)],
    [{ $dayOfMonth: { date: '$at', timezone: 'Asia/Shanghai' } }, 1],
    [
      { $dateToString: { date: '$at', format: '%Y-%m-%d %H:%M:%S.%L %z', timezone: '+08:00' } },
      '2024-03-01 07:30:15.250 +0800',
    ],
    [{ $dateToString: { date: '$at' } }, '2024-02-29T23:30:15.250Z'],
    [
      { $dateFromString: { dateString: '2024-03-01 07:30', format: '%Y-%m-%d %H:%M', timezone: 'Asia/Shanghai' } },
      new Date('2024-02-29T23:30:00Z'),
    ],
    [
      { $dateAdd: { startDate: new Date('2024-01-31T10:00:00Z'), unit: 'month', amount: 1 } },
      new Date('2024-02-29T10:00:00Z'),
    ],
    [
      {
        $dateAdd: { startDate: new Date('2024-03-09T17:00:00Z'), unit: 'day', amount: 1, timezone: 'America/New_York' },
      },
      new Date('2024-03-10T16:00:00Z'),
    ],
    [{ $dateDiff: { startDate: '$at', endDate: new Date('2024-03-01T00:00:00Z'), unit: 'month' } }, Long.ONE],
    [{ $dateTrunc: { date: '$at', unit: 'day', timezone: 'Asia/Shanghai' } }, new Date('2024-02-29T16:00:00Z')],
    [{ $dateTrunc: { date: '$at', unit: 'week', startOfWeek: 'monday' } }, new Date('2024-02-26T00:00:00Z')],
    [{ $dateTrunc: { date: '$at', unit: 'minute', binSize: 15 } }, new Date('2024-02-29T23:30:00Z')],
    [{ $dateFromParts: { year: 2024, month: 13, day: 1 } }, new Date('2025-01-01T00:00:00Z')],
  ];
  for (const [expression, expected] of cases) {
    it(JSON.stringify(expression), () => {
      expect(value(expression, doc)).to.deep.equal(expected);
    });
  }

  const refused: readonly (readonly [expression: unknown, code: number])[] = [
    [{ $add: ['$s', 1] }, 14],
    [{ $divide: [1, 0] }, 2],
    [{ $mod: [1, 0] }, 16610],
    [{ $size: '$nowhere' }, 17124],
    [{ $toInt: 'x' }, 241],
    [{ $toInt: Long.MAX_VALUE }, 241],
    [{ $year: 'text' }, 16006],
    [{ $dateToString: { date: '$at', timezone: 'No/Where' } }, 40485],
    [{ $concat: ['$a'] }, 16702],
    [{ $arrayElemAt: ['$a', 0] }, 28689],
  ];
  for (const [expression, expected] of refused) {
    it(`refuse ${JSON.stringify(expression)} with ${expected}`, () => {
      expect(code(() => value(expression, doc))).to.equal(expected);
    });
  }
});
