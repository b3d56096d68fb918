import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { NodeAction, Project } from '../../shared/contract/projects.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { NodeInput } from '../../shared/contract/templates.ts';
import type { FlowFact } from '../../shared/model/flow/flow-fact.ts';
import { type Refused, until } from '../support/client.ts';
import type { PersonName } from '../support/portal.ts';
import { Handicap, playRounds, type RoundsOptions } from '../support/rounds.ts';
import { type Told, TwoOffices } from '../support/two-offices.ts';
import type { Who } from '../support/tokens.ts';

/** The gate runs the suite on both databases and has its time: fewer on the second one. */
const ROUNDS = (process.env['MONGODB_URI'] ?? '') === '' ? 100 : 20;
/** Rounds that run beside each other, each on a project of its own. */
const AT_A_TIME = 16;
const DAY_MS = 24 * 3_600_000;

const confirm: NodeInput = { id: 'ok', type: 'confirm', name: 'Agree', side: 'buyer', rejectable: true };
const work: NodeInput = { id: 'work', type: 'generic', name: 'Work', side: 'provider', role: 'provider_admin' };
const finish: NodeInput = { id: 'finish', type: 'finish', name: 'Finish', side: 'buyer' };
const claim: NodeInput = {
  id: 'claim',
  type: 'claim_order',
  name: 'Claim',
  side: 'provider',
  role: 'account_manager',
};
const dispatch: NodeInput = {
  id: 'dispatch',
  type: 'dispatch_order',
  name: 'Dispatch',
  side: 'system',
  role: 'delivery_specialist',
  rule: 'provider_first',
};
const automatic = { timeoutDays: 1, autoAdvance: true } as const;

describe('Races in the flow, over two servers', () => {
  let offices: TwoOffices;
  before(async () => {
    offices = await TwoOffices.open();
    const turns = [confirm, work, { ...finish, rejectable: true }];
    await offices.product('turns', await offices.template('Turns', turns));
  });
  after(() => offices.close());
  afterEach(async () => {
    expect(offices.faults.splice(0)).to.deep.equal([]);
    const claims = offices.database.connection.collection('placeClaims');
    // What goes on behind an answer is awaited.
    const pending = () => claims.countDocuments({ 'pending.0': { $exists: true } });
    await until('no place is kept for somebody any more', async () => (await pending()) === 0);
  });

  type Outcome = { won: true; project: Project } | { won: false; refused: Refused };
  const outcomeOf = (answer: { data: { project: Project } } | { refused: Refused }): Outcome =>
    'data' in answer ? { won: true, project: answer.data.project } : { won: false, refused: answer.refused };

  const act = async (
    server: number,
    who: PersonName | Who,
    input: Omit<CommandInput<'node.act'>, 'reason'>,
  ): Promise<Outcome> => {
    const reason = input.action === 'reject' ? { reason: 'Not yet' } : {};
    return outcomeOf(await offices.try(server, who, 'node.act', { ...input, ...reason }));
  };

  /** Rounds one beside the other; each is told its number. */
  const rounds = (play: (round: number) => Promise<void>, more: Partial<RoundsOptions> = {}): Promise<void> =>
    playRounds({ count: ROUNDS, atATime: AT_A_TIME, ...more }, play);

  /** One has won, and the other was refused with one of the codes and told where the project stands now. */
  function oneWinner(outcomes: readonly Outcome[], codes: readonly string[], now: Project, at: Partial<Project>): void {
    const refusals = outcomes.flatMap((outcome) => (outcome.won ? [] : [outcome.refused]));
    expect(outcomes.length - refusals.length, refusals.map(String).join('; ')).to.equal(1);
    for (const { code, error } of refusals) {
      expect(code).to.be.oneOf(codes);
      const visit = now.nodes.find(({ id }) => id === now.current)?.visit ?? null;
      const { status, current } = now;
      expect(error.details).to.deep.include({ status, current, visit, ...at });
    }
  }

  const events = (log: readonly Told[], ...names: FlowFact['event'][]): Told[] =>
    log.filter(({ body }) => names.includes(body.event));

  async function consistent(projectId: string): Promise<Told[]> {
    const { shown, folded, log } = await offices.shownAndFolded(1, projectId);
    expect(folded).to.deep.equal(shown);
    return log;
  }

  it('of two sides that act on one visit one wins; the other is told the present state', async () => {
    const wins = new Map<string, number>();
    const play = async (round: number): Promise<void> => {
      const projectId = await offices.order(round, 'turns', randomUUID());
      let now = await offices.latest(round, projectId);
      let races = 0;
      const race = async (nodeId: string, contestants: readonly [PersonName, NodeAction][]): Promise<void> => {
        expect(now.current).to.equal(nodeId);
        const visit = now.nodes.find(({ id }) => id === nodeId)?.visit ?? 0;
        const ranked = round % 2 === 0 ? contestants : contestants.toReversed();
        const outcomes = await Promise.all(
          // Neither who is asked first nor which server is the faster decides for one of them in every round.
          ranked.map(([who, action], index) =>
            act(Math.floor(round / 2) + index, who, { projectId, nodeId, action, visit }),
          ),
        );
        for (const outcome of outcomes) if (outcome.won) now = outcome.project;
        oneWinner(outcomes, now.status === 'completed' ? ['read_only'] : ['conflict'], now, {});
        const what = `${nodeId}: ${ranked[outcomes.findIndex(({ won }) => won)]?.join(' ')}`;
        wins.set(what, (wins.get(what) ?? 0) + 1);
        races += 1;
      };
      const both: [PersonName, NodeAction][] = [
        ['buyer', 'confirm'],
        ['buyer', 'reject'],
      ];
      await race('ok', both);
      if (now.current === 'ok') {
        await race('ok', [
          ['buyer', 'confirm'],
          ['operator', 'confirm'],
        ]);
      }
      await race('work', [
        ['admin', 'finish'],
        ['operator', 'finish'],
      ]);
      await race('finish', both);
      expect(events(await consistent(projectId), 'node.done', 'node.rejected')).to.have.length(races);
    };
    await rounds(play, { seen: () => wins.size === 7 });
    // Were one always the faster, there would have been no race.
    expect([...wins.keys()], JSON.stringify([...wins])).to.have.length(7);
  });

  it('a sweep for what is due, run by two workers at once, does everything once', async () => {
    const steps = Array.from({ length: 50 }, (_, i): NodeInput => {
      return { ...confirm, id: `ok-${i}`, rejectable: false, timeoutDays: 0.1, autoAdvance: true };
    });
    await offices.product('automatic', await offices.template('Automatic', [...steps, { ...finish, ...automatic }]));
    let round = 0;
    while (round < ROUNDS) {
      const projects = [0, 1, 2].map((server) => offices.order(server, 'automatic', randomUUID()));
      const ids = await Promise.all(projects);
      for (let step = 0; step < steps.length; step++, round++) {
        const due = await offices.sweeps[0]?.nextDueAt();
        offices.clock.advance(Math.max(0, (due ?? 0) - offices.clock.now()));
        const changed = await Promise.all(offices.sweeps.map((sweep) => sweep.timeouts()));
        expect(changed.reduce((a, b) => a + b)).to.be.within(1, ids.length * 2);
        // Another one's due instant can be some milliseconds later.
        offices.clock.advance(10);
        await Promise.all(offices.sweeps.map((sweep) => sweep.timeouts()));
      }
      for (const projectId of ids) {
        const log = await consistent(projectId);
        const done = events(log, 'node.done').map(({ body }) => 'node' in body && [body.node.id, body.visit]);
        expect(done).to.deep.equal(steps.map(({ id }) => [id, 1]));
        expect(events(log, 'node.timed_out')).to.have.length(steps.length);
        expect(events(log, 'node.entered')).to.have.length(steps.length + 2);
        await offices.call(0, 'operator', 'project.close', { projectId, reason: 'Enough' });
      }
    }
  });

  it('a sweep over the queue for providers, run by two workers at once, gives each place once, first in, first out', async () => {
    await offices.call(0, 'service', 'org.put', { orgId: 'swept', name: 'Swept' });
    await offices.product('swept', await offices.template('Swept', [finish]), [{ org: 'swept', maxLoad: 0 }]);
    const ids: string[] = [];
    for (let i = 0; i < ROUNDS + 5; i++) ids.push(await offices.order(i, 'swept', randomUUID()));
    const products = offices.database.connection.collection<{ _id: string }>('products');
    for (let round = 1; round <= ROUNDS; round++) {
      // Behind the servers' backs, so that it is left to the sweeps.
      await products.updateOne({ _id: 'swept' }, { $set: { 'providers.0.maxLoad': round } });
      const given = await Promise.all(offices.sweeps.map((sweep) => sweep.providerQueue()));
      expect(given.reduce((a, b) => a + b)).to.equal(1);
      expect(await heldBy({ providerOrg: 'swept' })).to.deep.equal(ids.slice(0, round));
    }
    for (const projectId of ids.slice(0, ROUNDS)) {
      const log = await consistent(projectId);
      expect(events(log, 'provider.assigned')).to.have.length(1);
      expect(events(log, 'project.queued')).to.have.length(1);
    }
  });

  it('a sweep over the queue for staff, run by two workers at once, gives each place once, first in, first out', async () => {
    const staff = await crowd('swept', 'delivery_specialist', 2, 0);
    await offices.product('swept-staff', await offices.template('Swept staff', [dispatch, finish]), [
      { org: 'swept-staff', maxLoad: 100_000 },
    ]);
    const ids: string[] = [];
    for (let i = 0; i < ROUNDS + 5; i++) ids.push(await offices.order(i, 'swept-staff', randomUUID()));
    // What the orders set going is done when each has been told, and a sweep finds nothing more to say.
    await until(
      'all are told that they wait',
      async () => (await waitingFor('swept-staff', 'staff_full')) === ids.length,
    );
    for (const sweep of offices.sweeps) expect(await sweep.staffQueue()).to.equal(0);
    const people = offices.database.connection.collection<{ _id: string }>('staff');
    for (let round = 1; round <= ROUNDS; round++) {
      await people.updateOne({ _id: staff[round % 2] ?? '' }, { $inc: { maxLoad: 1 } });
      const given = await Promise.all(offices.sweeps.map((sweep) => sweep.staffQueue()));
      expect(given.reduce((a, b) => a + b)).to.equal(1);
      expect(await heldBy({ crew: { $in: staff } })).to.deep.equal(ids.slice(0, round));
    }
    for (const who of staff) expect(await heldBy({ crew: who })).to.have.length(ROUNDS / 2);
    for (const projectId of ids.slice(0, ROUNDS))
      expect(events(await consistent(projectId), 'order.dispatched')).to.have.length(1);
  });

  const waitingFor = (productId: string, reason: string): Promise<number> =>
    offices.database.connection
      .collection('rooms')
      .countDocuments({ 'waiting.productId': productId, 'waiting.reason': reason });

  /** The running projects that somebody has in hand, in the order in which they came. */
  async function heldBy(holder: Record<string, unknown>): Promise<string[]> {
    const rooms = offices.database.connection.collection<{ _id: string }>('rooms');
    const held = await rooms
      .find({ ...holder, status: { $in: ['executing', 'paused'] } }, { projection: { _id: 1 } })
      .sort({ createdAt: 1 })
      .toArray();
    return held.map(({ _id }) => _id);
  }

  /** A company with so many people of a role, each of whom takes so many projects. */
  async function crowd(
    name: string,
    role: 'delivery_specialist' | 'account_manager',
    count: number,
    maxLoad: number,
  ): Promise<string[]> {
    const org = `${name}-staff`;
    await offices.call(0, 'service', 'org.put', { orgId: org, name: org });
    const ids = Array.from({ length: count }, (_, i) => `${org}-${i}`);
    for (const userId of ids)
      await offices.call(0, 'service', 'staff.put', { userId, org, name: userId, roles: [role], maxLoad });
    return ids;
  }

  it('of two staff who claim one order at two servers one has it', async () => {
    await offices.product('claimed', await offices.template('Claimed', [claim, finish]));
    const manager = (sub: string): Who => ({
      sub,
      side: 'provider',
      org: 'studio',
      name: sub,
      roles: ['account_manager'],
    });
    const two = [manager('am-1'), manager('am-2')];
    await rounds(async (round) => {
      const projectId = await offices.order(round, 'claimed', randomUUID());
      // They look at it first, each at their server.
      await Promise.all(two.map((who, index) => offices.project(round + index, projectId, who)));
      const outcomes = await Promise.all(
        two.map((who, index) => act(round + index, who, { projectId, nodeId: 'claim', action: 'claim', visit: 1 })),
      );
      const after = await offices.latest(round, projectId);
      const lost = outcomes.find((outcome) => !outcome.won);
      // The loser's server may know by then that the project is not theirs to see any more.
      if (lost?.won === false && lost.refused.code === 'not_found')
        expect(outcomes.some(({ won }) => won)).to.equal(true);
      else oneWinner(outcomes, ['conflict'], after, {});
      const claims = events(await consistent(projectId), 'order.claimed');
      const winner = two[outcomes.findIndex(({ won }) => won)]?.sub;
      expect(claims.map(({ actor }) => actor.id)).to.deep.equal([winner]);
      expect(await heldBy({ crew: winner, _id: projectId })).to.deep.equal([projectId]);
    });
  });

  it('of two orders that one person claims at two servers with one place left, one is theirs', async () => {
    const staff = await crowd('claimed', 'account_manager', ROUNDS, 1);
    await offices.product('claimed-full', await offices.template('Claimed again', [claim, finish]), [
      { org: 'claimed-staff', maxLoad: 100_000 },
    ]);
    await rounds(async (round) => {
      const sub = staff[round] ?? '';
      const who: Who = { sub, side: 'provider', org: 'claimed-staff', name: sub, roles: ['account_manager'] };
      const ids = await Promise.all([0, 1].map((server) => offices.order(server, 'claimed-full', randomUUID())));
      const outcomes = await Promise.all(
        ids.map((projectId, server) => act(server, who, { projectId, nodeId: 'claim', action: 'claim', visit: 1 })),
      );
      expect(outcomes.map((outcome) => (outcome.won ? 'won' : outcome.refused.code))).to.have.members([
        'won',
        'conflict',
      ]);
      expect(await heldBy({ crew: sub })).to.have.length(1);
    });
  });

  for (const kind of ['provider', 'staff'] as const) {
    it(`one free place of a ${kind} that many projects wait for goes to the first of them, and the maximum is kept`, async () => {
      const name = `scarce-${kind}`;
      await offices.call(0, 'service', 'org.put', { orgId: name, name });
      const who: CommandInput<'staff.put'> = {
        userId: name,
        org: name,
        name,
        roles: ['delivery_specialist'],
        maxLoad: 1,
      };
      await offices.call(0, 'service', 'staff.put', who);
      const nodes = kind === 'provider' ? [finish] : [dispatch, finish];
      const maxLoad = kind === 'provider' ? 1 : 100_000;
      await offices.product(name, await offices.template(name, nodes), [{ org: name, maxLoad }]);
      const ids: string[] = [];
      const order = async (server: number) => void ids.push(await offices.order(server, name, randomUUID()));
      for (let i = 0; i < 10; i++) await order(i);
      const holder = kind === 'provider' ? { providerOrg: name } : { crew: name };
      const isHeld = async (): Promise<boolean> => (await heldBy(holder)).length > 0;
      await until('somebody has it', isHeld);
      expect(await heldBy(holder)).to.deep.equal([ids[0]]);
      for (let round = 0; round < ROUNDS; round++) {
        const [leaves = '', first = ''] = ids.slice(round);
        const [one, other] = offices.sweeps;
        // Freed at one server while the other one, and both workers, look at the same queue.
        await Promise.all([
          offices.call(round, 'operator', 'project.close', { projectId: leaves, reason: 'Cancelled' }),
          order(round + 1),
          kind === 'provider' ? one?.providerQueue() : one?.staffQueue(),
          kind === 'provider' ? other?.providerQueue() : other?.staffQueue(),
        ]);
        // A place may be given behind the answer, too.
        await until('somebody has it', isHeld);
        expect(await heldBy(holder), `round ${round}`).to.deep.equal([first]);
      }
      for (const projectId of ids) {
        const log = await consistent(projectId);
        const given = events(log, kind === 'provider' ? 'provider.assigned' : 'order.dispatched');
        expect(given).to.have.length(ids.indexOf(projectId) <= ROUNDS ? 1 : 0);
      }
    });
  }

  it('a change of provider and the end of its work at once leave the next run, and the work done before it or not at all', async () => {
    await offices.product('handed', await offices.template('Handed', [work, finish]), [
      { org: 'studio', maxLoad: 100_000 },
    ]);
    const ids: string[] = [];
    await rounds(async (round) => void ids.push(await offices.order(round, 'handed', randomUUID())));
    await offices.product('handed', await offices.template('Handed again', [work, finish]), [
      { org: 'studio', maxLoad: 100_000 },
      { org: 'rivals', maxLoad: 100_000 },
    ]);
    await rounds(async (round) => {
      const projectId = ids[round] ?? '';
      const change = { projectId, org: 'rivals', remark: 'Late' };
      const [handing, done] = await Promise.all([
        offices.try(round, 'vendor', 'project.changeProvider', change),
        act(round + 1, 'admin', { projectId, nodeId: 'work', action: 'finish', visit: 1 }),
      ]);
      expect(handing).to.have.property('data');
      if (!done.won) expect(done.refused.code).to.be.oneOf(['conflict', 'forbidden', 'not_found']);
      const after = await offices.latest(round, projectId);
      expect([after.run, after.provider?.org, after.current]).to.deep.equal([2, 'rivals', 'work']);
      const log = await consistent(projectId);
      expect(events(log, 'node.done')).to.have.length(done.won ? 1 : 0);
      expect(events(log, 'provider.changed')).to.have.length(1);
    });
  });

  it('a pause and the sweep for what is due at once: what was due is done once, and before the pause', async () => {
    const steps = [{ ...confirm, rejectable: false, ...automatic }, finish];
    await offices.product('paused', await offices.template('Paused', steps));
    const ids: string[] = [];
    await rounds(async (round) => void ids.push(await offices.order(round, 'paused', randomUUID())));
    offices.clock.advance(5 * DAY_MS);
    const sweeping = Promise.all(offices.sweeps.map((sweep) => sweep.timeouts()));
    await rounds(async (round) => {
      // From the other end than the sweeps go.
      await offices.call(round, 'buyer', 'project.pause', { projectId: ids.at(-1 - round) ?? '' });
    });
    await sweeping;
    for (const projectId of ids) {
      const { status, current } = await offices.latest(0, projectId);
      expect([status, current]).to.deep.equal(['paused', 'finish']);
      const seen = events(await consistent(projectId), 'node.timed_out', 'node.done', 'project.paused');
      expect(seen.map(({ body }) => body.event)).to.deep.equal(['node.timed_out', 'node.done', 'project.paused']);
    }
  });

  it('of a closing and the last confirmation one ends the project', async () => {
    await offices.product('ended', await offices.template('Ended', [finish]));
    const statuses = new Set<string>();
    const handicap = new Handicap();
    const play = async (round: number): Promise<void> => {
      const projectId = await offices.order(round, 'ended', randomUUID());
      const outcomes = await handicap.race(
        () => offices.project(round, projectId),
        async () =>
          outcomeOf(await offices.try(round, 'operator', 'project.close', { projectId, reason: 'Paid back' })),
        () => act(round + 1, 'buyer', { projectId, nodeId: 'finish', action: 'confirm', visit: 1 }),
      );
      handicap.won(outcomes[0].won ? 'first' : 'second');
      const after = await offices.latest(round, projectId);
      statuses.add(after.status);
      oneWinner(outcomes, ['read_only'], after, { status: outcomes[0].won ? 'cancelled' : 'completed' });
      expect(events(await consistent(projectId), 'project.closed', 'project.completed')).to.have.length(1);
    };
    await rounds(play, { seen: () => statuses.size === 2 });
    expect(statuses.size).to.equal(2);
  });
});
