import { expect } from 'chai';
import { describe, it } from 'mocha';
import { AliyunApi, authorizationOf, mainlandNumber, queryOf } from '../../../server/calls/bridges/aliyun-api.ts';
import { isTwilioSignature, twilioSignature } from '../../../server/calls/bridges/twilio-signature.ts';
import { PhoneNumber } from '../../../server/numbers/phone-number.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ALIYUN_ACCESS, AliyunCarrier } from './carriers/aliyun-carrier.ts';

describe('the signature of Alibaba Cloud', () => {
  it('is that of its published example', () => {
    // https://help.aliyun.com/document_detail/2593177.html
    const authorization = authorizationOf(
      { accessKeyId: 'YourAccessKeyId', accessKeySecret: 'YourAccessKeySecret' },
      {
        method: 'POST',
        query: queryOf({ RegionId: 'cn-shanghai', ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd' }),
        headers: {
          host: 'ecs.cn-shanghai.aliyuncs.com',
          'x-acs-action': 'RunInstances',
          'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
          'x-acs-date': '2023-10-26T10:22:32Z',
          'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
          'x-acs-version': '2014-05-26',
        },
      },
    );
    expect(authorization).to.equal(
      'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
    );
  });

  it('encodes what addresses and forms encode differently', () => {
    expect(queryOf({ b: "a b+*!'()~", a: '中^' })).to.equal('a=%E4%B8%AD%5E&b=a%20b%2B%2A%21%27%28%29~');
  });

  it('is checked by the carrier of the tests: another secret, an old date', async () => {
    const wall = new ManualClock();
    const carrier = new AliyunCarrier(() => wall.now());
    await carrier.start();
    const ask = async (more: object): Promise<string> => {
      const api = new AliyunApi({ ...ALIYUN_ACCESS, endpoint: carrier.origin, version: '2017-05-25', wall, ...more });
      return api.ask('CancelCall', { CallId: '1160123^1' }).then(
        () => 'done',
        (error: unknown) => String(error),
      );
    };
    try {
      expect(await ask({})).to.match(/isv\.CALL_OVER/);
      expect(await ask({ accessKeySecret: 'another' })).to.match(/SignatureDoesNotMatch/);
      expect(await ask({ wall: { now: () => wall.now() - 16 * 60_000 } })).to.match(/InvalidTimeStamp/);
    } finally {
      await carrier.stop();
    }
  });

  it('goes with numbers as they are dialled in China', () => {
    expect(mainlandNumber(new PhoneNumber('+8613900001111'))).to.equal('13900001111');
    expect(mainlandNumber(new PhoneNumber('+861055500100'))).to.equal('01055500100');
    for (const other of ['+12025550147', '+85221234567'])
      expect(() => mainlandNumber(new PhoneNumber(other))).to.throw('numbers of mainland China alone');
  });
});

describe('the signature of Twilio', () => {
  // https://www.twilio.com/docs/usage/security
  const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
  const params = new URLSearchParams({
    CallSid: 'CA1234567890ABCDE',
    Caller: '+12349013030',
    Digits: '1234',
    From: '+12349013030',
    To: '+18005551212',
  });

  it('is that of its published example', () => {
    expect(twilioSignature('12345', url, params)).to.equal('0/KCTR6DLpKmkAf8muzZqo1nDgQ=');
    expect(isTwilioSignature('0/KCTR6DLpKmkAf8muzZqo1nDgQ=', '12345', url, params)).to.equal(true);
  });

  it('holds for this address, these values and this token alone', () => {
    const signature = '0/KCTR6DLpKmkAf8muzZqo1nDgQ=';
    expect(isTwilioSignature(signature, '12346', url, params)).to.equal(false);
    expect(isTwilioSignature(signature, '12345', `${url}1`, params)).to.equal(false);
    expect(isTwilioSignature(signature, '12345', url, new URLSearchParams([...params, ['Extra', '1']]))).to.equal(
      false,
    );
    expect(isTwilioSignature(signature.slice(1), '12345', url, params)).to.equal(false);
  });
});
