import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { COMPETITORS, HOUR_MS, proposalInput, publish, seedCompetitors, third } from '../support/demands.ts';
import { expectToldState } from '../support/demand-story.ts';
import type { Refused } from '../support/client.ts';
import { Handicap, playRounds, type RoundsOptions } from '../support/rounds.ts';
import { TwoOffices } from '../support/two-offices.ts';
import type { Who } from '../support/tokens.ts';

/** The gate runs the suite on both databases and has its time: fewer on the second one. */
const ROUNDS = (process.env['MONGODB_URI'] ?? '') === '' ? 100 : 20;
/** Who has the places before the last one. */
const TAKEN = ['studio', 'rivals', 'atelier', 'fourth'];
/** Rounds that run beside each other, each on a demand of its own. */
const AT_A_TIME = 8;

describe('Races for a demand, over two servers', function () {
  this.timeout(180_000);
  let offices: TwoOffices;
  before(async () => {
    offices = await TwoOffices.open();
    await seedCompetitors(offices.at(0));
    await offices.call(0, 'service', 'org.put', { orgId: 'fourth', name: 'Fourth' });
  });
  after(() => offices.close());
  afterEach(() => expect(offices.faults.splice(0)).to.deep.equal([]));

  /** Rounds one beside the other; each is told its number. */
  const rounds = (play: (round: number) => Promise<void>, more: Partial<RoundsOptions> = {}): Promise<void> =>
    playRounds({ count: ROUNDS, atATime: AT_A_TIME, ...more }, play);

  type Outcome = { data: unknown } | { refused: Refused };
  const won = (outcome: Outcome): boolean => 'data' in outcome;
  const refusedOf = (outcomes: readonly Outcome[]): Refused[] =>
    outcomes.flatMap((outcome) => ('refused' in outcome ? [outcome.refused] : []));

  /** Demands that the plaza shows. */
  async function shown(count: number): Promise<string[]> {
    const ids: string[] = [];
    await rounds(async (round) => void ids.push(await publish(offices.at(round))), { count });
    offices.clock.advance(HOUR_MS);
    await Promise.all(offices.sweeps.map((sweep) => sweep.plaza()));
    return ids;
  }

  /** A demand that the studio follows, with a proposal. */
  async function quoted(round: number): Promise<{ opportunityId: string; proposalId: string }> {
    const opportunityId = await publish(offices.at(round), { kind: 'targeted', org: 'studio' });
    await offices.call(round, 'admin', 'opportunity.accept', { opportunityId });
    const { proposal } = await offices.call(round, 'admin', 'proposal.send', proposalInput(opportunityId, 'studio'));
    return { opportunityId, proposalId: proposal.id };
  }

  const pay = (server: number, opportunityId: string, proposalId: string, more: object = {}) =>
    offices.try(server, 'service', 'opportunity.reportPaid', {
      opportunityId,
      proposalId,
      paymentId: randomUUID(),
      orderId: randomUUID(),
      ...more,
    });

  const looked = (server: number, opportunityId: string) =>
    offices.call(server, 'operator', 'proposal.list', { opportunityId });

  /** The delivery projects of a demand. */
  const projectsOf = (opportunityId: string): Promise<number> =>
    offices.database.connection.collection('rooms').countDocuments({ 'project.opportunityId': opportunityId });

  it('of four providers that grab the last place one has it, and the others come too late', async () => {
    const demands = await shown(ROUNDS);
    const winners = new Map<number, number>();
    await rounds(async (round) => {
      const opportunityId = demands[round] ?? '';
      for (const org of TAKEN) await offices.call(round, 'operator', 'opportunity.assign', { opportunityId, org });
      const racers = Array.from({ length: 4 }, (_, n): Who => {
        return { ...third, sub: `racer-${round}-${n}`, org: `racer-${round}-${n}` };
      });
      const outcomes = await Promise.all(
        racers.map((who, n) => offices.try(round + n, who, 'opportunity.grab', { opportunityId })),
      );
      const late = refusedOf(outcomes);
      expect(late, late.map(String).join('; ')).to.have.length(racers.length - 1);
      for (const { code, error } of late) {
        expect(code).to.equal('conflict');
        expect(error.details).to.deep.equal({ status: 'closed' });
        expect(error.message).to.match(/too late/);
      }
      const { state } = await expectToldState(offices.database, opportunityId);
      const winner = outcomes.findIndex(won);
      winners.set(winner, (winners.get(winner) ?? 0) + 1);
      expect(state.engagements.map(({ provider }) => provider.org)).to.deep.equal([...TAKEN, racers[winner]?.org]);
      const grabs = await offices.database.connection
        .collection<{ _id: string; claims: unknown[] }>('grabs')
        .find({ _id: { $regex: `^racer-${round}-` } })
        .toArray();
      expect(grabs.filter(({ claims }) => claims.length > 0)).to.have.length(1);
    });
    expect(winners.size, JSON.stringify([...winners])).to.be.greaterThan(1);
  });

  it('of a payment and a withdrawal one wins; the other is told the present state', async () => {
    const wins = { pay: 0, withdraw: 0 };
    const handicap = new Handicap();
    const play = async (round: number): Promise<void> => {
      const { opportunityId, proposalId } = await quoted(round);
      const input = { opportunityId, proposalId };
      const [withdrawing, paying] = await handicap.race(
        () => looked(round, opportunityId),
        () => offices.try(round + 1, 'admin', 'proposal.withdraw', input),
        () => pay(round, opportunityId, proposalId),
      );
      expect([paying, withdrawing].filter(won)).to.have.length(1);
      handicap.won(won(withdrawing) ? 'first' : 'second');
      const [lost] = refusedOf([paying, withdrawing]);
      expect(lost?.code).to.equal('conflict');
      const { state } = await expectToldState(offices.database, opportunityId);
      if (won(paying)) {
        wins.pay += 1;
        expect(lost?.error.details).to.deep.equal({ status: 'won', engagement: 'won', proposal: 'paid' });
        expect(state.deal?.projectId).to.be.a('string');
      } else {
        wins.withdraw += 1;
        expect(lost?.error.details).to.deep.equal({ status: 'talking', proposal: 'withdrawn' });
        expect(state.deal).to.equal(null);
      }
      expect(await projectsOf(opportunityId)).to.equal(won(paying) ? 1 : 0);
    };
    await rounds(play, { seen: () => Math.min(wins.pay, wins.withdraw) > 0 });
    // Were one always the faster, there would have been no race.
    expect(Math.min(wins.pay, wins.withdraw), JSON.stringify(wins)).to.be.greaterThan(0);
  });

  it('of a revocation and a payment one wins; the other is told the present state', async () => {
    const wins = { revoke: 0, pay: 0 };
    const handicap = new Handicap();
    const play = async (round: number): Promise<void> => {
      const { opportunityId, proposalId } = await quoted(round);
      const [revoking, paying] = await handicap.race(
        () => looked(round, opportunityId),
        () => offices.try(round, 'buyer', 'opportunity.revoke', { opportunityId }),
        () => pay(round + 1, opportunityId, proposalId),
      );
      expect([revoking, paying].filter(won)).to.have.length(1);
      handicap.won(won(revoking) ? 'first' : 'second');
      const [lost] = refusedOf([revoking, paying]);
      expect(lost?.code).to.equal('conflict');
      const { state } = await expectToldState(offices.database, opportunityId);
      if (won(paying)) {
        wins.pay += 1;
        expect(lost?.error.details).to.deep.equal({ status: 'won' });
        expect(state).to.deep.include({ status: 'won' });
      } else {
        wins.revoke += 1;
        expect(lost?.error.details).to.deep.equal({ status: 'revoked', proposal: 'closed' });
        expect(state).to.deep.include({ status: 'revoked', deal: null });
      }
      expect(await projectsOf(opportunityId)).to.equal(won(paying) ? 1 : 0);
    };
    await rounds(play, { seen: () => Math.min(wins.revoke, wins.pay) > 0 });
    expect(Math.min(wins.pay, wins.revoke), JSON.stringify(wins)).to.be.greaterThan(0);
  });

  it('a payment that is reported ten times at once makes one deal and one project; of two payments one does', async () => {
    await rounds(
      async (round) => {
        const { opportunityId, proposalId } = await quoted(round);
        const same = { paymentId: randomUUID(), orderId: randomUUID() };
        const outcomes = await Promise.all([
          ...Array.from({ length: 10 }, (_, n) => pay(n, opportunityId, proposalId, same)),
          pay(round, opportunityId, proposalId),
        ]);
        const answers = new Set(outcomes.flatMap((one) => ('data' in one ? [JSON.stringify(one.data)] : [])));
        expect(answers.size).to.equal(1);
        for (const { code } of refusedOf(outcomes)) expect(code).to.equal('conflict');
        expect([1, 10]).to.include(outcomes.filter(won).length);
        const { state, facts } = await expectToldState(offices.database, opportunityId);
        expect(facts.filter(({ body }) => body.event === 'deal.made')).to.have.length(1);
        expect(facts.filter(({ body }) => body.event === 'project.linked')).to.have.length(1);
        expect(JSON.parse([...answers][0] ?? '{}')).to.deep.include({ projectId: state.deal?.projectId });
        expect(await projectsOf(opportunityId)).to.equal(1);
      },
      { count: ROUNDS / 4 },
    );
  });

  it('an acceptance and the end of the offer leave one of them, whatever sweeps come by', async () => {
    const ids: string[] = [];
    for (let round = 0; round < ROUNDS / 2; round++)
      ids.push(await publish(offices.at(round), { kind: 'targeted', org: 'studio' }));
    offices.clock.advance(24 * HOUR_MS - 1);
    const outcomes = await Promise.all([
      ...ids.map(async (opportunityId, round) => {
        const accepted = offices.try(round, 'admin', 'opportunity.accept', { opportunityId });
        if (round === ids.length / 2) offices.clock.advance(1);
        return accepted;
      }),
      ...offices.sweeps.map(async (sweep) => void (await sweep.timeouts())),
    ]);
    await Promise.all(offices.sweeps.map((sweep) => sweep.timeouts()));
    for (const [round, opportunityId] of ids.entries()) {
      const outcome = outcomes[round];
      const { state } = await expectToldState(offices.database, opportunityId);
      const accepted = outcome !== undefined && won(outcome);
      expect(state.engagements.map(({ status }) => status)).to.deep.equal([accepted ? 'following' : 'expired']);
    }
  });

  it('three providers at once neither lose nor double anything', async () => {
    const demands = await shown(10);
    await rounds(
      async (round) => {
        const opportunityId = demands[round] ?? '';
        const companies = COMPETITORS.map(
          (who): Who => ({ ...who, sub: `${who.sub}-${round}`, org: `${who.org}-${round}` }),
        );
        await Promise.all(
          companies.map(async (who, n) => {
            await offices.call(n, who, 'opportunity.grab', { opportunityId });
            for (let i = 0; i < 5; i++) {
              await offices.call(n + i, who, 'opportunity.record', {
                opportunityId,
                clientId: randomUUID(),
                connected: true,
                stage: 'price',
                text: `Record ${i}`,
              });
            }
          }),
        );
        const { facts } = await expectToldState(offices.database, opportunityId);
        expect(facts.filter(({ body }) => body.event === 'record.added')).to.have.length(15);
      },
      { count: demands.length },
    );
  });
});
