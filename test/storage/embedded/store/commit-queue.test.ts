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

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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

  it('writes what waits in one transaction, and answers behind it', async () => {
    for (const name of ['a', 'b', 'c']) push(name);
    await turn();
    expect(store.transactions).to.equal(1);
    expect(answers).to.deep.equal(['a', 'b', 'c'].map((name) => [name, undefined, ['a', 'b', 'c']]));
  });

  it('fails a command that breaks midway alone, with nothing of it stored, and runs the others anew', async () => {
    const broken = new Error('broken midway');
    push('a');
    push('b', broken);
    push('c');
    await turn();
    await turn();
    expect(store.stored).to.deep.equal(['a', 'c']);
    expect(answers.map(([name, error]) => [name, error])).to.deep.equal([
      ['b', broken],
      ['a', undefined],
      ['c', undefined],
    ]);
    expect(reloads).to.equal(1);
  });

  it('fails all of a group whose commit fails, and goes on with the next', async () => {
    store.full = true;
    push('a');
    push('b');
    await turn();
    store.full = false;
    push('c');
    await turn();
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
    await turn();
    push('b');
    await turn();
    expect(store.transactions).to.equal(0);
    store.behind = undefined;
    resolve();
    await promise;
    await turn();
    expect(store.transactions).to.equal(1);
    push('c');
    await turn();
    expect(store.stored).to.deep.equal(['a', 'b', 'c']);
  });

  it('fails what waits for room that does not come, and takes the next', async () => {
    const failure = new Error('no room');
    const { promise, reject } = settledByHand();
    store.behind = promise;
    push('a');
    await turn();
    push('b');
    store.behind = undefined;
    reject(failure);
    await promise.catch(() => undefined);
    await turn();
    push('c');
    await turn();
    expect(answers.map(([name, error]) => [name, error])).to.deep.equal([
      ['a', failure],
      ['b', failure],
      ['c', undefined],
    ]);
    expect(store.stored).to.deep.equal(['c']);
  });

  it('writes at the end what waits for room, and refuses what comes then', async () => {
    const { promise, resolve } = settledByHand();
    store.behind = promise;
    push('a');
    await turn();
    const reason = new Error('it ends');
    await queue.end(reason);
    push('b');
    expect(store.stored).to.deep.equal(['a']);
    resolve();
    await promise;
    await turn();
    expect(store.transactions).to.equal(1);
    expect(answers.map(([name, error]) => [name, error])).to.deep.equal([
      ['a', undefined],
      ['b', reason],
    ]);
  });

  const pushLarge = (name: string): void =>
    queue.push({
      run: () => {
        store.staged.push(name);
        if (!store.isThrough) throw new GroupTooLarge();
      },
      done: (error) => answers.push([name, error, [...store.stored]]),
    });

  it('writes a command of too much through, alone, when the store is quiet, and the others before and behind it', async () => {
    const { promise, resolve } = settledByHand();
    store.quietWhen = promise;
    push('a');
    pushLarge('large');
    push('b');
    await turn();
    await turn();
    push('c');
    await turn();
    expect(store.stored).to.deep.equal(['a']);
    resolve();
    await turn();
    await turn();
    expect(answers).to.deep.equal([
      ['a', undefined, ['a']],
      ['large', undefined, ['a', 'large']],
      ['b', undefined, ['a', 'large', 'b', 'c']],
      ['c', undefined, ['a', 'large', 'b', 'c']],
    ]);
  });

  it('fails a command of too much alone when the store does not become quiet', async () => {
    const failure = new Error('no room');
    store.quietWhen = Promise.reject(failure);
    pushLarge('large');
    push('a');
    await turn();
    await turn();
    await turn();
    expect(answers.map(([name, error]) => [name, error])).to.deep.equal([
      ['large', failure],
      ['a', undefined],
    ]);
    expect(store.stored).to.deep.equal(['a']);
  });

  it('runs in two groups what is too much together', async () => {
    let ran = 0;
    for (const name of ['a', 'b', 'c', 'd'])
      queue.push({
        run: () => {
          if (store.staged.length === 3) throw new GroupTooLarge();
          store.staged.push(name);
          ran += 1;
        },
        done: (error) => answers.push([name, error, [...store.stored]]),
      });
    await turn();
    await turn();
    expect(answers).to.deep.equal([
      ...['a', 'b', 'c'].map((name) => [name, undefined, ['a', 'b', 'c']]),
      ['d', undefined, ['a', 'b', 'c', 'd']],
    ]);
    expect(ran).to.equal(3 + 3 + 1);
  });

  it('ends when a command of too much is answered, and what waits behind it', async () => {
    const { promise, resolve } = settledByHand();
    store.quietWhen = promise;
    pushLarge('large');
    push('a');
    await turn();
    const ended = queue.end(new Error('it ends'));
    await turn();
    expect(answers).to.deep.equal([]);
    resolve();
    await ended;
    expect(answers.map(([name, error]) => [name, error])).to.deep.equal([
      ['large', undefined],
      ['a', undefined],
    ]);
  });
});
