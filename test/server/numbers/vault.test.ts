import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Numbers } from '../../../server/app/open-numbers.ts';
import { SealBroken } from '../../../server/numbers/keyring.ts';
import type { Vault } from '../../../server/numbers/vault.ts';
import { StorageError } from '../../../server/storage/connect.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import { BY, newKey, NUMBER, NumbersBench, OTHER_NUMBER, STAFF } from './numbers-bench.ts';

const USE = { by: { id: 'bao', side: 'buyer', org: 'buyers' }, purpose: 'call', roomId: 'room-1' } as const;
const keys = [newKey('2026')];

describe('the vault', () => {
  let bench: NumbersBench;
  let server: Numbers;
  let vault: Vault;
  beforeEach(async () => {
    bench = await NumbersBench.open();
    server = await bench.server(keys);
    ({ vault } = server);
  });
  afterEach(() => bench.close());

  const keepOne = (number = NUMBER) => vault.keep({ number, owner: STAFF }, BY);
  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );
  const code = async (work: Promise<unknown>) => {
    const error = await failure(work);
    return error instanceof RoomError ? error.code : error;
  };

  it('gives a number back by its id, which tells nothing of it', async () => {
    const [one, two] = [await keepOne(), await keepOne()];
    expect(one)
      .to.match(/^[\w-]{24}$/)
      .and.not.equal(two);
    expect((await vault.use(one, USE)).reveal()).to.equal('+12025550147');
    const stored = JSON.stringify(await bench.numbers.find().toArray());
    expect(stored).to.include(one).and.not.to.include('5550147');
    const [first, second] = await bench.numbers.find().toArray();
    expect(first?.sealed).to.not.equal(second?.sealed);
    // However long the number.
    expect(first?.sealed.length).to.equal(
      (await bench.numbers.findOne({ _id: await keepOne(OTHER_NUMBER) }))?.sealed.length,
    );
  });

  it('writes down who used it, for what, when and in which room, before the number is out', async () => {
    const id = await keepOne();
    await vault.use(id, { ...USE, cause: 'call-1' });
    const [use] = await bench.uses.find().toArray();
    expect(use).to.deep.include({ numberId: id, owner: STAFF, by: USE.by, purpose: 'call', roomId: 'room-1' });
    expect(use).to.deep.include({ at: new Date(bench.clock.now()), cause: 'call-1' });
    // Also where it does not come to that.
    await bench.numbers.updateOne({ _id: id }, { $set: { iv: 'AAAAAAAAAAAAAAAA' } });
    expect(await failure(vault.use(id, USE))).to.be.instanceOf(SealBroken);
    expect(await bench.uses.countDocuments({ numberId: id })).to.equal(2);
    // And it stays when the number is gone.
    await vault.drop(id);
    expect(await bench.uses.countDocuments({ numberId: id })).to.equal(2);
  });

  it('gives nothing out when the use cannot be written down', async () => {
    const id = await keepOne();
    await bench.connection.collection('numberUses').createIndex({ numberId: 1 }, { unique: true, name: 'once' });
    await vault.use(id, USE);
    expect(await failure(vault.use(id, USE))).to.be.instanceOf(Error);
  });

  it('opens nothing that was changed, moved or exchanged in the database', async () => {
    const [id, other] = [await keepOne(), await keepOne(OTHER_NUMBER)];
    const doc = await bench.numbers.findOne({ _id: id });
    if (doc === null) throw new Error('it was kept');
    const { iv, sealed, keyId } = doc;
    const bytes = Buffer.from(sealed, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 0x80;
      await bench.numbers.updateOne({ _id: id }, { $set: { sealed: flipped.toString('base64') } });
      expect(await failure(vault.use(id, USE)), `byte ${at}`).to.be.instanceOf(SealBroken);
    }
    // Another's record under this id, this record under another's id or owner.
    await bench.numbers.updateOne({ _id: other }, { $set: { iv, sealed, keyId } });
    expect(await failure(vault.use(other, USE))).to.be.instanceOf(SealBroken);
    await bench.numbers.insertOne({ ...doc, _id: 'elsewhere' });
    expect(await failure(vault.use('elsewhere', USE))).to.be.instanceOf(SealBroken);
    await bench.numbers.updateOne({ _id: id }, { $set: { sealed, owner: { kind: 'staff', id: 'du' } } });
    expect(await failure(vault.use(id, USE))).to.be.instanceOf(SealBroken);
    await bench.numbers.updateOne({ _id: id }, { $set: { owner: STAFF, keyId: 'unknown' } });
    expect(await failure(vault.use(id, USE))).to.be.instanceOf(SealBroken);
    await bench.numbers.updateOne({ _id: id }, { $set: { keyId } });
    expect((await vault.use(id, USE)).reveal()).to.equal('+12025550147');
  });

  it('knows no number that was wiped, that was never kept, or whose time is over', async () => {
    const id = await keepOne();
    const owner = { kind: 'call', id: 'call-1' } as const;
    const short = await vault.keep({ number: NUMBER, owner, keepUntil: bench.clock.now() + 1_000 }, BY);
    await vault.use(short, USE);
    bench.clock.advance(1_000);
    expect(await code(vault.use(short, USE))).to.equal('not_found');
    await vault.drop(undefined, null, id);
    for (const gone of [id, 'nothing', '']) expect(await code(vault.use(gone, USE))).to.equal('not_found');
  });

  it('forgets everything of an owner, and nothing of others', async () => {
    const others = [
      await vault.keep({ number: NUMBER, owner: { kind: 'staff', id: 'du' } }, BY),
      await vault.keep({ number: NUMBER, owner: { kind: 'demand', id: STAFF.id } }, BY),
    ];
    await keepOne();
    await keepOne(OTHER_NUMBER);
    await vault.forget(STAFF);
    expect(await bench.kept()).to.have.members(others);
  });

  it('keeps one for an owner that stores it, and wipes it when that is refused; what else went wrong, the upkeep finds out', async () => {
    const keep = { number: NUMBER, owner: STAFF };
    const id = await vault.keepFor(keep, BY, (numberId) => Promise.resolve(numberId));
    expect(await bench.kept()).to.deep.equal([id]);
    const store = (error: Error) =>
      vault.keepFor(keep, BY, async () => {
        throw error;
      });
    const secret = { _id: 'twice', keyId: '', iv: '', sealed: '' };
    await bench.secrets.insertOne(secret);
    for (const refusal of ['invalid', 'forbidden', 'not_found', 'conflict', 'read_only'] as const)
      expect(await code(store(new RoomError(refusal, 'no')))).to.equal(refusal);
    const duplicate = await failure(bench.secrets.insertOne(secret));
    expect(await failure(store(duplicate as Error))).to.equal(duplicate);
    expect(await bench.kept()).to.deep.equal([id]);
    await failure(store(new RoomError('unavailable', 'who knows')));
    await failure(store(new Error('the connection was lost')));
    expect(await bench.kept()).to.have.length(3);
  });

  it('compares numbers by fingerprints that only its keys make', async () => {
    expect(vault.fingerprint(NUMBER))
      .to.equal(vault.fingerprint(NUMBER))
      .and.not.equal(vault.fingerprint(OTHER_NUMBER));
    const id = await keepOne();
    expect(await vault.holds(id, NUMBER)).to.equal(true);
    expect(await vault.holds(id, OTHER_NUMBER)).to.equal(false);
    expect(await vault.holds('nothing', NUMBER)).to.equal(false);
    const elsewhere = await NumbersBench.open();
    try {
      const foreign = (await elsewhere.server(keys)).vault;
      expect(foreign.fingerprint(NUMBER)).to.not.equal(vault.fingerprint(NUMBER));
    } finally {
      await elsewhere.close();
    }
  });

  it('makes the same fingerprints on every server, also of those that begin at once, and after a rotation', async () => {
    const fresh = await NumbersBench.open();
    try {
      const servers = await Promise.all(Array.from({ length: 5 }, () => fresh.server(keys)));
      const next = await fresh.server([newKey('2027'), ...keys]);
      await fresh.upkeep(next).run();
      const prints = [...servers, next].map((one) => one.vault.fingerprint(NUMBER));
      expect(new Set(prints).size).to.equal(1);
    } finally {
      await fresh.close();
    }
  });

  it('is not opened with keys that are not those of the database, and says which one it wants', async () => {
    const error = await failure(bench.server([newKey('mine')]));
    expect(error).to.be.instanceOf(StorageError);
    expect(String(error)).to.match(/VAULT_KEYS.*"2026"/);
    // The same name is not the same key.
    const impostor = newKey('2026');
    const refusal = await failure(bench.server([impostor]));
    expect(refusal).to.be.instanceOf(StorageError);
    expect(String(refusal)).to.not.include(impostor.key);
  });

  it('keeps and gives nothing without keys', async () => {
    const id = await keepOne();
    const keyless = (await bench.server([])).vault;
    expect(await code(keyless.keep({ number: NUMBER, owner: STAFF }, BY))).to.equal('unavailable');
    expect(await code(keyless.use(id, USE))).to.equal('unavailable');
    expect(() => keyless.fingerprint(NUMBER)).to.throw(RoomError);
    expect(await bench.uses.countDocuments()).to.equal(0);
  });
});
