import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { AxbLines, axbLineModel } from '../../server/calls/bridges/axb-lines.ts';
import type { CallbackRequest } from '../../server/calls/bridges/call-bridge.ts';
import type { CallDoc } from '../../server/calls/call-store.ts';
import type { RecordingDoc } from '../../server/calls/recordings.ts';
import type { NumberDoc, NumberUseDoc } from '../../server/numbers/vault-store.ts';
import { createLog } from '../../server/telemetry/log.ts';
import type { EntryDoc } from '../../server/timeline/entry-store.ts';
import { CALL_DIAL_MS, CALL_MAX_MINUTES_DEFAULT, CALL_REPORT_MS } from '../../shared/contract/limits.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import { type CompiledService, compiledService } from '../chaos/compiled-service.ts';
import { Mortal } from '../chaos/mortal.ts';
import { calleeNumber, CALLER, callerNumber, CANARY, OTHER_PHONE, STORIES } from '../server/calls/carriers/stories.ts';
import { CARRIER_STAGES, type CarrierStage } from '../support/call-stages.ts';
import { expectNothingLeft, expectToldCalls } from '../support/call-story.ts';
import { post, Refused, until } from '../support/client.ts';
import { Dice } from '../support/dice.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { people, Portal } from '../support/portal.ts';
import { startTestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import type { Who } from '../support/tokens.ts';
import { testNumbers } from '../support/vault.ts';

const SEED = 6;
/** Of the servers before each carrier. The gate runs the suite on both databases and has its time: fewer on the second one. */
const KILLS = (process.env['MONGODB_URI'] ?? '') === '' ? 10 : 2;
/** Of the servers before the last carrier: for as many as this it goes on until kills have come in between where they should. */
const KILLS_MAX = 40;
/** People who call at a time, and how much is answered between two kills at most. */
const AT_A_TIME = 8;
const BETWEEN = 40;
const HOUR = 3_600_000;
/** As many as there are calls that nothing more is heard of: a phone has each for one call at a time. */
const PRIVACY_NUMBERS = Array.from({ length: 200 }, (_, n) => `+861700000${String(n + 1).padStart(4, '0')}`);

/** Where a kill has come in between. */
const CUTS = [
  'stored, not handed over',
  'handed over, not named',
  'not told',
  'not given back',
  'in a callback',
] as const;
type Cut = (typeof CUTS)[number];
/** At how many of them kills have to have come in between, over all carriers. */
const CUTS_MIN = KILLS >= 10 ? CUTS.length : 2;

interface Project {
  readonly roomId: string;
  readonly buyer: Who;
}

/** People who call each other at the server that is up, and a carrier that calls back until it is heard. */
class Town {
  readonly stage: CarrierStage;
  readonly database: SharedDatabase;
  readonly projects: Project[] = [];
  /** Ids of calls that were answered. */
  readonly placed = new Set<string>();
  readonly cuts = new Map<Cut, Set<string>>();
  answered = 0;
  /** How often somebody has asked for a call. */
  asks = 0;
  over = false;
  /** Resolves when all have done what they had begun. */
  lives: Promise<unknown> = Promise.resolve();
  /** Of the server that is up. */
  url: string | undefined;
  readonly #tokens = new Portal('');

  constructor(stage: CarrierStage, database: SharedDatabase) {
    this.stage = stage;
    this.database = database;
  }

  get calls() {
    return this.database.connection.collection<CallDoc>('calls');
  }

  /** Does something at the server that is up. @returns undefined where a kill has cut it off */
  async #atServer<Result>(work: (url: string) => Promise<Result>): Promise<Result | undefined> {
    await until('a server is up', () => this.url !== undefined, 30_000);
    const { url = '' } = this;
    try {
      const result = await work(url);
      this.answered += 1;
      return result;
    } catch (error) {
      if (url === this.url) throw error;
      return undefined;
    }
  }

  /** @returns undefined where it was cut off @throws {Refused} */
  async ask<Name extends CommandName>(
    who: 'admin' | 'service' | Who,
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name> | undefined> {
    const token = await this.#tokens.token(who);
    const answer = await this.#atServer((url) => post(url, token, name, input));
    if (answer?.problem !== undefined) throw new Refused(name, answer.problem);
    return answer?.data;
  }

  async project(): Promise<Project> {
    const buyer = { sub: `buyer-${randomUUID().slice(0, 8)}`, side: 'buyer', org: 'buyers', name: 'Bao' } as const;
    const order = {
      orderId: randomUUID(),
      productId: 'website',
      buyer: { id: buyer.sub, org: buyer.org, name: buyer.name, contact: { phone: calleeNumber('talked').reveal() } },
    };
    for (;;) {
      const made = await this.ask('service', 'project.create', order);
      if (made === undefined) continue;
      const project = { roomId: made.roomId, buyer };
      this.projects.push(project);
      return project;
    }
  }

  /** Calls, and lets happen what then happens, until it is over. */
  async live(dice: Dice): Promise<void> {
    let project = await this.project();
    while (!this.over) {
      await this.#place(project, dice);
      const call = await this.calls.findOne({ roomId: project.roomId, running: { $exists: true } });
      if (call === null) continue;
      const { roomId } = project;
      if (dice.chance(0.4)) await this.#quietly(this.ask(project.buyer, 'call.cancel', { roomId, callId: call._id }));
      else if (dice.chance(0.8) && this.stage.holds(call._id)) {
        for (const request of this.stage.callbacks(call._id, dice.pick(STORIES))) await this.#tell(request, dice);
      }
      // Of some of which nothing more is heard.
      else project = await this.project();
    }
  }

  async #place({ roomId, buyer }: Project, dice: Dice): Promise<void> {
    this.asks += 1;
    const given = dice.chance(0.5) ? { fromNumber: OTHER_PHONE.typed } : {};
    const placing = dice.chance(0.7)
      ? this.ask('admin', 'call.place', { roomId, to: buyer.sub, ...given })
      : this.ask(buyer, 'call.place', { roomId, to: people.admin.sub, ...given });
    const placed = await this.#quietly(placing);
    if (placed !== undefined) this.placed.add(placed.call.id);
  }

  /** Where something else was faster, or was not told before the kill. */
  async #quietly<Result>(work: Promise<Result>): Promise<Result | undefined> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'conflict') throw error;
      return undefined;
    }
  }

  /** Until it is taken, as carriers do; and some once more. */
  async #tell(request: CallbackRequest, dice: Dice): Promise<void> {
    const { url: path, headers, body } = request;
    const times = dice.chance(0.2) ? 2 : 1;
    for (let taken = 0; taken < times; ) {
      const status = await this.#atServer(async (url) => {
        const answer = await fetch(`${url}${path}`, {
          method: 'POST',
          headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
          body: Uint8Array.from(body),
        });
        await answer.arrayBuffer();
        return answer.status;
      });
      if (status === undefined) this.#cut('in a callback', randomUUID());
      else expect(status).to.equal(200);
      if (status === 200) taken += 1;
    }
  }

  /** Calls of which no server has learnt what their carrier calls them: it tells so as they go on. */
  async callBack(): Promise<void> {
    const dice = new Dice(SEED);
    for (const { _id, carrierId } of await this.calls.find().toArray()) {
      if (carrierId !== undefined || !this.stage.holds(_id)) continue;
      for (const request of this.stage.callbacks(_id, 'talked')) await this.#tell(request, dice);
    }
  }

  #cut(where: Cut, id: string): void {
    this.cuts.set(where, (this.cuts.get(where) ?? new Set()).add(id));
  }

  /** Finds what the last kill has left, while nothing runs. */
  async look(): Promise<void> {
    for (const { _id, call, placedAt, carrierId, outbox, left } of await this.calls.find().toArray()) {
      const isRinging = call.endedAt === undefined && placedAt !== undefined && carrierId === undefined;
      if (isRinging) this.#cut(this.stage.asked(_id) === 0 ? 'stored, not handed over' : 'handed over, not named', _id);
      if (outbox.length > 0) this.#cut('not told', _id);
      if (left !== undefined && call.endedAt !== undefined) this.#cut('not given back', _id);
    }
  }

  close(): void {
    this.#tokens.close();
  }
}

describe('A server that is killed in the middle of calls', function () {
  this.timeout(300_000);
  let compiled: CompiledService;
  const cuts = new Map<Cut, number>();
  before(async () => {
    compiled = await compiledService();
  });
  after(() => compiled.drop());

  for (const [bridge, open] of Object.entries(CARRIER_STAGES)) {
    it(`over ${bridge} rings no phone twice, and leaves nothing that the next one and the job do not make good`, async () => {
      const [stage, database] = await Promise.all([open(), createSharedDatabase()]);
      const env = {
        ...stage.env,
        ...(bridge === 'aliyun-axb' ? { ALIYUN_AXB_NUMBERS: PRIVACY_NUMBERS.join(',') } : {}),
        CALL_DAILY_LIMIT: '10000',
        CALL_RECORDING: '1',
        LOG_LEVEL: 'info',
      };
      const town = new Town(stage, database);
      const servers: Mortal[] = [];
      try {
        const isLast = bridge === Object.keys(CARRIER_STAGES).at(-1);
        await killed(
          town,
          servers,
          env,
          () => !isLast || new Set([...cuts.keys(), ...town.cuts.keys()]).size >= CUTS_MIN,
        );
        await healed(town, env);
        await expectWhole(town, bridge);
        expect(servers.flatMap(({ faults, falls }) => [...faults, ...falls]).join('\n')).to.equal('');
      } finally {
        for (const server of servers) await server.kill();
        town.close();
        await database.drop();
        await stage.carrier.stop();
      }
    });
  }

  /** Kills one server after the other at random instants; the next one starts beside it, and takes over. */
  async function killed(town: Town, servers: Mortal[], env: NodeJS.ProcessEnv, isShown: () => boolean): Promise<void> {
    const { stage, database } = town;
    const start = async (): Promise<Mortal> => {
      const server = new Mortal({
        name: `server ${servers.length + 1}`,
        command: [process.execPath, compiled.beforeCarrier],
        env: () => ({
          ...database.env,
          ...env,
          CARRIER: stage.carrier.origin,
          PORT: '0',
          RATE_LIMIT_FACTOR: '0',
          JOBS: 'apart',
        }),
        address: /"url":"([^"]+)"[^\n]*"msg":"serving"/,
      });
      servers.push(server);
      await server.serve();
      return server;
    };
    let server = await start();
    const portal = new Portal(server.address ?? '');
    await portal.seed();
    const { sub: userId, org, name, roles } = people.admin;
    await portal.call('service', 'staff.put', { userId, org, name, roles: [...roles], maxLoad: 5, phone: CALLER });
    town.url = server.address;
    const dice = new Dice(SEED);
    const lives = Array.from({ length: AT_A_TIME }, () => town.live(dice.apart()));
    town.lives = Promise.all(lives);
    // Where one goes wrong, whoever waits for them is told.
    town.lives.catch(() => undefined);
    for (let kill = 1; ; kill++) {
      // The last one is another's.
      const isLast = kill >= KILLS && (isShown() || kill >= KILLS_MAX);
      const next = isLast ? undefined : await start();
      const enough = town.answered + 1 + dice.below(BETWEEN);
      await until('it goes on', () => town.answered >= enough, 30_000);
      town.url = undefined;
      await server.kill();
      await town.look();
      if (next === undefined) break;
      server = next;
      town.url = server.address;
    }
    town.over = true;
  }

  /** The last server starts, is told what was not heard, and time passes. */
  async function healed(town: Town, env: NodeJS.ProcessEnv): Promise<void> {
    const { stage, database } = town;
    const clock = new ManualClock(Date.now());
    const faults: string[] = [];
    const log = createLog('error', { write: (line) => void faults.push(line) });
    // None is silent here: a machine that is busy is given its time.
    const standIn = { ...stage.standIn, timeoutMs: 20_000 };
    const last = await startTestService({ database, env, overrides: { clock, log, standIn } });
    try {
      town.url = last.service.url;
      await town.lives;
      await town.callBack();
      const { sweeps, calls } = last.context;
      clock.advance(2 * HOUR);
      await sweeps.calls();
      await calls.idle();
      await sweeps.callEnds();
      await sweeps.recordings();
      await sweeps.numbers();
      expect(await sweeps.calls()).to.equal(0);
      expect(await sweeps.recordings()).to.equal(0);
      expect(faults).to.deep.equal([]);
    } finally {
      await last.stop();
    }
  }

  async function expectWhole(town: Town, bridge: string): Promise<void> {
    const { stage, database, placed, projects, asks } = town;
    const { connection } = database;
    expect(await expectNothingLeft(database)).to.be.greaterThan(KILLS);
    const all = await connection.collection<CallDoc>('calls').find().toArray();
    const known = new Map(all.map((doc) => [doc._id, doc]));
    expect(
      [...placed].filter((id) => !known.has(id)),
      'calls that were answered and are not there',
    ).to.deep.equal([]);
    const uses = await connection.collection<NumberUseDoc>('numberUses').find({ purpose: 'call' }).toArray();
    let heard = 0;
    for (const { roomId } of projects) {
      for (const { doc } of await expectToldCalls(database, roomId)) {
        heard += 1;
        const { _id: callId } = doc;
        const asked = stage.asked(callId);
        expect(asked, `how often ${callId} was rung`).to.be.at.most(1);
        if (asked === 0) expect(doc.call.connectedAt).to.equal(undefined);
        expect(stage.holds(callId), callId).to.equal(false);
        const request = await connection
          .collection<EntryDoc>('entries')
          .findOne({ roomId, 'body.callId': callId, 'body.event': 'call.requested' });
        const ofCall = uses.filter(({ cause }) => cause !== undefined && cause === request?.cause);
        expect(ofCall.length, 'numbers that were taken out').to.be.within(asked * 2, 2);
      }
    }
    expect(heard).to.equal(all.length);
    const days = await connection.collection<{ asked: number }>('callDays').find().toArray();
    const counted = days.reduce((sum, { asked }) => sum + asked, 0);
    expect(counted, 'calls that are counted').to.be.within(all.length, asks);
    const numbers = connection.collection<NumberDoc>('numbers');
    expect(await numbers.countDocuments({ 'owner.kind': 'call' }), 'numbers of calls').to.equal(0);
    const recordings = await connection.collection<RecordingDoc>('callRecordings').find().toArray();
    expect(new Set(recordings.map(({ callId }) => callId)).size).to.equal(recordings.length);
    const files = await connection
      .collection('files.files')
      .find({ filename: /^call-/ })
      .toArray();
    expect(files.map(({ _id }) => String(_id))).to.have.members(recordings.map(({ fileId }) => String(fileId)));
    if (bridge === 'aliyun-axb') await expectLinesFree(town, known);
    expect(await database.dump()).not.to.match(CANARY);
    for (const [where, ids] of town.cuts) cuts.set(where, (cuts.get(where) ?? 0) + ids.size);
  }

  /**
   * Those of bindings whose name no server has learnt come free when their carrier would drop them, and those of which no server has learnt that they are ended:
   * it was killed before. All others are free.
   */
  async function expectLinesFree({ database, cuts: killed }: Town, known: ReadonlyMap<string, CallDoc>): Promise<void> {
    const model = axbLineModel(database.connection);
    const drops = CALL_DIAL_MS + CALL_MAX_MINUTES_DEFAULT * 60_000 + CALL_REPORT_MS;
    for (const { _id, subsId, until: at } of await model.find().lean()) {
      const isNamed = subsId !== null || known.get(_id)?.carrierId !== undefined;
      if (isNamed) expect(killed.get('not given back') ?? new Set(), _id).to.include(_id);
      expect(at.getTime()).to.be.at.most(Date.now() + drops);
    }
    const { vault } = await testNumbers(database.connection);
    const wall = new ManualClock(Date.now() + drops);
    const lines = new AxbLines({ model, mac: (...texts) => vault.mac(...texts), numbers: PRIVACY_NUMBERS, wall });
    const call = { callId: 'later', caller: callerNumber, callee: calleeNumber('talked') };
    const line = await lines.hold(call, wall.now() + HOUR);
    expect(line.reveal()).to.equal(PRIVACY_NUMBERS[0]);
    expect(await model.countDocuments()).to.equal(1);
  }

  it('and was killed at each point between the two ends of a call', () => {
    expect(cuts.size, JSON.stringify([...cuts])).to.be.at.least(CUTS_MIN);
  });
});
