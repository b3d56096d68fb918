import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { PhoneNumber } from '../../../server/numbers/phone-number.ts';
import { SealBroken } from '../../../server/numbers/keyring.ts';
import type { Owner } from '../../../server/numbers/vault-store.ts';
import { BY, newKey, NUMBER, NumbersBench, STAFF } from './numbers-bench.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const USE = { by: BY, purpose: 'call', roomId: null } as const;
const [first, second, third] = [newKey('2025'), newKey('2026'), newKey('2027')];

describe('the upkeep of the vault', () => {
  let bench: NumbersBench;
  beforeEach(async () => {
    bench = await NumbersBench.open();
  });
  afterEach(() => bench.close());

  /** Both clocks go on, as they do. */
  const pass = (ms: number): void => {
    bench.clock.advance(ms);
    bench.wall.advance(ms);
  };
  const hold = ({ kind, id }: Owner, numberIds: readonly string[], until: number | null = null) =>
    bench.held.set(`${kind}/${id}`, { numberIds, until });

  describe('wipes', () => {
    it('what no owner has come to hold, but not while it may be on its way', async () => {
      const server = await bench.server([first]);
      const id = await server.vault.keep({ number: NUMBER, owner: STAFF }, BY);
      const upkeep = bench.upkeep(server);
      expect(await upkeep.run()).to.equal(0);
      pass(HOUR - 1);
      expect(await upkeep.run()).to.equal(0);
      expect(await bench.kept()).to.deep.equal([id]);
      pass(1);
      expect(await upkeep.run()).to.equal(1);
      expect(await bench.kept()).to.deep.equal([]);
    });

    it('nothing that is on its way because a demonstration jumps ahead', async () => {
      const server = await bench.server([first]);
      const id = await server.vault.keep({ number: NUMBER, owner: STAFF }, BY);
      bench.clock.advance(400 * DAY);
      expect(await bench.upkeep(server).run()).to.equal(0);
      expect(await bench.kept()).to.deep.equal([id]);
    });

    it('what its owner holds no more, at the next look; and leaves what it holds instead', async () => {
      const server = await bench.server([first]);
      const upkeep = bench.upkeep(server);
      const before = await server.vault.keep({ number: NUMBER, owner: STAFF }, BY);
      hold(STAFF, [before]);
      pass(2 * HOUR);
      expect(await upkeep.run()).to.equal(0);
      const now = await server.vault.keep({ number: NUMBER, owner: STAFF }, BY);
      hold(STAFF, [now]);
      pass(DAY);
      expect(await upkeep.run()).to.equal(1);
      expect(await bench.kept()).to.deep.equal([now]);
      bench.held.clear();
      pass(DAY);
      expect(await upkeep.run()).to.equal(1);
      expect(await bench.kept()).to.deep.equal([]);
    });

    it('what is not needed any more at its very instant, once the owner knows it', async () => {
      const server = await bench.server([first]);
      const upkeep = bench.upkeep(server);
      const owner = { kind: 'project', id: 'p' } as const;
      const id = await server.vault.keep({ number: NUMBER, owner }, BY);
      hold(owner, [id]);
      expect(await upkeep.run()).to.equal(0);
      hold(owner, [id], bench.clock.now() + 30 * DAY);
      for (let day = 1; day < 30; day++) {
        pass(DAY);
        expect(await upkeep.run()).to.equal(0);
      }
      pass(DAY - 1);
      expect(await upkeep.run()).to.equal(0);
      pass(1);
      expect(await upkeep.run()).to.equal(1);
      expect(await bench.kept()).to.deep.equal([]);
    });

    it("what was kept until an instant, a call's without asking anybody", async () => {
      const server = await bench.server([first]);
      const upkeep = bench.upkeep(server);
      const keepUntil = bench.clock.now() + 2 * HOUR;
      await server.vault.keep({ number: NUMBER, owner: { kind: 'call', id: 'c' }, keepUntil }, BY);
      const demand = { kind: 'demand', id: 'd' } as const;
      hold(demand, [await server.vault.keep({ number: NUMBER, owner: demand, keepUntil }, BY)]);
      pass(2 * HOUR - 1);
      expect(await upkeep.run()).to.equal(0);
      pass(1);
      expect(await upkeep.run()).to.equal(2);
    });

    it('all that is due, whatever its number, and looks at what is held once a day', async () => {
      const server = await bench.server([first]);
      const upkeep = bench.upkeep(server);
      const ids = await Promise.all(
        Array.from({ length: 450 }, () => server.vault.keep({ number: NUMBER, owner: STAFF }, BY)),
      );
      const held = ids.filter((_, i) => i % 3 === 0);
      hold(STAFF, held);
      pass(HOUR);
      expect(await upkeep.run()).to.equal(300);
      expect(await bench.kept()).to.have.members(held);
      bench.held.clear();
      pass(DAY - 1);
      expect(await upkeep.run()).to.equal(0);
      pass(1);
      expect(await Promise.all([upkeep.run(), upkeep.run()]).then(([a, b]) => a + b)).to.be.at.least(150);
      expect(await bench.kept()).to.deep.equal([]);
    });
  });

  describe('puts under the present key', () => {
    /** As many numbers as that, each its own, held, under the keys of a server. */
    async function keep(keys: Parameters<NumbersBench['server']>[0], count: number): Promise<string[]> {
      const { vault } = await bench.server(keys);
      const ids: string[] = [];
      for (let i = 0; i < count; i++) ids.push(await vault.keep({ number: numberOf(i), owner: STAFF }, BY));
      hold(STAFF, ids);
      return ids;
    }
    const numberOf = (i: number) => new PhoneNumber(`+1202555${String(i).padStart(4, '0')}`);
    const under = async (keyId: string) => bench.numbers.countDocuments({ keyId });

    it('everything, so that the old one can be taken away', async () => {
      const ids = await keep([first], 5);
      expect(await bench.upkeep(await bench.server([second, first])).run()).to.equal(5);
      expect(await bench.upkeep(await bench.server([second, first])).run()).to.equal(0);
      expect(bench.rotated).to.equal(5);
      const { vault } = await bench.server([second]);
      for (const [i, id] of ids.entries()) expect((await vault.use(id, USE)).reveal()).to.equal(numberOf(i).reveal());
    });

    it('each once, however many do it at once, while others read and write under the old one', async () => {
      const ids = await keep([first], 230);
      const old = await bench.server([first, second]);
      const servers = await Promise.all([1, 2, 3].map(() => bench.server([second, first])));
      const moved = Promise.all(servers.map((server) => bench.upkeep(server).run()));
      const reads = ids.map((id) => old.vault.use(id, USE));
      const late = old.vault.keep({ number: numberOf(999), owner: STAFF }, BY);
      for (const [i, number] of (await Promise.all(reads)).entries())
        expect(number.reveal()).to.equal(numberOf(i).reveal());
      hold(STAFF, [...ids, await late]);
      await moved;
      // One that came in behind is for the next time.
      const [server] = servers;
      if (server !== undefined) await bench.upkeep(server).run();
      expect(bench.rotated).to.equal(231);
      expect(await under('2026')).to.equal(231);
    });

    it('what an earlier run that was cut off has left', async () => {
      const ids = await keep([first], 4);
      const one = await bench.numbers.findOne({ _id: ids[1] ?? '' });
      if (one === null) throw new Error('it was kept');
      const { _id, keyId, iv, sealed } = one;
      await bench.upkeep(await bench.server([second, first])).run();
      // As if it had never come to this one; and a third key is on its way already.
      await bench.numbers.updateOne({ _id }, { $set: { keyId, iv, sealed } });
      expect(await under('2025')).to.equal(1);
      expect(await bench.upkeep(await bench.server([third, second, first])).run()).to.equal(4);
      const { vault } = await bench.server([third]);
      for (const [i, id] of ids.entries()) expect((await vault.use(id, USE)).reveal()).to.equal(numberOf(i).reveal());
    });

    it('all but what was tampered with, which is told of and left as it is', async () => {
      const ids = await keep([first], 3);
      await bench.numbers.updateOne({ _id: ids[1] ?? '' }, { $set: { owner: { kind: 'staff', id: 'du' } } });
      hold({ kind: 'staff', id: 'du' }, ids);
      const server = await bench.server([second, first]);
      expect(await bench.upkeep(server).run()).to.equal(2);
      expect(bench.failed).to.deep.equal([ids[1]]);
      expect(await under('2025')).to.equal(1);
      expect(await server.vault.use(ids[1] ?? '', USE).catch((error: unknown) => error)).to.be.instanceOf(SealBroken);
    });

    it('nothing where there are no keys at all, and wipes all the same', async () => {
      await keep([first], 2);
      bench.held.clear();
      pass(HOUR);
      expect(await bench.upkeep(await bench.server([])).run()).to.equal(2);
    });
  });
});
