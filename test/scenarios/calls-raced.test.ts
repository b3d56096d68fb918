import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import type { NumberDoc } from '../../server/numbers/vault-store.ts';
import { CALL_BEGIN_MS } from '../../shared/contract/limits.ts';
import { CALLER, OTHER_PHONE, STORIES, TALK_MS } from '../server/calls/carriers/stories.ts';
import { CARRIER_STAGES } from '../support/call-stages.ts';
import { expectNothingLeft, expectToldCalls } from '../support/call-story.ts';
import { type CallSuite, callSuite } from '../support/call-suite.ts';
import type { Refused } from '../support/client.ts';
import { people, Portal } from '../support/portal.ts';
import { Handicap, playRounds } from '../support/rounds.ts';
import type { TestService } from '../support/service.ts';
import type { Who } from '../support/tokens.ts';

/** The gate runs the suite on both databases and has its time: fewer on the second one. */
const ROUNDS = (process.env['MONGODB_URI'] ?? '') === '' ? 50 : 10;
/** Rounds that run beside each other, each on a room of its own. */
const AT_A_TIME = 8;
/** Calls that fall due together. */
const CALLS_OF_A_SWEEP = 5;

type Outcome<Data> = { data: Data } | { refused: Refused };
const wonBy = <Data>(outcomes: readonly Outcome<Data>[]): Data[] =>
  outcomes.flatMap((one) => ('data' in one ? [one.data] : []));
const refusedOf = (outcomes: readonly Outcome<unknown>[]): Refused[] =>
  outcomes.flatMap((one) => ('refused' in one ? [one.refused] : []));

/** Two servers on one database, before one carrier. */
class TwoServers {
  readonly suite: CallSuite;
  #other: TestService | undefined;
  #portals: Portal[] = [];

  constructor(suite: CallSuite) {
    this.suite = suite;
  }

  async start(): Promise<void> {
    this.#other = await this.suite.another();
    this.#portals = [this.suite.portal.url, this.#other.service.url].map((url) => new Portal(url));
  }

  stop(): void {
    for (const portal of this.#portals) portal.close();
  }

  /** The portal of a server, counted on and on. */
  at(server: number): Portal {
    const portal = this.#portals[server % this.#portals.length];
    if (portal === undefined) throw new Error('no server has been started');
    return portal;
  }

  get contexts() {
    if (this.#other === undefined) throw new Error('no server has been started');
    return [this.suite.context, this.#other.context];
  }

  /** A read, as something to be held up by. */
  readonly looked = (roomId: string): Promise<unknown> => this.at(0).call('operator', 'call.list', { roomId });

  /** Resolves when nothing is worked on behind an answer. */
  async idle(): Promise<void> {
    await Promise.all(this.contexts.map(({ calls }) => calls.idle()));
  }

  /** Does what is due on both at once. */
  async sweep(): Promise<number[]> {
    const ended = await Promise.all(this.contexts.map(({ sweeps }) => sweeps.calls()));
    await this.idle();
    await this.suite.context.sweeps.callEnds();
    return ended;
  }
}

/** Starts them before the file's tests; after all of them nothing is left to be done, and no server has found fault with itself. */
function twoServers(...given: Parameters<typeof callSuite>): TwoServers {
  // Looked at before the suite stops them.
  after(async () => {
    servers.stop();
    // What two servers have done at once may be left to the job.
    suite.clock.advance(60_000);
    await servers.sweep();
    await expectNothingLeft(suite.database);
    const numbers = suite.database.connection.collection<NumberDoc>('numbers');
    expect(await numbers.countDocuments({ 'owner.kind': 'call' }), 'numbers of calls').to.equal(0);
  });
  afterEach(() => expect(suite.faults).to.deep.equal([]));
  const suite = callSuite(...given);
  const servers = new TwoServers(suite);
  before(() => servers.start());
  return servers;
}

/** Rounds one beside the other; each is told its number. */
const rounds = (play: (round: number) => Promise<void>, seen?: () => boolean): Promise<void> =>
  playRounds({ count: ROUNDS, atATime: AT_A_TIME, ...(seen !== undefined && { seen }) }, play);

/** Calls of a day, as they are counted, by their callers. */
async function countedFor({ database }: CallSuite, { side, sub }: Pick<Who, 'side' | 'sub'>): Promise<number> {
  const days = await database.connection.collection<{ _id: string; asked: number }>('callDays').find().toArray();
  return days
    .filter(({ _id }) => _id.startsWith(JSON.stringify([side, sub]).slice(0, -1)))
    .reduce((sum, { asked }) => sum + asked, 0);
}

describe('Races for a call, over two servers', () => {
  const servers = twoServers(CARRIER_STAGES['aliyun-click']);
  const { suite } = servers;

  /** A call that the carrier has. */
  async function placed(round: number) {
    const project = await suite.project();
    const { call } = await servers
      .at(round)
      .call('admin', 'call.place', { roomId: project.roomId, to: project.buyer.sub });
    return { ...project, callId: call.id };
  }

  it('of two who call each other at once there is one call; the others are told of it, and nothing else comes of them', async () => {
    const winners = new Map<string, number>();
    const play = async (round: number): Promise<void> => {
      const { roomId, buyer } = await suite.project();
      const given = round % 2 === 0 ? { fromNumber: OTHER_PHONE.typed } : {};
      const asks = [0, 1, 0, 1].map((server, n) => {
        const [who, to] =
          n < 2 === round % 4 < 2 ? (['admin', buyer.sub] as const) : ([buyer, people.admin.sub] as const);
        return servers.at(server).try(who, 'call.place', { roomId, to, ...given });
      });
      const outcomes = await Promise.all(asks);
      const [won, ...more] = wonBy(outcomes);
      if (won === undefined) throw new Error('nobody calls');
      expect(more).to.deep.equal([]);
      const { id: callId, from } = won.call;
      for (const { code, error } of refusedOf(outcomes)) {
        expect(code).to.equal('conflict');
        expect(error.details).to.deep.equal({ callId, state: 'requested' });
      }
      const [{ facts } = { facts: [] }, ...others] = await expectToldCalls(suite.database, roomId);
      expect(others).to.deep.equal([]);
      expect(facts.map(({ event }) => event)).to.deep.equal(['call.requested']);
      expect(suite.stage.asked(callId)).to.equal(1);
      winners.set(from.side, (winners.get(from.side) ?? 0) + 1);
      expect(await countedFor(suite, buyer)).to.equal(from.side === 'buyer' ? 1 : 0);
      await servers.at(round).call(buyer, 'call.cancel', { roomId, callId });
    };
    await rounds(play, () => winners.size === 2);
    // Were one always the faster, there would have been no race.
    expect([...winners.keys()]).to.have.members(['provider', 'buyer']);
    expect(await countedFor(suite, people.admin)).to.equal(winners.get('provider'));
  });

  it('of a cancellation and a callback that the two talk one wins, and the carrier does what has won', async () => {
    const wins = { cancelled: 0, connected: 0 };
    const handicap = new Handicap();
    const play = async (round: number): Promise<void> => {
      const { roomId, buyer, callId } = await placed(round);
      const [, , talks, , ended] = suite.stage.callbacks(callId, 'talked');
      if (talks === undefined || ended === undefined) throw new Error('the carrier tells nothing');
      const who = [buyer, 'admin', 'operator'] as const;
      const [told, cancelled] = await handicap.race(
        () => servers.looked(roomId),
        () => suite.tell(talks, 'POST', servers.at(round).url),
        () => servers.at(round + 1).try(who[round % 3] ?? buyer, 'call.cancel', { roomId, callId }),
      );
      handicap.won('data' in cancelled ? 'second' : 'first');
      expect(told.status).to.equal(200);
      await servers.idle();
      const [one] = await expectToldCalls(suite.database, roomId);
      const events = one?.facts.map(({ event }) => event);
      if ('data' in cancelled) {
        wins.cancelled += 1;
        expect(cancelled.data.call).to.include({ state: 'cancelled' });
        expect(events).to.deep.equal(['call.requested', 'call.ended']);
        expect(suite.stage.holds(callId)).to.equal(false);
      } else {
        wins.connected += 1;
        expect(cancelled.refused.error).to.deep.include({ code: 'conflict', details: { callId, state: 'connected' } });
        expect(events).to.deep.equal(['call.requested', 'call.connected']);
        // Nobody hangs up for them.
        expect(suite.stage.holds(callId)).to.equal(true);
        await suite.tellAll([ended]);
        const [now] = await expectToldCalls(suite.database, roomId);
        expect(now?.doc.call).to.include({ state: 'completed', durationMs: TALK_MS });
      }
    };
    await rounds(play, () => Math.min(wins.cancelled, wins.connected) > 0);
    expect(Math.min(wins.cancelled, wins.connected), JSON.stringify(wins)).to.be.greaterThan(0);
  });

  it('of the last callback and a settlement one ends the call, however many sweeps come by', async () => {
    const ends = new Map<string, number>();
    const handicap = new Handicap();
    const endedByCallback = async ({ roomId, callId }: { roomId: string; callId: string }): Promise<boolean> => {
      const [one] = await expectToldCalls(suite.database, roomId);
      expect(one?.facts.map(({ event }) => event)).to.deep.equal(['call.requested', 'call.ended']);
      const { state = 'none', reason, durationMs } = one?.doc.call ?? {};
      expect([state, reason, durationMs]).to.be.deep.oneOf([
        ['completed', undefined, TALK_MS],
        ['failed', 'unreported', undefined],
      ]);
      ends.set(state, (ends.get(state) ?? 0) + 1);
      expect(suite.stage.holds(callId)).to.equal(false);
      return state === 'completed';
    };
    // All calls are settled by one sweep: so one round has several, and the rounds come one after the other.
    const play = async (round: number): Promise<void> => {
      const calls = await Promise.all(Array.from({ length: CALLS_OF_A_SWEEP }, (_, n) => placed(round + n)));
      suite.clock.advance(CALL_BEGIN_MS);
      await handicap.race(
        () => servers.looked(calls[0]?.roomId ?? ''),
        () =>
          Promise.all(
            calls.map(async ({ callId }) => suite.tellAll(suite.stage.callbacks(callId, 'talked').slice(4, 5))),
          ),
        () => Promise.all([servers.sweep(), servers.sweep()]),
      );
      await servers.sweep();
      const inTime = (await Promise.all(calls.map(endedByCallback))).filter(Boolean);
      handicap.won(inTime.length > calls.length / 2 ? 'first' : 'second');
    };
    await playRounds({ count: ROUNDS / CALLS_OF_A_SWEEP, atATime: 1, seen: () => ends.size === 2 }, play);
    expect(ends.size, JSON.stringify([...ends])).to.equal(2);
  });

  it('a callback that comes to both at once is told once, in whatever order they come', async () => {
    await rounds(async (round) => {
      const story = STORIES[round % STORIES.length] ?? 'talked';
      const { roomId, buyer } = await suite.project(story);
      const { call } = await servers.at(round).call(buyer, 'call.place', { roomId, to: people.admin.sub });
      const callbacks = suite.stage.callbacks(call.id, story);
      const both = (one: (typeof callbacks)[number]) =>
        Promise.all([0, 1].map((server) => suite.tell(one, 'POST', servers.at(server).url)));
      const answers: { status: number }[] = [];
      if (round % 2 === 0) for (const one of callbacks) answers.push(...(await both(one)));
      else answers.push(...(await Promise.all(callbacks.map(both))).flat());
      for (const { status } of answers) expect(status).to.equal(200);
      await servers.idle();
      const [one] = await expectToldCalls(suite.database, roomId);
      const events = one?.facts.map(({ event }) => event) ?? [];
      expect(events.at(0)).to.equal('call.requested');
      expect(events.at(-1)).to.equal('call.ended');
      const all = story === 'talked' ? 5 : 4;
      if (round % 2 === 0) expect(events).to.have.length(all);
      else expect(events.length).to.be.within(2, all);
    });
    const copied = await Promise.all(servers.contexts.map(({ sweeps }) => sweeps.recordings()));
    const files = suite.database.connection.collection('files.files');
    expect(copied.reduce((a, b) => a + b)).to.equal(await files.countDocuments({ filename: /^call-/ }));
    expect(await files.countDocuments({ filename: /^call-/ })).to.be.at.least(ROUNDS / 4);
  });
});

describe('Races for the last call of a day, over two servers', () => {
  const LIMIT = 3;
  const servers = twoServers(CARRIER_STAGES['aliyun-click'], { CALL_DAILY_LIMIT: String(LIMIT) });
  const { suite } = servers;
  const buyers = Array.from({ length: 6 }, (_, n) => `many-${n}`);
  let roomId = '';
  before(async () => {
    const { roomId: made, buyer } = await suite.project();
    roomId = made;
    for (const userId of buyers) await suite.portal.call(buyer, 'member.add', { roomId, userId, name: userId });
  });

  async function somebody(round: number, what: string): Promise<Who> {
    const who: Who = {
      sub: `${what}-${round}`,
      side: 'provider',
      org: 'studio',
      name: 'Many',
      roles: ['provider_admin'],
    };
    const { sub: userId, name = '' } = who;
    const staff = { userId, org: 'studio', name, roles: ['provider_admin' as const], maxLoad: 1, phone: CALLER };
    await suite.portal.call('service', 'staff.put', staff);
    return who;
  }

  const cancel = (who: Who, callIds: readonly string[]) =>
    Promise.all(callIds.map((callId, n) => servers.at(n).call(who, 'call.cancel', { roomId, callId })));

  it('those who ask for it at once get it once, and no more than there are', async () => {
    await rounds(async (round) => {
      const who = await somebody(round, 'last');
      const used = round % LIMIT;
      const before: string[] = [];
      for (const to of buyers.slice(0, used))
        before.push((await servers.at(round).call(who, 'call.place', { roomId, to })).call.id);
      await cancel(who, before);
      const outcomes = await Promise.all(
        buyers.map((to, n) => servers.at(round + n).try(who, 'call.place', { roomId, to })),
      );
      const won = wonBy(outcomes).map(({ call }) => call.id);
      expect(won).to.have.length(LIMIT - used);
      for (const { code, error } of refusedOf(outcomes)) {
        expect(code, error.message).to.equal('rate_limited');
        expect(error.retryAfterMs).to.be.greaterThan(0);
      }
      expect(await countedFor(suite, who)).to.equal(LIMIT);
      await cancel(who, won);
      for (const callId of [...before, ...won]) expect(suite.stage.asked(callId)).to.equal(1);
    });
    await servers.idle();
    await expectToldCalls(suite.database, roomId);
  });

  it('what a refused one had counted is given back: the others of the day are there still', async () => {
    await rounds(async (round) => {
      const who = await somebody(round, 'pair');
      const [to = '', other = '', third = ''] = buyers;
      const outcomes = await Promise.all(
        Array.from({ length: 6 }, (_, n) => servers.at(round + n).try(who, 'call.place', { roomId, to })),
      );
      const [won, ...more] = wonBy(outcomes);
      if (won === undefined) throw new Error('nobody calls');
      expect(more).to.deep.equal([]);
      for (const { code } of refusedOf(outcomes)) expect(code).to.be.oneOf(['conflict', 'rate_limited', 'unavailable']);
      expect(await countedFor(suite, who)).to.equal(1);
      const rest: string[] = [];
      for (const next of [other, third])
        rest.push((await servers.at(round).call(who, 'call.place', { roomId, to: next })).call.id);
      const late = await servers.at(round).try(who, 'call.place', { roomId, to: buyers[3] ?? '' });
      expect(refusedOf([late]).map(({ code }) => code)).to.deep.equal(['rate_limited']);
      await cancel(who, [won.call.id, ...rest]);
    });
  });
});

describe('Races for a call that somebody has to agree to, over two servers', () => {
  const servers = twoServers(CARRIER_STAGES['aliyun-click'], { CALL_APPROVAL: 'callee' });
  const { suite } = servers;

  it('one that was cancelled first rings nobody; one that was agreed to first has rung once, and rings no more', async () => {
    const wins = { approved: 0, cancelled: 0 };
    const handicap = new Handicap();
    const play = async (round: number): Promise<void> => {
      const { roomId, buyer } = await suite.project();
      const asked = { roomId, to: buyer.sub, fromNumber: OTHER_PHONE.typed };
      const { id: callId } = (await servers.at(round).call('admin', 'call.place', asked)).call;
      const of = { roomId, callId };
      const [cancelled, approved] = await handicap.race(
        () => servers.looked(roomId),
        () => servers.at(round).try(round % 2 === 0 ? 'admin' : buyer, 'call.cancel', of),
        () => Promise.all([0, 1].map((n) => servers.at(round + n).try(buyer, 'call.approve', of))),
      );
      await servers.idle();
      expect('data' in cancelled).to.equal(true);
      const [one] = await expectToldCalls(suite.database, roomId);
      const events = one?.facts.map(({ event }) => event);
      expect(one?.doc.call.state).to.equal('cancelled');
      for (const { code, error } of refusedOf(approved))
        expect([code, error.details]).to.deep.equal(['conflict', { callId, state: 'cancelled' }]);
      const wasApproved = events?.includes('call.approved') === true;
      handicap.won(wasApproved ? 'second' : 'first');
      if (wasApproved) {
        wins.approved += 1;
        expect(suite.stage.asked(callId)).to.be.at.most(1);
        expect(suite.stage.holds(callId)).to.equal(false);
      } else {
        wins.cancelled += 1;
        expect(wonBy(approved)).to.deep.equal([]);
        expect(suite.stage.asked(callId)).to.equal(0);
      }
    };
    await rounds(play, () => Math.min(wins.approved, wins.cancelled) > 0);
    expect(Math.min(wins.approved, wins.cancelled), JSON.stringify(wins)).to.be.greaterThan(0);
  });
});

describe('Races for the last privacy number, over two servers', () => {
  const servers = twoServers(CARRIER_STAGES['aliyun-axb']);
  const { suite } = servers;

  it('each is given to one call of a phone, and comes free with it', async () => {
    const lines = suite.stage.env['ALIYUN_AXB_NUMBERS']?.split(',') ?? [];
    for (let round = 0; round < ROUNDS / 2; round++) {
      const projects = await Promise.all([0, 1, 2, 3].map(() => suite.project()));
      const calls = await Promise.all(
        projects.map(({ roomId, buyer }, n) =>
          servers.at(round + n).call('admin', 'call.place', { roomId, to: buyer.sub }),
        ),
      );
      const given = calls.flatMap(({ call }) => (call.dial === undefined ? [] : [call.dial.number]));
      expect(given).to.have.members(lines);
      for (const { call } of calls)
        if (call.dial === undefined) expect(call).to.include({ state: 'failed', reason: 'no_line_free' });
      await Promise.all(
        calls.flatMap(({ call }, n) =>
          call.dial === undefined
            ? []
            : [servers.at(n).call('operator', 'call.cancel', { roomId: call.roomId, callId: call.id })],
        ),
      );
      await servers.idle();
      expect(await suite.database.connection.collection('axbLines').countDocuments({})).to.equal(0);
      for (const { call } of calls) expect(suite.stage.holds(call.id)).to.equal(false);
    }
  });
});
