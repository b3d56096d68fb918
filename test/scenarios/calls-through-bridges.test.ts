import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { BRIDGES } from '../../server/calls/bridges/call-bridge.ts';
import type { RecordingDoc } from '../../server/calls/recordings.ts';
import {
  CALL_BEGIN_MS,
  CALL_DIAL_MS,
  CALL_MAX_MINUTES_DEFAULT,
  CALL_REPORT_MS,
  CALLBACK_MAX_BYTES,
  RECORDING_WAIT_MS,
} from '../../shared/contract/limits.ts';
import { instantAt } from '../../shared/model/calendar/local-date.ts';
import { carriedMs } from '../../shared/model/call/call.ts';
import { SOUND, type Mood } from '../server/calls/carriers/carrier-server.ts';
import {
  AXB_NUMBERS,
  BOUGHT,
  calleeNumber,
  CALLER,
  CANARY,
  DIAL_CANARY,
  ENDS,
  OTHER_PHONE,
  STORIES,
  TALK_MS,
} from '../server/calls/carriers/stories.ts';
import { CARRIER_STAGES } from '../support/call-stages.ts';
import { type CallSuite, callSuite, factsOf, type Line, PATH, seen, sees, statesOf } from '../support/call-suite.ts';
import { until } from '../support/client.ts';
import { Dice } from '../support/dice.ts';
import { getFile } from '../support/files.ts';
import { codesOf } from '../support/number-codes.ts';

const MINUTE = 60_000;
const STAGES = new Map(Object.entries(CARRIER_STAGES));

/** Where nobody's phone rings before the caller has rung the carrier. */
const callerDials = (bridge: string): boolean => bridge === 'aliyun-axb';
const pathOf = (bridge: string): string[] => PATH.filter((state) => state !== 'ringing_caller' || !callerDials(bridge));

/** What only ever goes on: whatever its carrier says, and in whatever order, a call is never seen to go back, nor to end twice. */
function goesOn(bridge: string, states: readonly string[]): void {
  const reached = states.map((state) => pathOf(bridge).indexOf(state)).filter((at) => at >= 0);
  expect(reached).to.deep.equal([...new Set(reached)].toSorted((a, b) => a - b));
  expect(new Set(states).size).to.equal(states.length);
}

const recordings = (suite: CallSuite, callId: string) =>
  suite.database.connection.collection<RecordingDoc>('callRecordings').find({ callId }).toArray();

for (const bridge of BRIDGES) {
  describe(`calls through the bridge ${bridge}`, () => {
    const suite = callSuite(STAGES.get(bridge));

    for (const story of STORIES) {
      it(`are seen live by both until they end as ${story}`, async () => {
        const line = await suite.line(story);
        const { id, state, dial } = await suite.place(line);
        expect(state).to.equal('requested');
        expect(dial !== undefined).to.equal(callerDials(bridge));
        await suite.happens(id, story);
        for (const client of [line.caller, line.callee]) {
          const call = await sees(client, id, ENDS[story].state);
          expect(call).to.deep.include(ENDS[story]);
          expect(call.from).to.include({ userId: 'admin-1', side: 'provider' });
          expect(call.to).to.include({ userId: line.buyer.sub, side: 'buyer' });
          expect(statesOf(client, id)).to.deep.equal(
            story === 'talked'
              ? pathOf(bridge)
              : [...pathOf(bridge).filter((one) => one !== 'connected' && one !== 'completed'), ENDS[story].state],
          );
          const listed = await suite.listed(line, id, client);
          expect(listed).to.deep.include(ENDS[story]);
          expect(listed.actions).to.deep.equal(story === 'talked' ? [] : ['call_back']);
        }
        await suite.context.calls.idle();
        if (STAGES.has(bridge)) expect(suite.stage.holds(id)).to.equal(false);
      });
    }

    it('leave a file of what was spoken that operators alone can fetch, once', async () => {
      // Those of the calls before.
      await suite.context.sweeps.recordings();
      const line = await suite.line();
      const { id } = await suite.place(line);
      await suite.happens(id, 'talked');
      if (STAGES.has(bridge)) await suite.tellAll(suite.stage.callbacks(id, 'talked'));
      expect(await suite.context.sweeps.recordings()).to.equal(1);
      expect(await suite.context.sweeps.recordings()).to.equal(0);
      const [{ fileId, reference } = { fileId: null }, ...more] = await recordings(suite, id);
      expect(more).to.deep.equal([]);
      expect(reference).to.equal(null);
      const get = async (who: 'operator' | 'admin' | 'vendor' | 'service') =>
        getFile(suite.portal.url, await suite.portal.token(who), fileId ?? '');
      const file = await get('operator');
      expect(file.status).to.equal(200);
      expect(file.headers.get('content-disposition')).to.match(new RegExp(`filename="call-${id}\\.(mp3|wav)"`));
      expect(file.headers.get('content-type')).to.match(/^audio\//);
      const bytes = Buffer.from(await file.arrayBuffer());
      if (STAGES.has(bridge)) expect(bytes).to.deep.equal(SOUND);
      for (const who of ['admin', 'vendor', 'service'] as const) expect((await get(who)).status).to.equal(404);
      expect((await getFile(suite.portal.url, await suite.portal.token(line.buyer), fileId ?? '')).status).to.equal(
        404,
      );
      // Who reads the room's entries, and who operates it, are told what they may know.
      const operator = await suite.portal.connect('operator');
      expect((await suite.listed(line, id, operator)).recording).to.equal(fileId);
      expect(await suite.listed(line, id, line.caller)).not.to.have.property('recording');
    });

    it('leave no number of anybody in what is stored, logged and counted', async () => {
      const written = await suite.written();
      expect(written).not.to.match(CANARY);
      expect(written).not.to.match(DIAL_CANARY);
    });

    const stageOf = STAGES.get(bridge);
    // Nothing is between the simulator and the service.
    if (stageOf === undefined) return;

    it('ring the phones of the two, the caller’s where they say, and nobody else’s', async () => {
      const line = await suite.line('callee_busy');
      const { carrier } = suite.stage;
      const rung = async (more: object): Promise<string> => {
        const before = carrier.asked.length;
        const { id } = await suite.place(line, more);
        const [asked, ...others] = carrier.asked.slice(before);
        expect(others).to.deep.equal([]);
        await suite.happens(id, 'callee_busy');
        await suite.context.calls.idle();
        return decodeURIComponent(`${asked?.url.search} ${asked?.body}`);
      };
      const known = await rung({});
      const callee = calleeNumber('callee_busy').reveal().slice('+86'.length);
      expect(known).to.include(callee).and.to.include(CALLER.slice('+86'.length));
      const named = await rung({ fromNumber: OTHER_PHONE.typed });
      expect(named).to.include(callee).and.to.include(OTHER_PHONE.read.slice('+86'.length));
      expect(named).not.to.include(CALLER.slice('+86'.length));
      // What was given for this call alone is kept no longer than it.
      const ofCalls = { 'owner.kind': 'call' };
      expect(await suite.database.connection.collection('numbers').countDocuments(ofCalls)).to.equal(0);
    });

    describe('where callbacks come as they do', () => {
      it('twice: each is answered, and changes nothing the second time', async () => {
        const line = await suite.line();
        const { id } = await suite.place(line);
        const callbacks = suite.stage.callbacks(id, 'talked');
        await suite.tellAll(callbacks.flatMap((one) => [one, one]));
        await suite.tellAll(callbacks);
        await sees(line.caller, id, 'completed');
        await line.caller.flush();
        expect(statesOf(line.caller, id)).to.deep.equal(pathOf(bridge));
      });

      it('in any order, and all at once: it only goes on, and ends once and rightly', async () => {
        const dice = new Dice(11);
        for (const atOnce of [false, true, false, true]) {
          const story = dice.pick(STORIES);
          const line = await suite.line(story);
          const { id } = await suite.place(line);
          const callbacks = suite.stage.callbacks(id, story);
          const shuffled = [...callbacks, ...callbacks]
            .map((request) => ({ request, at: dice.roll() }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ request }) => request);
          if (atOnce) {
            const answers = await Promise.all(shuffled.map((request) => suite.tell(request)));
            expect(answers.map(({ status }) => status)).to.deep.equal(shuffled.map(() => 200));
          } else await suite.tellAll(shuffled);
          const { state, reason } = { reason: undefined, ...ENDS[story] };
          for (const client of [line.caller, line.callee]) {
            const call = await sees(client, id, state);
            await client.flush();
            expect(call.reason).to.equal(reason);
            goesOn(bridge, statesOf(client, id));
          }
        }
      });

      it('late, after it was cancelled: it stays as it ended, and its carrier has it no more', async () => {
        const line = await suite.line();
        const { id } = await suite.place(line);
        expect(suite.stage.holds(id)).to.equal(true);
        const callbacks = suite.stage.callbacks(id, 'talked');
        expect(await suite.cancel(line, id, line.caller)).to.include({ state: 'cancelled', reason: 'by_caller' });
        await suite.context.calls.idle();
        expect(suite.stage.holds(id)).to.equal(false);
        await suite.tellAll(callbacks);
        await line.callee.flush();
        expect(statesOf(line.callee, id)).to.deep.equal(['requested', 'cancelled']);
        expect(await suite.listed(line, id, line.callee)).to.include({ state: 'cancelled' });
      });

      it('of a call that nobody knows: answered, so that they are not repeated', async () => {
        const line = await suite.line();
        await suite.tellAll(suite.stage.callbacks('neverplaced', 'talked'));
        await suite.context.sweeps.recordings();
        expect(await recordings(suite, 'neverplaced')).to.deep.equal([]);
        await line.caller.flush();
        expect(line.caller.all('entry')).to.deep.equal([]);
      });

      it('not at all: it is settled when its time is over, and given back', async () => {
        const line = await suite.line();
        const { id } = await suite.place(line);
        const bound = callerDials(bridge) ? CALL_DIAL_MS : CALL_BEGIN_MS;
        await suite.advance(bound - 1);
        expect(seen(line.caller, id)?.state).to.equal('requested');
        expect(suite.stage.holds(id)).to.equal(true);
        await suite.advance(1);
        const end = callerDials(bridge)
          ? { state: 'no_answer', reason: 'caller_no_answer' }
          : { state: 'failed', reason: 'unreported' };
        for (const client of [line.caller, line.callee])
          expect(await sees(client, id, callerDials(bridge) ? 'no_answer' : 'failed')).to.include(end);
        expect(suite.stage.holds(id)).to.equal(false);
        // And what comes then, comes late.
        await suite.tellAll(suite.stage.callbacks(id, 'talked'));
        await line.caller.flush();
        expect(statesOf(line.caller, id)).to.have.length(2);
      });

      it('but for the last: two who talk are not believed to talk for ever', async () => {
        const line = await suite.line();
        const { id } = await suite.place(line);
        const all = suite.stage.callbacks(id, 'talked');
        for (const request of all) {
          if (seen(line.caller, id)?.state === 'connected') break;
          await suite.tellAll([request]);
          await line.caller.flush();
        }
        await sees(line.caller, id, 'connected');
        await suite.advance(CALL_MAX_MINUTES_DEFAULT * MINUTE + CALL_REPORT_MS);
        const call = await sees(line.callee, id, 'completed');
        expect(call.reason).to.equal('unreported');
        expect(call).not.to.have.property('durationMs');
        expect(suite.stage.holds(id)).to.equal(false);
      });

      it('with an answer before the carrier has answered: what follows from them is not waited for', async () => {
        const { carrier } = suite.stage;
        const line = await suite.line('callee_busy');
        const { id } = await suite.place(line);
        carrier.mood = 'silent';
        const { unanswered } = carrier;
        try {
          await suite.tellAll(suite.stage.callbacks(id, 'callee_busy'));
          await until('the carrier is asked to give it back', () => carrier.unanswered > unanswered);
          await sees(line.caller, id, 'busy');
        } finally {
          carrier.mood = 'well';
        }
        await suite.context.calls.idle();
        expect(suite.stage.holds(id)).to.equal(true);
        // It was in vain: the job asks again.
        await suite.advance(MINUTE);
        expect(suite.stage.holds(id)).to.equal(false);
      });
    });

    describe('where callbacks are forged', () => {
      it('change nothing, are refused in one line, and are told nothing of why', async () => {
        const line = await suite.line();
        const { id } = await suite.place(line);
        const answers = new Set<string>();
        for (const forgery of suite.stage.forgeries(id)) {
          const { status, type, body } = await suite.tell(forgery);
          expect(status).to.equal(403);
          expect(type).to.match(/^application\/problem\+json/);
          expect(body).not.to.include('\n');
          answers.add(body);
        }
        expect(answers.size).to.equal(1);
        expect(await suite.listed(line, id, line.caller)).to.include({ state: 'requested' });
        const [right] = suite.stage.callbacks(id, 'talked');
        if (right === undefined) throw new Error('it calls nothing back');
        const large = { ...right, body: Buffer.alloc(CALLBACK_MAX_BYTES + 1, ' ') };
        const packed = { ...right, headers: { ...right.headers, 'content-encoding': 'gzip' } };
        const empty = { ...right, body: Buffer.alloc(0) };
        expect(await suite.tell(large)).to.include({ status: 413 });
        expect(await suite.tell(packed)).to.include({ status: 415 });
        expect((await suite.tell(empty)).status).to.be.oneOf([400, 403]);
        for (const method of ['GET', 'PUT', 'DELETE'])
          expect(await suite.tell(right, method)).to.include({ status: 404 });
        expect(await suite.tell({ ...right, url: right.url.replace('/calls', '/calls/more') })).to.include({
          status: 404,
        });
        await line.caller.flush();
        expect(statesOf(line.caller, id)).to.deep.equal(['requested']);
        const refusals = suite.log.filter((text) => text.includes('a callback was refused'));
        expect(refusals).not.to.have.length(0);
        await suite.cancel(line, id, line.caller);
      });
    });

    describe('where the carrier is in trouble', () => {
      it('and refuses: the call has failed, and both see why', async () => {
        const line = await suite.line();
        suite.stage.carrier.mood = 'refuses';
        try {
          expect(await suite.place(line)).to.include({ state: 'failed', reason: 'carrier_refused' });
        } finally {
          suite.stage.carrier.mood = 'well';
        }
        const [fact] = line.callee.all('entry');
        expect(fact?.kind).to.equal('call');
        // The next one is nobody's second.
        const { id } = await suite.place(line);
        await suite.cancel(line, id, line.callee);
      });

      it('and is not there: the call has failed, since no phone can ring', async () => {
        const { carrier } = suite.stage;
        const line = await suite.line();
        const { port } = new URL(carrier.origin);
        await carrier.stop();
        try {
          expect(await suite.place(line)).to.include({ state: 'failed', reason: 'carrier_unavailable' });
        } finally {
          await carrier.start(Number(port));
        }
      });

      it('and its answer is lost: what was ended before it names the call, is ended there as soon as it does', async () => {
        const { carrier } = suite.stage;
        const line = await suite.line();
        carrier.mood = 'mute';
        const { id } = await suite.place(line).finally(() => {
          carrier.mood = 'well';
        });
        await suite.cancel(line, id, line.caller);
        await suite.context.calls.idle();
        expect(suite.stage.holds(id)).to.equal(true);
        await suite.tellAll(suite.stage.callbacks(id, 'talked').slice(0, 1));
        await suite.context.calls.idle();
        expect(suite.stage.holds(id)).to.equal(false);
        expect(statesOf(line.callee, id)).to.deep.equal(['requested', 'cancelled']);
        expect(await suite.context.calls.store.get(id)).to.not.have.property('left');
      });

      if (!callerDials(bridge))
        it('and never names a call: that is waited for until no carrier can have it any more, which the log tells', async () => {
          const { carrier } = suite.stage;
          const { context } = suite;
          const line = await suite.line();
          carrier.mood = 'mute';
          const { id } = await suite.place(line).finally(() => {
            carrier.mood = 'well';
          });
          await suite.cancel(line, id, line.caller);
          const doc = await context.calls.store.get(id);
          if (doc === undefined) throw new Error('the call is not there');
          const givenUp = () => suite.log.filter((text) => text.includes(id) && text.includes('was given up'));
          await suite.advance(carriedMs(doc.call.bounds) - 1);
          expect(await context.calls.store.get(id)).to.have.property('left');
          expect(givenUp()).to.deep.equal([]);
          await suite.advance(1);
          expect(await context.calls.store.get(id)).to.not.have.property('left');
          expect(givenUp()).to.have.length(1);
        });

      it('and does not answer: calls are settled all the same, and it is asked again beside that', async () => {
        const { carrier } = suite.stage;
        const { sweeps, calls } = suite.context;
        const line = await suite.line();
        const { id } = await suite.place(line);
        const tries = async () => (await calls.store.get(id))?.left?.tries;
        carrier.mood = 'silent';
        try {
          await suite.cancel(line, id, line.caller);
          await calls.idle();
          expect(await tries()).to.equal(1);
          suite.clock.advance(MINUTE);
          await sweeps.calls();
          expect(await tries()).to.equal(1);
          await sweeps.callEnds();
          expect(await tries()).to.equal(2);
        } finally {
          carrier.mood = 'well';
        }
        await suite.advance(MINUTE);
        expect(suite.stage.holds(id)).to.equal(false);
      });

      const MOODS: readonly Mood[] = ['broken', 'silent'];
      for (const mood of MOODS) {
        it(`and ${mood}: a phone may ring all the same, so that it is waited for what is heard`, async () => {
          const { carrier } = suite.stage;
          const place = async (): Promise<[Line, string]> => {
            const line = await suite.line();
            carrier.mood = mood;
            try {
              const { id, state } = await suite.place(line);
              expect(state).to.equal('requested');
              return [line, id];
            } finally {
              carrier.mood = 'well';
            }
          };
          const [line, id] = await place();
          await suite.happens(id, 'talked');
          expect(await sees(line.callee, id, 'completed')).to.include({ durationMs: TALK_MS });
          const [other, silent] = await place();
          // Long enough for a privacy number to come free that nobody can give back.
          await suite.advance(CALL_DIAL_MS);
          const call = await sees(other.callee, silent, callerDials(bridge) ? 'no_answer' : 'failed');
          expect(call.reason).to.equal(callerDials(bridge) ? 'caller_no_answer' : 'unreported');
          await suite.database.connection.collection('axbLines').deleteMany({});
        });
      }
    });

    describe('where recordings come as they do', () => {
      // Those of the calls before.
      beforeEach(() => suite.context.sweeps.recordings());

      it('later than they are told of: they are asked for until they are there', async () => {
        const { carrier } = suite.stage;
        const line = await suite.line();
        const { id } = await suite.place(line);
        carrier.recording = undefined;
        const before = carrier.fetched;
        try {
          await suite.happens(id, 'talked');
          expect(await suite.context.sweeps.recordings()).to.equal(0);
          // Not again at once, and not so often that it is a burden.
          expect(await suite.context.sweeps.recordings()).to.equal(0);
          expect(carrier.fetched - before).to.equal(1);
          for (let minute = 0; minute < 20; minute++) {
            suite.clock.advance(MINUTE);
            expect(await suite.context.sweeps.recordings()).to.equal(0);
          }
          expect(carrier.fetched - before).to.be.within(4, 8);
        } finally {
          carrier.recording = SOUND;
        }
        suite.clock.advance(20 * MINUTE);
        expect(await suite.context.sweeps.recordings()).to.equal(1);
      });

      it('never, or as something else: given up after a day, which the log tells', async () => {
        const { carrier } = suite.stage;
        const line = await suite.line();
        const { id } = await suite.place(line);
        carrier.recording = Buffer.from('<Error><Code>AccessDenied</Code></Error>');
        try {
          await suite.happens(id, 'talked');
          await suite.context.sweeps.recordings();
          suite.clock.advance(RECORDING_WAIT_MS - 1);
          await suite.context.sweeps.recordings();
          const [waiting] = await recordings(suite, id);
          expect(waiting?.tryAt).not.to.equal(null);
          suite.clock.advance(MINUTE * 20);
          await suite.context.sweeps.recordings();
        } finally {
          carrier.recording = SOUND;
        }
        const [lost] = await recordings(suite, id);
        expect(lost).to.deep.include({ tryAt: null, fileId: null, reference: null });
        expect(
          suite.log.filter((text) => text.includes(id) && text.includes('a recording was given up')),
        ).to.have.length(1);
        const fetched = carrier.fetched;
        suite.clock.advance(RECORDING_WAIT_MS);
        await suite.context.sweeps.recordings();
        expect(carrier.fetched).to.equal(fetched);
      });

      it('for two servers at once: copied once', async () => {
        const line = await suite.line();
        const { id } = await suite.place(line);
        await suite.happens(id, 'talked');
        const { sweeps } = suite.context;
        const copied = await Promise.all([sweeps.recordings(), sweeps.recordings(), sweeps.recordings()]);
        expect(copied).to.have.members([0, 0, 1]);
        const files = suite.database.connection.collection('files.files');
        expect(await files.countDocuments({ filename: { $regex: id } })).to.equal(1);
      });
    });

    // Tests of a suite come before the suites in it.
    describe('after all of that', () => {
      it('have left no number of anybody anywhere, and are counted', async () => {
        const written = await suite.written();
        for (const outcome of ['ok', 'forbidden', 'too_large', 'unsupported_type'])
          expect(written).to.include(`command="POST /callbacks/calls",outcome="${outcome}"`);
        expect(written).not.to.match(CANARY);
        expect(written).not.to.match(DIAL_CANARY);
        const callees = STORIES.map((story) => calleeNumber(story).reveal());
        for (const number of [CALLER, OTHER_PHONE.read, ...callees, ...AXB_NUMBERS, ...Object.values(BOUGHT)])
          for (const code of codesOf(number)) expect(written).to.not.include(code);
      });
    });
  });
}

describe('a privacy number', () => {
  const suite = callSuite(STAGES.get('aliyun-axb'));

  it('is told to the caller alone, and only while it is of use', async () => {
    const line = await suite.line();
    const placed = await suite.place(line);
    expect(AXB_NUMBERS).to.include(placed.dial?.number);
    expect((await suite.listed(line, placed.id, line.caller)).dial?.number).to.equal(placed.dial?.number);
    const operator = await suite.portal.connect('operator');
    for (const other of [line.callee, operator, await suite.portal.connect('vendor')])
      expect(await suite.listed(line, placed.id, other)).not.to.have.property('dial');
    await suite.happens(placed.id, 'talked');
    expect(await suite.listed(line, placed.id, line.caller)).not.to.have.property('dial');
    expect(factsOf(line.caller, placed.id)).not.to.have.length(0);
    expect(await suite.written()).not.to.match(DIAL_CANARY);
  });

  it('comes free with the end of its call, however that comes', async () => {
    const lines = [await suite.line(), await suite.line(), await suite.line()] as const;
    const held = () => suite.database.connection.collection('axbLines').countDocuments({});
    const [first, second] = [await suite.place(lines[0]), await suite.place(lines[1])];
    expect(new Set([first.dial?.number, second.dial?.number])).to.deep.equal(new Set(AXB_NUMBERS));
    // The same phone calls for the third time.
    expect(await suite.place(lines[2])).to.include({ state: 'failed', reason: 'no_line_free' });
    await suite.cancel(lines[0], first.id, lines[0].callee);
    await suite.context.calls.idle();
    expect(await held()).to.equal(1);
    const third = await suite.place(lines[2]);
    expect(third.dial?.number).to.equal(first.dial?.number);
    await suite.happens(second.id, 'callee_no_answer');
    await suite.advance(CALL_DIAL_MS);
    expect(await held()).to.equal(0);
    for (const { id } of [first, second, third]) expect(suite.stage.holds(id)).to.equal(false);
  });
});

for (const approval of ['none', 'callee'] as const) {
  describe(`a privacy number before the quiet hours, agreed to by ${approval}`, () => {
    const suite = callSuite(STAGES.get('aliyun-axb'), { CALL_QUIET_HOURS: '22:00-08:00', CALL_APPROVAL: approval });

    it('is of use until they begin: then the call has ended, and the carrier holds nothing', async () => {
      const quietAt = instantAt('2026-11-20', '22:00', 'Asia/Shanghai');
      suite.clock.advance(quietAt - 4 * MINUTE - suite.clock.now());
      const line = await suite.line();
      const { id } = await suite.place(line);
      suite.clock.advance(MINUTE);
      if (approval === 'callee') await line.callee.call('call.approve', { roomId: line.roomId, callId: id });
      const { dial } = await suite.listed(line, id, line.caller);
      expect(dial?.until).to.equal(new Date(quietAt).toISOString());
      expect(suite.stage.holds(id)).to.equal(true);
      await suite.advance(3 * MINUTE - 1);
      expect(await suite.listed(line, id, line.caller)).to.include({ state: 'requested' });
      await suite.advance(1);
      const ended = await sees(line.callee, id, 'no_answer');
      expect(ended).to.include({ reason: 'caller_no_answer' });
      expect(suite.stage.holds(id)).to.equal(false);
    });
  });
}

describe('a privacy number that cannot be kept for the caller', () => {
  const suite = callSuite(STAGES.get('aliyun-axb'));

  it('ends its call, at the carrier too', async () => {
    const line = await suite.line();
    const { connection } = suite.database;
    const numbers = connection.collection<{ _id: string; owner: object }>('numbers');
    // From now on the database refuses numbers of calls.
    await numbers.insertOne({ _id: 'another', owner: { kind: 'call', id: 'another' } });
    const partialFilterExpression = { 'owner.kind': 'call' };
    await numbers.createIndex({ 'owner.kind': 1 }, { unique: true, partialFilterExpression });
    const { id, state } = await suite.place(line);
    expect(state).to.equal('failed');
    await suite.context.calls.idle();
    expect(suite.stage.holds(id)).to.equal(false);
    expect(await connection.collection('axbLines').countDocuments({})).to.equal(0);
    expect(await suite.context.calls.store.get(id)).to.not.have.any.keys('left', 'running');
  });
});

describe('recordings that nobody wants', () => {
  const suite = callSuite(STAGES.get('aliyun-click'), { CALL_RECORDING: '0' });

  it('are not copied, whatever a carrier says it has', async () => {
    const line = await suite.line();
    const { id } = await suite.place(line);
    await suite.happens(id, 'talked');
    await sees(line.caller, id, 'completed');
    expect(await suite.context.sweeps.recordings()).to.equal(0);
    expect(await recordings(suite, id)).to.deep.equal([]);
    expect(suite.stage.carrier.fetched).to.equal(0);
  });
});

describe('callbacks from strangers', () => {
  const suite = callSuite(STAGES.get('twilio'), { RATE_LIMIT_FACTOR: '0.1' });

  it('are refused altogether once an address has sent too many; the carrier behind it is heard', async () => {
    const line = await suite.line();
    const { id } = await suite.place(line);
    const [forgery] = suite.stage.forgeries(id);
    if (forgery === undefined) throw new Error('nothing is forged');
    const statuses: number[] = [];
    for (let n = 0; n < 40 && !statuses.includes(429); n++) statuses.push((await suite.tell(forgery)).status);
    expect(statuses[0]).to.equal(403);
    expect(statuses.at(-1)).to.equal(429);
    // What is refused for its number alone does not fill the log.
    const logged = () => suite.log.filter((text) => text.includes('a callback was refused')).length;
    const before = logged();
    expect(await suite.tell(forgery)).to.include({ status: 429 });
    expect(logged()).to.equal(before);
    await suite.happens(id, 'talked');
    await sees(line.callee, id, 'completed');
  });
});
