import { expect } from 'chai';
import { PhoneCode } from '../../../../client-sdk/element/opportunity/phone-code.ts';
import { type Client, RoomError } from '../../../../client-sdk/index.ts';
import { makeClient } from '../../support/make-client.ts';

describe('a code that is asked for', () => {
  let stage: ReturnType<typeof makeClient>;
  let drawn: number;
  let code: PhoneCode;

  beforeEach(async () => {
    stage = makeClient();
    stage.client.connect();
    await stage.clock.advance(0);
    drawn = 0;
    code = new PhoneCode({
      addController: () => undefined,
      removeController: () => undefined,
      requestUpdate: () => {
        drawn++;
      },
      updateComplete: Promise.resolve(true),
    });
  });
  afterEach(async () => {
    code.hostDisconnected();
    await stage.client.close();
  });

  const send = (client: Client = stage.client) => code.send(client, '13900001111');

  it('holds for some minutes, and the next one waits', async () => {
    stage.server.obeys.set('phone.sendCode', () => ({
      expiresAt: new Date(Date.now() + 600_000).toISOString(),
      resendAfterMs: 60_000,
    }));
    expect(await send()).to.equal(true);
    expect(stage.server.log.at(-1)).to.deep.equal({ name: 'phone.sendCode', input: { phone: '13900001111' } });
    expect(code.minutes).to.equal(10);
    expect(code.wait).to.be.within(1, 60);
    expect(drawn).to.be.above(1);
    code.clear();
    expect({ minutes: code.minutes, wait: code.wait }).to.deep.equal({ minutes: undefined, wait: 0 });
  });

  it('says why it was not sent, and until when no other one is', async () => {
    stage.server.fate = () => ({ code: 'rate_limited', message: 'later', retryAfterMs: 30_000 });
    expect(await send()).to.equal(false);
    expect(code.refusal).to.be.instanceOf(RoomError).and.include({ code: 'rate_limited' });
    expect(code.wait).to.be.within(1, 30);
    stage.server.fate = () => ({ code: 'invalid', message: 'no number' });
    expect(await send()).to.equal(false);
    expect(code.refusal?.code).to.equal('invalid');
  });
});
