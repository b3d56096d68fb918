import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { DEMO_VAULT_KEY } from '../../../server/app/settings.ts';
import { Aftermath, leftAt } from '../../../server/calls/aftermath.ts';
import { TwilioBridge } from '../../../server/calls/bridges/twilio.ts';
import { newCallId } from '../../../server/calls/call-id.ts';
import { type CallDoc, callModel, CallStore } from '../../../server/calls/call-store.ts';
import type { Vault } from '../../../server/numbers/vault.ts';
import { carriedMs } from '../../../shared/model/call/call.ts';
import { BOUNDS, CallBench, COMPLETED, CONNECTED } from '../../shared/call/call-bench.ts';
import { BY, NUMBER, NumbersBench } from '../numbers/numbers-bench.ts';
import { BOUGHT, calleeNumber, callerNumber } from './carriers/stories.ts';
import { TWILIO_ACCOUNT, TwilioCarrier } from './carriers/twilio-carrier.ts';

const HOUR_MS = 3_600_000;

describe('what the end of a call leaves', () => {
  let bench: NumbersBench;
  let carrier: TwilioCarrier;
  let bridge: TwilioBridge;
  let vault: Vault;
  let store: CallStore;
  let aftermath: Aftermath;
  /** Calls of which their room has kept what it keeps. */
  let recorded: string[];
  /** Whether rooms keep anything now. */
  let keeps: boolean;
  let failed: string[];
  let givenUp: string[];

  beforeEach(async () => {
    bench = await NumbersBench.open();
    carrier = new TwilioCarrier();
    await carrier.start();
    const { origin: endpoint } = carrier;
    const settings = { ...TWILIO_ACCOUNT, number: BOUGHT.twilio, callbackUrl: 'https://rooms.example/callbacks/calls' };
    bridge = new TwilioBridge({ ...settings, record: false, endpoint });
    ({ vault } = await bench.server([DEMO_VAULT_KEY]));
    const model = callModel(bench.connection);
    await model.createCollection();
    await model.createIndexes();
    store = new CallStore(model);
    [recorded, keeps, failed, givenUp] = [[], true, [], []];
    aftermath = new Aftermath({
      store,
      bridge,
      vault,
      clock: bench.clock,
      keepRecord({ id }) {
        if (!keeps) return Promise.reject(new Error('the room keeps nothing now'));
        recorded.push(id);
        return Promise.resolve();
      },
      onError: (_error, { call }) => void failed.push(call),
      onGivenUp: (_error, { call }) => void givenUp.push(call),
    });
  });
  afterEach(async () => {
    await carrier.stop();
    await bench.close();
  });

  /** A call that is over, of which nothing is done yet; it goes on at its carrier. */
  async function ended({ isNamed = true } = {}): Promise<string> {
    const id = newCallId();
    const { call } = new CallBench({ request: { id } }).hear(CONNECTED, COMPLETED);
    const { carrierId } = await bridge.place({
      callId: id,
      caller: callerNumber,
      callee: calleeNumber('talked'),
      maxSeconds: 3600,
    });
    const now = bench.clock.now();
    const keep = { number: NUMBER, owner: { kind: 'call', id }, keepUntil: now + 24 * HOUR_MS } as const;
    const fromNumberId = await vault.keep(keep, BY);
    const set = { placedAt: new Date(now), fromNumberId, left: leftAt(now), ...(isNamed ? { carrierId } : {}) };
    await store.create(call, [], { set, cause: 'a test' });
    return id;
  }

  async function now(id: string): Promise<CallDoc> {
    const doc = await store.get(id);
    if (doc === undefined) throw new Error('there is no such call');
    return doc;
  }
  /** Lets time pass until nothing is left. @returns how often it was tried */
  async function tried(id: string): Promise<number> {
    for (let tries = 0; ; tries += 1) {
      const { left } = await now(id);
      if (left === undefined) return tries;
      bench.clock.advance(left.at.getTime() - bench.clock.now());
      await aftermath.finish(id, 'a test');
    }
  }
  const goesOn = (): boolean => [...carrier.calls.values()].some(({ status }) => status !== 'completed');

  it('is done once, and leaves nothing', async () => {
    const id = await ended();
    await Promise.all([aftermath.finish(id, 'a test'), aftermath.finish(id, 'a test')]);
    expect(goesOn()).to.equal(false);
    expect(await bench.kept()).to.deep.equal([]);
    expect(recorded).to.deep.equal([id]);
    expect(await now(id)).to.not.have.any.keys('left', 'fromNumberId');
    expect(failed).to.deep.equal([]);
    // To place it, and to end it.
    expect(carrier.asked).to.have.length(2);
  });

  it('does not wait for a room that keeps nothing; that alone is tried again', async () => {
    const id = await ended();
    keeps = false;
    await aftermath.finish(id, 'a test');
    expect(goesOn()).to.equal(false);
    expect(await bench.kept()).to.deep.equal([]);
    expect((await now(id)).left).to.deep.equal({ at: new Date(bench.clock.now() + 10_000), tries: 1 });
    expect(failed).to.deep.equal([id]);
    keeps = true;
    await aftermath.finish(id, 'a test');
    expect(recorded).to.deep.equal([id]);
    expect(await now(id)).to.not.have.property('left');
    expect(carrier.asked).to.have.length(2);
  });

  it('does not wait for a carrier that is away; that alone is tried again', async () => {
    const id = await ended();
    carrier.mood = 'broken';
    await aftermath.finish(id, 'a test');
    expect(goesOn()).to.equal(true);
    expect(await bench.kept()).to.deep.equal([]);
    expect(recorded).to.deep.equal([id]);
    carrier.mood = 'well';
    await aftermath.finish(id, 'a test');
    expect(goesOn()).to.equal(false);
    expect(recorded).to.deep.equal([id]);
    expect(await now(id)).to.not.have.property('left');
  });

  it('is asked of the carrier until it can have the call no more, and then told to be given up', async () => {
    const id = await ended();
    const until = bench.clock.now() + carriedMs(BOUNDS);
    carrier.mood = 'broken';
    const tries = await tried(id);
    expect(bench.clock.now()).to.equal(until);
    expect(tries).to.be.within(5, 15);
    expect(failed).to.have.length(tries - 1);
    expect(givenUp).to.deep.equal([id]);
  });

  it('is asked of a room for about a day, and then told to be given up', async () => {
    const id = await ended();
    const begun = bench.clock.now();
    keeps = false;
    await tried(id);
    expect(bench.clock.now() - begun).to.be.within(20 * HOUR_MS, 30 * HOUR_MS);
    expect(givenUp).to.deep.equal([id]);
  });

  it('is not done at a carrier that may have the call by a name that nobody has learnt, until that is learnt, or can be of no use', async () => {
    const [id, other] = [await ended({ isNamed: false }), await ended({ isNamed: false })];
    const until = bench.clock.now() + carriedMs(BOUNDS);
    for (const one of [id, other]) {
      await aftermath.finish(one, 'a test');
      expect((await now(one)).left?.at).to.deep.equal(new Date(until));
    }
    expect(await bench.kept()).to.deep.equal([]);
    expect(failed).to.deep.equal([]);
    const [carrierId = ''] = carrier.calls.keys();
    await store.change(id, () => ({ set: { carrierId } }));
    await aftermath.finish(id, 'a test');
    expect(carrier.calls.get(carrierId)?.status).to.equal('completed');
    expect(await now(id)).to.not.have.property('left');
    bench.clock.advance(carriedMs(BOUNDS));
    await aftermath.finish(other, 'a test');
    expect(await now(other)).to.not.have.property('left');
    expect(givenUp).to.deep.equal([other]);
  });
});
