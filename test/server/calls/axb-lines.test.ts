import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { newCallId } from '../../../server/calls/call-id.ts';
import { CallFailed, type CallToPlace } from '../../../server/calls/bridges/call-bridge.ts';
import { PhoneNumber } from '../../../server/numbers/phone-number.ts';
import { CALL_DIAL_MS, CALL_REPORT_MS } from '../../../shared/contract/limits.ts';
import { AXB_NUMBERS } from './carriers/stories.ts';
import { axbRig } from './rigs.ts';

const phone = (n: number): PhoneNumber => new PhoneNumber(`+861390000${String(n).padStart(4, '0')}`);
const between = (caller: number, callee: number): CallToPlace => ({
  callId: newCallId(),
  caller: phone(caller),
  callee: phone(callee),
  maxSeconds: 600,
});
const HELD_MS = CALL_DIAL_MS + 600_000 + CALL_REPORT_MS;

describe('the privacy numbers of AXB', () => {
  let rig: Awaited<ReturnType<typeof axbRig>>;
  afterEach(() => rig.stop());

  /** The number that the caller is to ring, or why there is none. */
  const place = async (call: CallToPlace): Promise<string> => {
    try {
      const { dial } = await rig.bridge.place(call);
      return dial?.number.reveal() ?? 'none';
    } catch (error) {
      if (error instanceof CallFailed) return error.reason;
      throw error;
    }
  };
  const held = async (): Promise<number> => rig.bench.connection.collection('axbLines').countDocuments();

  it('are shared by pairs that have no phone in common', async () => {
    rig = await axbRig(1);
    expect(await place(between(1, 2))).to.equal(AXB_NUMBERS[0]);
    expect(await place(between(3, 4))).to.equal(AXB_NUMBERS[0]);
  });

  it('are never the same for two calls of one phone, whichever side of them it is', async () => {
    rig = await axbRig();
    expect(await place(between(1, 2))).to.equal(AXB_NUMBERS[0]);
    expect(await place(between(1, 3))).to.equal(AXB_NUMBERS[1]);
    expect(await place(between(1, 4))).to.equal('no_line_free');
    expect(await place(between(5, 1))).to.equal('no_line_free');
    expect(await place(between(4, 2))).to.equal(AXB_NUMBERS[1]);
  });

  it('are given away once, however many calls of one phone are placed at the same time', async () => {
    rig = await axbRig();
    const calls = Array.from({ length: 12 }, (_, n) => between(1, n + 2));
    const given = await Promise.all(calls.map(place));
    expect(given.filter((one) => one !== 'no_line_free').toSorted()).to.deep.equal(AXB_NUMBERS);
    expect(rig.carrier.bindings.size).to.equal(2);
  });

  it('come free when a call is cancelled, and when the carrier refuses to bind one', async () => {
    rig = await axbRig(1);
    const first = between(1, 2);
    const { carrierId } = await rig.bridge.place(first);
    expect(await place(between(1, 3))).to.equal('no_line_free');
    await rig.bridge.cancel(first.callId, carrierId);
    rig.carrier.mood = 'refuses';
    expect(await place(between(1, 3))).to.equal('carrier_refused');
    expect(await held()).to.equal(0);
    rig.carrier.mood = 'well';
    expect(await place(between(1, 3))).to.equal(AXB_NUMBERS[0]);
  });

  it('stay held where it is not known whether they are bound, until the carrier would have dropped them', async () => {
    rig = await axbRig(1);
    rig.carrier.mood = 'silent';
    expect(await place(between(1, 2))).to.equal('carrier_unavailable');
    rig.carrier.mood = 'well';
    rig.clock.advance(HELD_MS - 1);
    expect(await place(between(1, 3))).to.equal('no_line_free');
    rig.clock.advance(1);
    expect(await place(between(1, 3))).to.equal(AXB_NUMBERS[0]);
  });

  it('come free too where what they are bound by is learnt later, and are nobody’s any more once they have run out', async () => {
    rig = await axbRig(1);
    rig.carrier.mood = 'mute';
    const [first, second] = [between(1, 2), between(1, 3)];
    expect(await place(first)).to.equal('carrier_unavailable');
    rig.carrier.mood = 'well';
    await rig.bridge.cancel(first.callId, undefined);
    const [subsId] = rig.carrier.bindings.keys();
    expect(await place(second)).to.equal('no_line_free');
    await rig.bridge.cancel(first.callId, subsId);
    expect(rig.carrier.bindings.size).to.equal(0);
    expect(await place(second)).to.equal(AXB_NUMBERS[0]);
    rig.clock.advance(HELD_MS);
    rig.carrier.mood = 'refuses';
    await rig.bridge.cancel(second.callId, undefined);
  });

  it('are bound until the instant up to which they are held, for the caller alone to ring', async () => {
    rig = await axbRig(1);
    const call = between(1, 2);
    const { dial } = await rig.bridge.place(call);
    expect(dial?.until).to.equal(rig.clock.now() + CALL_DIAL_MS);
    const [binding] = rig.carrier.bindings.values();
    expect(Object.fromEntries(binding ?? [])).to.deep.equal({
      PoolKey: 'FC1',
      PhoneNoA: '13900000001',
      PhoneNoB: '13900000002',
      PhoneNoX: '17000000001',
      // 10:00 in China, and 25 minutes.
      Expiration: '2026-11-20 10:25:00',
      OutId: call.callId,
      CallRestrict: 'CONTROL_BX_DISABLE',
      IsRecordingEnabled: 'true',
    });
    const [doc] = await rig.bench.connection.collection('axbLines').find({}).toArray();
    expect(doc?.['until']).to.deep.equal(new Date(rig.clock.now() + HELD_MS));
    expect(JSON.stringify(doc)).not.to.match(/390000000|700000000/);
  });

  it('serve phones of mainland China alone', async () => {
    rig = await axbRig(1);
    const call = { ...between(1, 2), callee: new PhoneNumber('+12025550147') };
    expect(await place(call)).to.equal('number_not_served');
    expect(await held()).to.equal(0);
    expect(rig.carrier.asked).to.have.length(0);
  });
});
