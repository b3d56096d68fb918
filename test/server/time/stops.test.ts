import { expect } from 'chai';
import { halfDaysBetween } from '../../../server/time/stops.ts';

const HOUR = 3_600_000;
const iso = (instants: number[]): string[] => instants.map((instant) => new Date(instant).toISOString());

describe('where a jump of the clock stops for the queues', () => {
  it('is every noon and midnight of the office on the way, and the end', () => {
    const from = Date.parse('2026-11-20T02:00:00Z');
    expect(iso(halfDaysBetween(from, from + 30 * HOUR, 'Asia/Shanghai'))).to.deep.equal([
      '2026-11-20T04:00:00.000Z',
      '2026-11-20T16:00:00.000Z',
      '2026-11-21T04:00:00.000Z',
      '2026-11-21T08:00:00.000Z',
    ]);
  });

  it('follows the office where the clocks are set', () => {
    const from = Date.parse('2026-10-24T23:00:00Z');
    expect(iso(halfDaysBetween(from, from + 26 * HOUR, 'Europe/Berlin'))).to.deep.equal([
      '2026-10-25T11:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
      '2026-10-26T01:00:00.000Z',
    ]);
  });

  it('is the end alone for a jump that passes neither, or none', () => {
    const from = Date.parse('2026-11-20T05:00:00Z');
    expect(halfDaysBetween(from, from + HOUR, 'Asia/Shanghai')).to.deep.equal([from + HOUR]);
    expect(halfDaysBetween(from, from, 'Asia/Shanghai')).to.deep.equal([from]);
  });

  it('stays bounded over ten years', () => {
    const from = Date.parse('2026-11-20T05:00:00Z');
    const to = from + 3_650 * 24 * HOUR;
    const stops = halfDaysBetween(from, to, 'Asia/Shanghai');
    expect(stops.length).to.be.within(60, 121);
    expect(stops).to.deep.equal([...stops].sort((a, b) => a - b));
    expect(stops.at(-1)).to.equal(to);
  });
});
