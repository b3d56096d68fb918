import { expect } from 'chai';
import type { Answer } from '../../../../server/registry/call.ts';
import { Lanes } from '../../../../server/transport/socket/lanes.ts';
import {
  CALLS_AT_A_TIME,
  CALLS_WAITING_MAX,
  UNREAD_BYTES_MAX,
  WAITING_CROWD,
} from '../../../../shared/contract/limits.ts';

const DONE: Answer = { ok: true, data: {} };
const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

describe('Lanes', () => {
  const peer = () => ({ connected: true, conn: { writeBuffer: [] as { data: string }[] }, data: {} });

  /** Calls that end when they are told to. */
  function calls() {
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const call = (n: number) => () => {
      begun.push(n);
      return new Promise<Answer>((resolve) => ends.push(() => resolve(DONE)));
    };
    return { begun, ends, call };
  }

  it('works on so many calls of a connection at a time, then in the order of their arrival', async () => {
    const lanes = new Lanes(1);
    const one = peer();
    const { begun, ends, call } = calls();
    for (let n = 0; n < CALLS_AT_A_TIME + 2; n++) void lanes.run(one, call(n));
    expect(begun).to.have.length(CALLS_AT_A_TIME);
    const other = calls();
    void lanes.run(peer(), other.call(0));
    expect(other.begun, 'nobody waits for another connection').to.deep.equal([0]);
    ends[3]?.();
    await turnOfTheLoop();
    expect(begun.at(-1)).to.equal(CALLS_AT_A_TIME);
    expect(begun).to.have.length(CALLS_AT_A_TIME + 1);
  });

  it('works on fewer calls at a time that weigh more, and lets nothing overtake one that does not fit yet', async () => {
    const lanes = new Lanes(1);
    const one = peer();
    const { begun, ends, call } = calls();
    const half = CALLS_AT_A_TIME / 2;
    for (let n = 0; n < 3; n++) void lanes.run(one, call(n), { usual: half, inCrowd: half });
    void lanes.run(one, call(3));
    expect(begun).to.deep.equal([0, 1]);
    ends[0]?.();
    await turnOfTheLoop();
    expect(begun).to.deep.equal([0, 1, 2]);
    ends[1]?.();
    await turnOfTheLoop();
    expect(begun).to.deep.equal([0, 1, 2, 3]);
  });

  it('in a crowd works on what then weighs more by itself, and on everything else as ever, until none of it waits', async () => {
    const lanes = new Lanes(1);
    const one = peer();
    const { begun, ends, call } = calls();
    const usual = CALLS_AT_A_TIME / 4;
    const weight = { usual, inCrowd: CALLS_AT_A_TIME };
    const crowd = 4 + WAITING_CROWD + 5;
    for (let n = 0; n < crowd; n++) void lanes.run(one, call(n), weight);
    for (let n = 0; n < 3; n++) void lanes.run(one, call(crowd + n));
    expect(begun).to.have.length(4);
    for (let ended = 0; ended < crowd; ended++) {
      ends[ended]?.();
      await turnOfTheLoop();
      // The light ones begin together when the last heavy one is done.
      expect(begun).to.have.length(ended < 3 ? 4 : ended === crowd - 1 ? crowd + 3 : ended + 2);
    }
    for (let n = 0; n < 4; n++) void lanes.run(one, call(n), weight);
    expect(begun).to.have.length(crowd + 3 + 3);
  });

  it('is in no crowd for those that weigh the same in one, however many they are', async () => {
    const lanes = new Lanes(1);
    const one = peer();
    const { begun, ends, call } = calls();
    const usual = CALLS_AT_A_TIME / 4;
    for (let n = 0; n < 4 + 2 * WAITING_CROWD; n++) void lanes.run(one, call(n), { usual, inCrowd: usual });
    void lanes.run(one, call(-1), { usual, inCrowd: CALLS_AT_A_TIME });
    for (let ended = 0; ended < 2 * WAITING_CROWD; ended++) {
      expect(begun).to.have.length(ended + 4);
      ends[ended]?.();
      await turnOfTheLoop();
    }
    ends.at(-1)?.();
    await turnOfTheLoop();
    expect(begun.at(-1)).to.equal(-1);
    expect(lanes.waiting).to.equal(0);
  });

  it('lets any number wait where limits are switched off', () => {
    const lanes = new Lanes(0);
    const one = peer();
    const { call } = calls();
    for (let n = 0; n < CALLS_AT_A_TIME + CALLS_WAITING_MAX + 1; n++) void lanes.run(one, call(n));
    expect(lanes.size).to.equal(1);
  });

  it('refuses what would wait behind too many, and holds nothing for an idle connection', async () => {
    const lanes = new Lanes(1);
    const one = peer();
    const { begun, ends, call } = calls();
    const answers: Promise<Answer>[] = [];
    for (let n = 0; n < CALLS_AT_A_TIME + CALLS_WAITING_MAX; n++) answers.push(lanes.run(one, call(n)));
    const refused = await lanes.run(one, call(-1));
    expect(!refused.ok && refused.error.code).to.equal('rate_limited');
    for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
      end();
      await turnOfTheLoop();
    }
    expect((await Promise.all(answers)).every(({ ok }) => ok)).to.equal(true);
    expect([begun.length, lanes.size]).to.deep.equal([CALLS_AT_A_TIME + CALLS_WAITING_MAX, 0]);
  });

  it('waits while too much is unread, goes on when it was read, and forgets who has ended', async () => {
    const lanes = new Lanes(1);
    const one = peer();
    const two = peer();
    one.conn.writeBuffer.push({ data: 'x'.repeat(UNREAD_BYTES_MAX + 1) });
    two.conn.writeBuffer.push({ data: 'x'.repeat(UNREAD_BYTES_MAX + 1) });
    const { begun, ends, call } = calls();
    void lanes.run(one, call(1));
    void lanes.run(two, call(2));
    expect(begun).to.deep.equal([]);
    one.conn.writeBuffer.pop();
    two.connected = false;
    lanes.sweep();
    expect([begun, lanes.size, lanes.waiting]).to.deep.equal([[1], 1, 0]);
    ends[0]?.();
    await turnOfTheLoop();
    expect(lanes.size).to.equal(0);
  });

  it('goes on when it was read although another call of the connection takes its time', async () => {
    const lanes = new Lanes(1);
    const one = peer();
    const { begun, call } = calls();
    void lanes.run(one, call(1));
    one.conn.writeBuffer.push({ data: 'x'.repeat(UNREAD_BYTES_MAX + 1) });
    void lanes.run(one, call(2));
    lanes.sweep();
    expect(begun).to.deep.equal([1]);
    one.conn.writeBuffer.pop();
    lanes.sweep();
    expect(begun).to.deep.equal([1, 2]);
  });

  it('gives turns in the order in which calls begin, whatever each does before', async () => {
    const lanes = new Lanes(1);
    const one = peer();
    const stored: number[] = [];
    const call = (n: number, before: () => Promise<unknown>) =>
      lanes.run(one, async () => {
        const turn = lanes.turn(one);
        await before();
        await turn.comes;
        stored.push(n);
        turn.pass();
        return DONE;
      });
    await Promise.all([call(1, turnOfTheLoop), call(2, () => Promise.resolve()), call(3, turnOfTheLoop)]);
    expect(stored).to.deep.equal([1, 2, 3]);
  });

  it('hands on what a call throws, and goes on', async () => {
    const lanes = new Lanes(1);
    const one = peer();
    const failure = await lanes
      .run(one, () => {
        throw new Error('broken');
      })
      .catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
    await turnOfTheLoop();
    expect(lanes.size).to.equal(0);
  });
});
