import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  CODE_RESEND_MS,
  CODE_TRIES_MAX,
  CODE_TTL_MS,
  CODES_A_DAY_PER_NUMBER,
  CODES_A_DAY_PER_USER,
} from '../../../shared/contract/limits.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import type { Numbers } from '../../../server/app/open-numbers.ts';
import type { CodeSender } from '../../../server/numbers/code-sender.ts';
import type { PhoneCodes } from '../../../server/numbers/phone-codes.ts';
import { newKey, NUMBER, NumbersBench } from './numbers-bench.ts';

const DAY = 86_400_000;
const PHONE = '+1 202 555 0147';
const BAO = { userId: 'bao', side: 'buyer' } as const;
const BO = { userId: 'bo', side: 'buyer' } as const;
const keys = [newKey('2026')];
const phoneOf = (i: number) => `+1202555${String(i).padStart(4, '0')}`;

/** Keeps what it is asked to send; fails as long as it is told to. */
class Post implements CodeSender {
  readonly sent: { phone: string; code: string; language: string }[] = [];
  broken = false;

  send(...[number, code, language]: Parameters<CodeSender['send']>): Promise<void> {
    if (this.broken) return Promise.reject(new Error('no carrier'));
    this.sent.push({ phone: number.reveal(), code, language });
    return Promise.resolve();
  }

  get last(): string {
    return this.sent.at(-1)?.code ?? '';
  }
}

describe('codes that verify a phone', () => {
  let bench: NumbersBench;
  let post: Post;
  let server: Numbers;
  let codes: PhoneCodes;
  beforeEach(async () => {
    bench = await NumbersBench.open();
    post = new Post();
    server = await bench.server(keys, { sender: post });
    ({ codes } = server);
  });
  afterEach(() => bench.close());

  async function refusal(work: Promise<unknown>): Promise<RoomError> {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof RoomError) return error;
    throw new Error('was expected to be refused', { cause: error });
  }
  const limited = async (work: Promise<unknown>): Promise<number> => {
    const error = await refusal(work);
    expect(error.code).to.equal('rate_limited');
    return error.retryAfterMs ?? 0;
  };
  const wrong = () => (post.last === '000000' ? '000001' : '000000');

  it('are six digits, for that number, in the language of its country, and hold for ten minutes', async () => {
    const { expiresAt, resendAfterMs } = await codes.send(PHONE, BAO);
    expect(expiresAt).to.equal(bench.wall.now() + CODE_TTL_MS);
    expect(resendAfterMs).to.equal(CODE_RESEND_MS);
    await codes.send('13900001111', BO);
    expect(post.sent.map(({ phone, language }) => [phone, language])).to.deep.equal([
      ['+12025550147', 'en'],
      ['+8613900001111', 'zh-CN'],
    ]);
    for (const { code } of post.sent) expect(code).to.match(/^\d{6}$/);
  });

  it('verify it however it is written, once', async () => {
    await codes.send(PHONE, BAO);
    expect(await codes.verify('+1 (202) 555-0147', post.last, BAO.userId)).to.equal(true);
    expect(await codes.verify(PHONE, post.last, BAO.userId)).to.equal(false);
  });

  it('verify nothing else: another number, another person, another code, anything that is no code', async () => {
    await codes.send(PHONE, BAO);
    for (const [phone, code, userId] of [
      ['+12025550158', post.last, 'bao'],
      [PHONE, post.last, 'bo'],
      [PHONE, wrong(), 'bao'],
      [PHONE, '', 'bao'],
      [PHONE, `${post.last}0`, 'bao'],
    ] as const)
      expect(await codes.verify(phone, code, userId)).to.equal(false);
    expect(await codes.verify(PHONE, post.last, 'bao')).to.equal(true);
    expect((await refusal(codes.verify('nothing', post.last, 'bao', 'buyer.phone'))).message).to.match(
      /^buyer\.phone: /,
    );
  });

  it('are tried five times, however many try at once', async () => {
    await codes.send(PHONE, BAO);
    const tries = Array.from({ length: 20 }, () => codes.verify(PHONE, wrong(), 'bao'));
    expect(await Promise.all(tries)).to.not.include(true);
    expect(await codes.verify(PHONE, post.last, 'bao')).to.equal(false);
    bench.wall.advance(CODE_RESEND_MS);
    await codes.send(PHONE, BAO);
    for (let i = 1; i < CODE_TRIES_MAX; i++) expect(await codes.verify(PHONE, wrong(), 'bao')).to.equal(false);
    expect(await codes.verify(PHONE, post.last, 'bao')).to.equal(true);
  });

  it('are used up by one of two that have the right one at once', async () => {
    for (let round = 0; round < 10; round++) {
      await codes.send(phoneOf(round), BAO);
      const other = (await bench.server(keys)).codes;
      const both = [codes, other].map((one) => one.verify(phoneOf(round), post.last, 'bao'));
      expect((await Promise.all(both)).filter(Boolean)).to.have.length(1);
    }
  });

  it('are over after ten minutes, and when there is a newer one', async () => {
    await codes.send(PHONE, BAO);
    const first = post.last;
    bench.wall.advance(CODE_TTL_MS - 1);
    await codes.send(PHONE, BAO);
    if (first !== post.last) expect(await codes.verify(PHONE, first, 'bao')).to.equal(false);
    bench.wall.advance(CODE_TTL_MS - 1);
    expect(await codes.verify(PHONE, post.last, 'bao')).to.equal(true);
    bench.wall.advance(CODE_RESEND_MS);
    await codes.send(PHONE, BAO);
    bench.wall.advance(CODE_TTL_MS);
    expect(await codes.verify(PHONE, post.last, 'bao')).to.equal(false);
  });

  it('lie in the database as salted digests, and no number beside them', async () => {
    await codes.send(PHONE, BAO);
    await codes.send('+12025550158', BAO);
    const dump = JSON.stringify(
      await Promise.all(['phoneCodes', 'codeCounts'].map((name) => bench.connection.collection(name).find().toArray())),
    );
    for (const { code, phone } of post.sent) {
      expect(dump).to.not.include(phone.slice(2));
      expect(dump).to.not.match(new RegExp(`\\b${code}\\b`));
    }
    const docs = await bench.connection.collection('phoneCodes').find().toArray();
    expect(new Set(docs.map((doc) => String(doc['salt']))).size).to.equal(2);
    expect(new Set(docs.map((doc) => String(doc['hash']))).size).to.equal(2);
  });

  describe('are limited', () => {
    it('to one a minute for a number, whoever asks', async () => {
      await codes.send(PHONE, BAO);
      bench.wall.advance(20_000);
      expect(await limited(codes.send(PHONE, BO))).to.equal(CODE_RESEND_MS - 20_000);
      bench.wall.advance(CODE_RESEND_MS - 20_001);
      expect(await limited(codes.send(PHONE, BAO))).to.equal(1);
      bench.wall.advance(1);
      await codes.send(PHONE, BO);
    });

    it('to five in 24 hours for a number', async () => {
      for (let i = 0; i < CODES_A_DAY_PER_NUMBER; i++) {
        await codes.send(PHONE, i % 2 === 0 ? BAO : BO);
        bench.wall.advance(CODE_RESEND_MS);
      }
      const wait = await limited(codes.send(PHONE, BAO));
      expect(wait).to.equal(DAY - CODES_A_DAY_PER_NUMBER * CODE_RESEND_MS);
      bench.wall.advance(wait - 1);
      await limited(codes.send(PHONE, BAO));
      bench.wall.advance(1);
      await codes.send(PHONE, BAO);
      expect(await limited(codes.send(PHONE, BAO))).to.equal(CODE_RESEND_MS);
    });

    it("to ten in 24 hours for who asks, but for a portal's backend", async () => {
      for (let i = 0; i < CODES_A_DAY_PER_USER; i++) await codes.send(phoneOf(i), BAO);
      expect(await limited(codes.send(phoneOf(90), BAO))).to.equal(DAY);
      // What was refused has cost the number nothing.
      await codes.send(phoneOf(90), BO);
      for (let i = 0; i < CODES_A_DAY_PER_USER + 2; i++)
        await codes.send(phoneOf(100 + i), { userId: 'portal', side: 'service' });
    });

    it('as well when they are asked for at once, on several servers', async () => {
      const servers = await Promise.all([1, 2, 3].map(() => bench.server(keys, { sender: post })));
      const ask = async (i: number, phone: string, who: typeof BAO | typeof BO): Promise<void> => {
        await servers[i % 3]?.codes.send(phone, who);
      };
      const same = Array.from({ length: 30 }, (_, i) => ask(i, PHONE, BO));
      const done = await Promise.allSettled(same);
      expect(done.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
      const many = Array.from({ length: 30 }, (_, i) => ask(i, phoneOf(i), BAO));
      const settled = await Promise.allSettled(many);
      expect(settled.filter(({ status }) => status === 'fulfilled')).to.have.length(CODES_A_DAY_PER_USER);
      for (const one of [...done, ...settled])
        if (one.status === 'rejected') expect(one.reason).to.have.property('code', 'rate_limited');
      expect(post.sent).to.have.length(CODES_A_DAY_PER_USER + 1);
    });

    it('by what RATE_LIMIT_FACTOR makes of it: more of them, or as many as one likes', async () => {
      const twice = (await bench.server(keys, { sender: post, factor: 2 })).codes;
      expect((await twice.send(PHONE, BAO)).resendAfterMs).to.equal(CODE_RESEND_MS / 2);
      expect(await limited(twice.send(PHONE, BAO))).to.equal(CODE_RESEND_MS / 2);
      const free = (await bench.server(keys, { sender: post, factor: 0 })).codes;
      for (let i = 0; i < 30; i++) expect((await free.send(PHONE, BAO)).resendAfterMs).to.equal(0);
      expect(await free.verify(PHONE, post.last, 'bao')).to.equal(true);
    });
  });

  it('that cannot be sent cost nothing, and leave the earlier one as it is', async () => {
    await codes.send(PHONE, BAO);
    const { last } = post;
    bench.wall.advance(CODE_RESEND_MS);
    post.broken = true;
    for (let i = 0; i < 2 * CODES_A_DAY_PER_USER; i++) {
      const error = await refusal(codes.send(PHONE, BAO));
      expect(error.code).to.equal('unavailable');
      expect(JSON.stringify(error.toWire())).to.not.include('5550147');
    }
    expect(await codes.verify(PHONE, last, 'bao')).to.equal(true);
    post.broken = false;
    await codes.send(PHONE, BAO);
  });

  it('cannot be asked for where nothing sends them, or without keys', async () => {
    const error = await refusal((await bench.server(keys)).codes.send(PHONE, BAO));
    expect(error.code).to.equal('unavailable');
    expect(error.message).to.include('SMS_WEBHOOK_URL');
    const keyless = (await bench.server([], { sender: post })).codes;
    expect((await refusal(keyless.send(PHONE, BAO))).message).to.include('VAULT_KEYS');
    expect((await refusal(codes.send('110', BAO))).code).to.equal('invalid');
    expect(post.sent).to.have.length(0);
  });

  it('are wiped when they are over, and what was counted after a day', async () => {
    const upkeep = bench.upkeep(server);
    const left = async () =>
      Promise.all(['phoneCodes', 'codeCounts'].map((name) => bench.connection.collection(name).countDocuments()));
    await codes.send(PHONE, BAO);
    bench.wall.advance(CODE_TTL_MS - 1);
    await upkeep.run();
    expect(await left()).to.deep.equal([1, 2]);
    bench.wall.advance(1);
    await upkeep.run();
    expect(await left()).to.deep.equal([0, 2]);
    bench.wall.advance(DAY);
    await upkeep.run();
    expect(await left()).to.deep.equal([0, 0]);
  });

  it('survive a rotation of the keys', async () => {
    await codes.send(PHONE, BAO);
    const next = await bench.server([newKey('2027'), ...keys]);
    await bench.upkeep(next).run();
    expect(next.vault.fingerprint(NUMBER)).to.equal(server.vault.fingerprint(NUMBER));
    expect(await next.codes.verify(PHONE, post.last, 'bao')).to.equal(true);
  });
});
