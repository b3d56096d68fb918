import { inspect } from 'node:util';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { newCallId } from '../../../server/calls/call-id.ts';
import {
  BRIDGES,
  type BridgeEvent,
  CallbackRefused,
  CallFailed,
  type CallToPlace,
} from '../../../server/calls/bridges/call-bridge.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { CALL_ID_BYTES } from '../../../shared/contract/limits.ts';
import { Dice } from '../../support/dice.ts';
import { CallBench } from '../../shared/call/call-bench.ts';
import type { CarrierServer, Mood } from './carriers/carrier-server.ts';
import { calleeNumber, callerNumber, CANARY, ENDS, STORIES, type Story } from './carriers/stories.ts';
import { type Rig, RIGS } from './rigs.ts';

const aCall = (story: Story = 'talked'): CallToPlace => ({
  callId: newCallId(),
  caller: callerNumber,
  callee: calleeNumber(story),
  maxSeconds: 3600,
});

/** A call whose machine hears what a bridge tells of it. */
function hearing(events: readonly BridgeEvent[], bench = new CallBench()): CallBench {
  for (const event of events) if ('word' in event) bench.later(1000).hear(event.word);
  return bench;
}

function carrierOf({ carrier }: Rig): CarrierServer {
  if (carrier === undefined) throw new Error('has no carrier');
  return carrier;
}

/** Everything that a log, or somebody who prints it, would see of an error. */
function printed(error: unknown): string {
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(line) });
  log.warn({ err: error }, 'a call could not be placed');
  const message = error instanceof Error ? [error.message, error.stack, String(error.cause)] : [];
  return [...lines, ...message, inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error)].join('\n');
}

async function failureOf(doing: Promise<unknown>): Promise<CallFailed> {
  const error: unknown = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CallFailed)) throw new Error(`was expected to fail, but: ${inspect(error)}`);
  expect(printed(error)).not.to.match(CANARY);
  return error;
}

describe('ids of calls', () => {
  it('fit what carriers take along, and differ', () => {
    const ids = Array.from({ length: 1000 }, () => newCallId());
    expect(new Set(ids).size).to.equal(1000);
    for (const id of ids)
      expect(id)
        .to.match(/^[a-z2-9]+$/)
        .with.lengthOf(CALL_ID_BYTES);
  });
});

describe('bridges', () => {
  it('are all in the contract suite', () => {
    expect(Object.keys(RIGS)).to.have.members([...BRIDGES]);
  });
});

for (const [name, open] of Object.entries(RIGS)) {
  describe(`the bridge ${name}`, () => {
    let rig: Rig;
    beforeEach(async () => {
      rig = await open();
    });
    afterEach(() => rig.stop());

    for (const story of STORIES) {
      it(`places a call that ends as ${story}, and tells it in any order, twice, without a number`, async () => {
        const call = aCall(story);
        const placed = await rig.bridge.place(call);
        expect(placed.dial !== undefined).to.equal(rig.bridge.callerDials);
        const told = rig.told(call, placed, story);
        const events = told.flatMap((tell) => tell());
        expect(events.map(({ callId }) => callId)).to.deep.equal(events.map(() => call.callId));
        const straight = hearing(events);
        expect(straight.call).to.deep.include(ENDS[story]);
        expect(straight.call.ringingAt).to.be.a('string');
        expect(straight.call.connectedAt !== undefined).to.equal(story === 'talked');
        const dice = new Dice(7);
        for (let round = 0; round < 20; round += 1) {
          const shuffled = [...told, ...told]
            .map((tell) => ({ tell, at: dice.roll() }))
            .toSorted((a, b) => a.at - b.at);
          const { call: ended, told: facts } = hearing(shuffled.flatMap(({ tell }) => tell()));
          expect(ended.state).to.equal(straight.call.state);
          expect(ended.reason).to.equal(straight.call.reason);
          expect(facts.filter((event) => event === 'call.ended')).to.have.length(1);
        }
        expect(JSON.stringify(events)).not.to.match(CANARY);
        expect(inspect(placed, { depth: 10 })).not.to.match(CANARY);
      });
    }

    it('tells of a recording where there is one, and fetches it', async () => {
      const call = aCall();
      const events = rig.told(call, await rig.bridge.place(call), 'talked').flatMap((tell) => tell());
      const recordings = events.flatMap((event) => ('recording' in event ? [event.recording] : []));
      expect(recordings).to.have.length(1);
      const { type, bytes } = await rig.bridge.recording(recordings[0] ?? '');
      expect(type).to.match(/^audio\//);
      let size = 0;
      for await (const chunk of bytes) size += chunk.byteLength;
      expect(size).to.be.greaterThan(0);
      for (const other of [
        '',
        '../Calls',
        'http://169.254.169.254/latest',
        'https://aliyuncs.com.example/x',
        'file:///etc/passwd',
      ])
        expect((await failureOf(rig.bridge.recording(other))).reason).to.equal('carrier_refused');
    });

    it('cancels a call, once and again, also one that it does not know', async () => {
      const call = aCall();
      const placed = await rig.bridge.place(call);
      expect(rig.holds(placed)).to.equal(true);
      await rig.bridge.cancel(call.callId, placed.carrierId);
      expect(rig.holds(placed)).to.equal(false);
      await rig.bridge.cancel(call.callId, placed.carrierId, true);
      await rig.bridge.cancel('neverplaced', undefined);
    });

    it('reads nothing that its carrier has not sent', async () => {
      const call = aCall();
      const forgeries = rig.forgeries(call, await rig.bridge.place(call));
      expect(forgeries).not.to.have.length(0);
      for (const forgery of forgeries) {
        let refused: unknown;
        try {
          rig.bridge.read(forgery);
        } catch (error) {
          refused = error;
        }
        if (!(refused instanceof CallbackRefused))
          throw new Error(`was read: ${forgery.url} ${forgery.body.toString()}`);
        expect(refused.status).to.equal(403);
        expect(printed(refused)).not.to.match(CANARY);
      }
    });

    // The simulator asks nobody.
    if (name === 'simulator') return;

    it('names the call in what it tells of it, as it was named when it was placed', async () => {
      const call = aCall();
      const placed = await rig.bridge.place(call);
      const [first, ...more] = rig.told(call, placed, 'talked').flatMap((tell) => tell());
      expect(first?.carrierId).to.equal(placed.carrierId);
      const words = more.filter((event) => 'word' in event);
      expect(new Set(words.map(({ carrierId }) => carrierId))).to.deep.equal(new Set([placed.carrierId]));
    });

    it('does not take a refusal for the end of a call', async () => {
      const carrier = carrierOf(rig);
      const call = aCall();
      const placed = await rig.bridge.place(call);
      carrier.mood = 'refuses';
      expect((await failureOf(rig.bridge.cancel(call.callId, placed.carrierId))).reason).to.equal('carrier_refused');
      expect(rig.holds(placed)).to.equal(true);
      carrier.mood = 'well';
      await rig.bridge.cancel(call.callId, placed.carrierId);
      expect(rig.holds(placed)).to.equal(false);
    });

    const MOODS: readonly [Mood, string, boolean][] = [
      ['refuses', 'carrier_refused', true],
      ['broken', 'carrier_unavailable', false],
      ['silent', 'carrier_unavailable', false],
    ];
    for (const [mood, reason, certain] of MOODS) {
      it(`fails clearly while its carrier ${mood === 'refuses' ? mood : `is ${mood}`}, and asks once`, async () => {
        const carrier = carrierOf(rig);
        carrier.mood = mood;
        expect(await failureOf(rig.bridge.place(aCall()))).to.include({ reason, certain });
        expect(carrier.asked).to.have.length(0);
      });
    }

    it('fails clearly where nobody listens: nothing was rung, for certain', async () => {
      await carrierOf(rig).stop();
      const failed = await failureOf(rig.bridge.place(aCall()));
      expect(failed).to.include({ reason: 'carrier_unavailable', certain: true });
      expect(failed.message).to.match(/did not answer \(ECONNREFUSED\)$/);
    });
  });
}
