import { copyFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Change } from '../../../../server/storage/embedded/store/memtable.ts';
import { RedoLog, readLogs, removeLogs } from '../../../../server/storage/embedded/store/redo-log.ts';

const put = (key: string, value: string): Change => ({
  tree: 'documents',
  key: Buffer.from(key),
  value: Buffer.from(value),
});

describe('embedded database: redo log', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'redo-log-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const filesOf = async (): Promise<string[]> => (await readdir(dataDir)).sort().map((name) => join(dataDir, name));
  const numbers = (after: number): number[] => readLogs(dataDir, after).records.map(({ number }) => number);

  it('gives back what was appended, in order, behind the number that the trees have', () => {
    const log = RedoLog.create(dataDir, 'one', 7);
    const first: Change[] = [
      put('a', '1'),
      { tree: 'index', key: Buffer.from([0, 255]), value: Buffer.alloc(0) },
      { tree: 'catalog', key: Buffer.from('gone'), value: null },
    ];
    log.append(first);
    log.append([put('b', 'x'.repeat(1_000_000))]);
    expect(readLogs(dataDir, 7).records).to.deep.equal([
      { number: 8, changes: first },
      { number: 9, changes: [put('b', 'x'.repeat(1_000_000))] },
    ]);
    expect(numbers(8)).to.deep.equal([9]);
    log.close();
  });

  it('ends with the last whole record, wherever the file was cut off or spoilt', async () => {
    const log = RedoLog.create(dataDir, 'one', 0);
    log.append([put('a', '1')]);
    log.append([put('b', '2')]);
    log.close();
    const [path = ''] = await filesOf();
    const whole = await readFile(path);
    // A header, and one change with its own header, a key and a value of one byte each.
    const length = 24 + 8 + 2;
    for (let cut = length; cut < 2 * length; cut += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one file
      await writeFile(path, whole.subarray(0, cut));
      expect(numbers(0), `cut at ${cut}`).to.deep.equal([1]);
      const spoilt = Buffer.from(whole);
      spoilt[cut] = (spoilt[cut] ?? 0) ^ 1;
      // oxlint-disable-next-line no-await-in-loop -- one file
      await writeFile(path, spoilt);
      expect(numbers(0), `spoilt at ${cut}`).to.deep.equal([1]);
    }
    await writeFile(path, whole.subarray(0, 2 * length));
    expect(numbers(0)).to.deep.equal([1, 2]);
  });

  it('writes its files in turn, over what the trees have, and takes nothing of before for new', async () => {
    const log = RedoLog.create(dataDir, 'one', 0);
    const sizes = new Set<number>();
    for (let round = 0; round < 20; round += 1) {
      const from = log.last;
      // Records of the same and of other lengths than those that lie there from the rounds before.
      for (let i = 0; i <= round % 5; i += 1) log.append([put('k', 'v'.repeat(10 + (round % 3) * 7))]);
      expect(numbers(from)).to.deep.equal(Array.from({ length: 1 + (round % 5) }, (_, i) => from + 1 + i));
      const upTo = log.last;
      log.turn();
      log.append([put('later', '')]);
      expect(numbers(from))
        .to.include(upTo)
        .and.to.include(upTo + 1);
      log.release(upTo);
      for (const path of await filesOf()) sizes.add((await readFile(path)).length);
    }
    expect([...sizes]).to.deep.equal([256 * 1024]);
    log.close();
  });

  it('writes over nothing that the trees do not have', () => {
    const log = RedoLog.create(dataDir, 'one', 0);
    for (let i = 0; i < 4; i += 1) {
      log.append([put('k', 'v'.repeat(200_000))]);
      log.turn();
    }
    expect(numbers(0)).to.deep.equal([1, 2, 3, 4]);
    log.close();
  });

  it('is damaged, not shorter, when a record is missing before the last', async () => {
    const log = RedoLog.create(dataDir, 'one', 0);
    log.append([put('a', '1')]);
    log.turn();
    log.append([put('b', '2')]);
    log.close();
    const [first = ''] = await filesOf();
    await truncate(first, 10);
    expect(() => readLogs(dataDir, 0)).to.throw(/lacks record 1 and has record 2/);
    expect(numbers(1)).to.deep.equal([2]);
  });

  it('goes on behind an earlier owner, whose files it does not touch until they are removed', async () => {
    const first = RedoLog.create(dataDir, 'one', 0);
    first.append([put('a', '1')]);
    const second = RedoLog.create(dataDir, 'two', first.last);
    second.append([put('b', '2')]);
    expect(numbers(0)).to.deep.equal([1, 2]);
    first.close();
    second.close();
    removeLogs(readLogs(dataDir, 0).paths);
    expect(await filesOf()).to.deep.equal([]);
  });

  it('leaves no file when the trees have everything', async () => {
    const log = RedoLog.create(dataDir, 'one', 0);
    log.append([put('a', '1')]);
    log.release(log.last);
    log.close();
    expect(await filesOf()).to.deep.equal([]);
  });

  it('does not take files of others for its own', async () => {
    await writeFile(join(dataDir, 'engine.mdb'), 'trees');
    await copyFile(join(dataDir, 'engine.mdb'), join(dataDir, 'engine.mdb-lock'));
    expect(numbers(0)).to.deep.equal([]);
    removeLogs(readLogs(dataDir, 0).paths);
    expect(await filesOf()).to.have.length(2);
  });
});
