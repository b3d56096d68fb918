import { expect } from 'chai';
import { CommitQueue } from '../../../../server/storage/embedded/store/commit-queue.ts';
import type { Environment } from '../../../../server/storage/embedded/store/environment.ts';

/** A store that keeps what a transaction wrote when it ends well, and may refuse to commit. */
class FakeStore implements Pick<Environment, 'write'> {
  stored: string[] = [];
  staged: string[] = [];
  transactions = 0;
  full = false;

  write<T>(work: () => T): T {
    this.transactions += 1;
    this.staged = [];
    const result = work();
    if (this.full) throw new Error('disk full');
    this.stored.push(...this.staged);
    return result;
  }
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
});
