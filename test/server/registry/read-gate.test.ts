import { expect } from 'chai';
import type { Caller } from '../../../server/registry/call.ts';
import { furtherReads } from '../../../server/registry/answer-size.ts';
import { ReadGate } from '../../../server/registry/read-gate.ts';
import { READ_UNIT_CHARS, READS_AT_A_TIME, WAITING_CROWD } from '../../../shared/contract/limits.ts';

const caller = (userId: string): Caller => ({ userId, name: 'N', side: 'operator', roles: [], expiresAt: 1 });
const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

describe('ReadGate', () => {
  it('lets so many reads of a user be worked on at a time, then in order, and nobody waits for another user', async () => {
    const gate = new ReadGate();
    const begun: number[] = [];
    const ends: ((failed: boolean) => void)[] = [];
    const read = (n: number, user = 'a') =>
      gate.run(caller(user), () => {
        begun.push(n);
        return new Promise<number>((resolve, reject) => {
          ends.push((failed) => (failed ? reject(new Error('failed')) : resolve(n)));
        });
      });
    const reads = Array.from({ length: READS_AT_A_TIME + 3 }, (_, n) => read(n).catch(() => -1));
    await turnOfTheLoop();
    expect(begun).to.have.length(READS_AT_A_TIME);
    const other = read(100, 'b');
    expect(begun.at(-1)).to.equal(100);
    ends[READS_AT_A_TIME]?.(false);
    expect(await other).to.equal(100);
    ends[0]?.(true);
    await turnOfTheLoop();
    expect(begun.at(-1)).to.equal(READS_AT_A_TIME);
    ends[1]?.(false);
    await turnOfTheLoop();
    expect(begun.at(-1)).to.equal(READS_AT_A_TIME + 1);
    for (let n = 0; gate.size > 0 && n < 20; n++) {
      for (const end of ends) end(false);
      await turnOfTheLoop();
    }
    expect((await Promise.all(reads)).slice(1)).to.deep.equal(
      Array.from({ length: READS_AT_A_TIME + 2 }, (_, i) => i + 1),
    );
    expect(gate.size).to.equal(0);
  });

  it('lets a crowd of one user in one by one, until nobody of it waits', async () => {
    const gate = new ReadGate();
    const ends: (() => void)[] = [];
    const read = () => gate.run(caller('a'), () => new Promise<void>((resolve) => ends.push(resolve)));
    const all = Array.from({ length: READS_AT_A_TIME + WAITING_CROWD + 5 }, read);
    await turnOfTheLoop();
    for (let ended = 0; ended < all.length - 1; ended++) {
      expect(ends).to.have.length(Math.max(READS_AT_A_TIME, ended + 1));
      ends[ended]?.();
      await turnOfTheLoop();
    }
    const more = Array.from({ length: READS_AT_A_TIME }, read);
    await turnOfTheLoop();
    expect(ends).to.have.length(all.length + READS_AT_A_TIME - 1);
    // There is no crowd any more: who waits now takes the first place that is free.
    ends[all.length - 1]?.();
    await turnOfTheLoop();
    expect(ends).to.have.length(all.length + READS_AT_A_TIME);
    for (let ended = all.length; ended < ends.length; ended++) {
      ends[ended]?.();
      await turnOfTheLoop();
    }
    await Promise.all([...all, ...more]);
    expect(gate.size).to.equal(0);
  });

  it('lets in as ever what is of no crowd', async () => {
    const gate = new ReadGate();
    const ends: (() => void)[] = [];
    const read = (isOfCrowd: boolean) =>
      gate.run(caller('a'), () => new Promise<void>((resolve) => ends.push(resolve)), isOfCrowd);
    const all = Array.from({ length: READS_AT_A_TIME + 2 * WAITING_CROWD }, () => read(false));
    await turnOfTheLoop();
    for (let ended = 0; ended < all.length; ended++) {
      expect(ends).to.have.length(Math.min(all.length, READS_AT_A_TIME + ended));
      ends[ended]?.();
      await turnOfTheLoop();
    }
    await Promise.all(all);
    expect(gate.size).to.equal(0);
  });
});

describe('furtherReads', () => {
  const page = (chars: number) => ({
    entries: [{ body: { text: 'x'.repeat(chars) } }, { body: {} }, { body: { text: 'y' } }],
  });

  it('counts the text of entries, of a page and of a room that is opened, and nothing else', () => {
    expect(furtherReads(page(READ_UNIT_CHARS - 2))).to.equal(0);
    expect(furtherReads(page(READ_UNIT_CHARS - 1))).to.equal(1);
    expect(furtherReads({ streams: [page(READ_UNIT_CHARS), page(2 * READ_UNIT_CHARS)] })).to.equal(3);
    for (const other of [
      undefined,
      null,
      5,
      'x'.repeat(1e6),
      { items: page(1e6).entries },
      { streams: [{ stream: 'public', head: 5 }] },
    ])
      expect(furtherReads(other)).to.equal(0);
  });
});
