import { expect } from 'chai';
import { InTurn } from '../../../server/rooms/in-turn.ts';

describe('work in turn', () => {
  /** Work that ends when it is told to. */
  function held(log: string[], name: string) {
    let end = (_error?: Error): void => undefined;
    const over = new Promise<void>((resolve, reject) => {
      end = (error) => (error === undefined ? resolve() : reject(error));
    });
    const work = async (): Promise<void> => {
      log.push(`${name} begins`);
      await over;
      log.push(`${name} ends`);
    };
    return { work, end };
  }

  it('is done one after the other under one key, and beside that under others', async () => {
    const log: string[] = [];
    const [a, b, c] = [held(log, 'a'), held(log, 'b'), held(log, 'c')];
    const turns = new InTurn();
    const done = [turns.run('x', a.work), turns.run('x', b.work), turns.run('y', c.work)];
    c.end();
    await done[2];
    expect(log).to.deep.equal(['a begins', 'c begins', 'c ends']);
    b.end();
    a.end();
    await Promise.all(done);
    expect(log.slice(3)).to.deep.equal(['a ends', 'b begins', 'b ends']);
  });

  it('goes on behind what has failed, whose failure is told to who asked for it', async () => {
    const log: string[] = [];
    const [a, b] = [held(log, 'a'), held(log, 'b')];
    const turns = new InTurn();
    const failed = turns.run('x', a.work).catch((error: unknown) => error);
    const next = turns.run('x', b.work);
    const broken = new Error('broken');
    a.end(broken);
    b.end();
    expect(await failed).to.equal(broken);
    await next;
    expect(log).to.deep.equal(['a begins', 'b begins', 'b ends']);
  });
});
