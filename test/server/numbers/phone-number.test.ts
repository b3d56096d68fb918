import { format, inspect } from 'node:util';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { serialize } from 'bson';
import { isRegion, numberReader, PhoneNumber } from '../../../server/numbers/phone-number.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { RoomError } from '../../../shared/contract/errors.ts';

const read = numberReader('CN');

describe('a phone number', () => {
  // Of ranges that are reserved for examples, or were never given to anybody.
  const good: [string, string][] = [
    ['+12025550147', '+12025550147'],
    ['+1 (202) 555-0147', '+12025550147'],
    ['13900001111', '+8613900001111'],
    [' +86 139-0000-1111 ', '+8613900001111'],
    ['0086 13900001111', '+8613900001111'],
    ['１３９００００１１１１', '+8613900001111'],
    ['010-55500100', '+861055500100'],
    // A range that the library's data do not give to anybody.
    ['+44 7700 900123', '+447700900123'],
  ];
  for (const [text, e164] of good)
    it(`is read from ${JSON.stringify(text)}`, () => expect(read(text, 'phone').reveal()).to.equal(e164));

  it('is read by the region of the deployment where it names no country', () => {
    expect(numberReader('US')('(202) 555-0147', 'phone').reveal()).to.equal('+12025550147');
  });

  const bad = [
    '',
    '110',
    '95588',
    'call me',
    'call 13900001111 now',
    '+999 123456',
    '1'.repeat(20),
    '+8613900001111 ext. 5',
    '+1 900 555 0147',
    '$gt',
    '__proto__',
  ];
  for (const text of bad) {
    it(`is not ${JSON.stringify(text)}, and the fault does not repeat it`, () => {
      const error = refusalOf(() => read(text, 'form.phone'));
      expect(error.toWire()).to.deep.equal({
        code: 'invalid',
        message: 'form.phone: must be a phone number that can be rung',
        details: [{ path: 'form.phone', reason: 'must be a phone number that can be rung' }],
      });
    });
  }

  it('is read from any text, or refused with the one fault', () => {
    const unit = fc.constantFrom(...Array.from('0123456789+-() ;ext.٣３'));
    const digits = fc.string({ unit, maxLength: 30 });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), digits), (text) => {
        try {
          expect(read(text, 'phone').reveal()).to.match(/^\+\d{4,15}$/);
        } catch (error) {
          if (!(error instanceof RoomError)) throw error;
          expect(error.message).to.equal('phone: must be a phone number that can be rung');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('shows itself in nothing that prints, logs or stores it', () => {
    const number = new PhoneNumber('+12025550147');
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => void lines.push(line) });
    log.info({ number, deep: { number } }, `rings ${String(number)}`);
    const shown = [
      String(number),
      JSON.stringify({ number }),
      inspect({ number, list: [number] }, { showHidden: true, depth: 9 }),
      format('%s %o %j %O', number, number, number, number),
      JSON.stringify(Object.entries(number)),
      JSON.stringify(structuredClone({ number })),
      Buffer.from(serialize({ number })).toString('latin1'),
      ...lines,
    ].join('\n');
    expect(shown)
      .to.include('[number]')
      .and.not.to.match(/2025550147/);
    expect(number.reveal()).to.equal('+12025550147');
  });

  it('knows regions', () => {
    expect(['CN', 'US', 'HK', 'GB'].every(isRegion)).to.equal(true);
    expect(['', 'cn', 'XX', 'China', '__proto__', 'toString'].some(isRegion)).to.equal(false);
  });
});

function refusalOf(work: () => unknown): RoomError {
  try {
    work();
  } catch (error) {
    if (error instanceof RoomError) return error;
    throw error;
  }
  throw new Error('was expected to be refused');
}
