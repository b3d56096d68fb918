import { expect } from 'chai';
import { CommitQueue } from '../../../../server/storage/embedded/store/commit-queue.ts';
import { type Environment, GroupTooLarge } from '../../../../server/storage/embedded/store/environment.ts';

/** A store that keeps what a transaction wrote when it ends well, and may refuse to commit. */
class FakeStore implements Pick<Environment, 'write' | 'writeThrough' | 'quiet' | 'room'> {
  stored: string[] = [];
  staged: string[] = [];
  transactions = 0;
  full = false;
  behind: Promise<void> | undefined;
  isThrough = false;
  quietWhen = Promise.resolve();

  quiet(): Promise<void> {
    return this.quietWhen;
  }

  writeThrough<T>(work: () => T): T {
    this.isThrough = true;
    try {
      return this.write(work);
    } finally {
      this.isThrough = false;
    }
  }

  room(): Promise<void> | undefined {
    return this.behind;
  }

  write<T>(work: () => T): T {
    this.transactions += 1;
    this.staged = [];
    const result = work();
    if (this.full) throw new Error('disk full');
    this.stored.push(...this.staged);
    return result;
  }
}

function settledByHand(): { promise: Promise<void>; resolve: () => void; reject: (reason: Error) => void } {
  let settle: { resolve: () => void; reject: (reason: Error) => void } | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (!settle) throw new Error('a promise runs its function at once');
  return { promise, ...settle };
}

describe('embedded database: group commit', () => {
  let store: FakeStore;
  let queue: CommitQueue;
  let reloads: number;
  let answers: [string, unknown, string[]][];
  beforeEach(() => {
    store = new FakeStore();
    reloads = 0;
    answers = [];
    queue = new CommitQueue(store, () => {
      reloads += 1;
    });
  });

  const push = (name: string, failure?: Error): void =>
    queue.push({
      run: () => {
        store.staged.push(name);
        if (failure) throw failure;
      },
      done: (error) => answers.push([name, error, [...store.stored]]),
    });

  it('writes what waits in one transaction, and answers behind it', () => {
    for (const name of ['a', 'b', 'c']) push(name);
    queue.flush();
    expect(store.transactions).to.equal(1);
    expect(answers).to.deep.equal(['a', 'b', 'c'].map((name) => [name, undefined, ['a', 'b', 'c']]));
  });

  it('fails a command that breaks midway alone, with nothing of it stored, and runs the others anew', () => {
    const broken = new Error('broken midway');
    push('a');
    push('b', broken);
    push('c');
    queue.flush();
    expect(store.stored).to.deep.equal(['a', 'c']);
    expect(answers.map(([name, error]) => [name, error])).to.deep.equal([
      ['b', broken],
      ['a', undefined],
      ['c', undefined],
    ]);
    expect(reloads).to.equal(1);
  });

  it('fails all of a group whose commit fails, and goes on with the next', () => {
    store.full = true;
    push('a');
    push('b');
    queue.flush();
    store.full = false;
    push('c');
    queue.flush();
    expect(answers.map(([name, error]) => [name, error === undefined])).to.deep.equal([
      ['a', false],
      ['b', false],
      ['c', true],
    ]);
    expect(store.stored).to.deep.equal(['c']);
    expect(reloads).to.equal(1);
  });

  it('waits for room, and then writes what came meanwhile in the order in which it came', async () => {
    const { promise, resolve } = settledByHand();
    store.behind = promise;
    push('a');
    await new Promise((next) => setImmediate(next));
    push('b');
    await new Promise((next) => setImmediate(next));
    expect(store.transactions).to.equal(0);
    store.behind = undefined;
    resolve();
    await promise;
    await new Promise((next) => setImmediate(next));
    expect(store.transactions).to.equal(1);
    push('c');
    await new Promise((next) => setImmediate(next));
    expect(store.stored).to.deep.equal(['a', 'b', 'c']);
  });

  it('fails what waits for room that does not come, and takes the next', async () => {
    const failure = new Error('no room');
    const { promise, reject } = settledByHand();
    store.behind = promise;
    push('a');
    await new Promise((next) => setImmediate(next));
    push('b');
    store.behind = undefined;
    reject(failure);
    await promise.catch(() => undefined);
    await new Promise((next) => setImmediate(next));
    push('c');
    await new Promise((next) => setImmediate(next));
    expect(answers.map(([name, error]) => [name, error])).to.deep.equal([
      ['a', failure],
      ['b', failure],
      ['c', undefined],
    ]);
    expect(store.stored).to.deep.equal(['c']);
  });

  it('writes at the end what waits for room', async () => {
    const { promise, resolve } = settledByHand();
    store.behind = promise;
    push('a');
    await new Promise((next) => setImmediate(next));
    queue.flush();
    expect(store.stored).to.deep.equal(['a']);
    resolve();
    await promise;
    await new Promise((next) => setImmediate(next));
    expect(store.transactions).to.equal(1);
  });

  it('writes a command of too much through, alone, when the store is quiet, and the others behind it', async () => {
    const { promise, resolve } = settledByHand();
    push('a');
    queue.push({
      run: () => {
        store.staged.push('large');
        if (!store.isThrough) throw new GroupTooLarge();
      },
      done: (error) => answers.push(['large', error, [...store.stored]]),
    });
    push('b');
    store.quietWhen = promise;
    await new Promise((next) => setImmediate(next));
    await new Promise((next) => setImmediate(next));
    push('c');
    await new Promise((next) => setImmediate(next));
    expect(store.stored).to.deep.equal([]);
    resolve();
    await new Promise((next) => setImmediate(next));
    await new Promise((next) => setImmediate(next));
    expect(answers).to.deep.equal([
      ['large', undefined, ['large']],
      ...['a', 'b', 'c'].map((name) => [name, undefined, ['large', 'a', 'b', 'c']]),
    ]);
  });
});
