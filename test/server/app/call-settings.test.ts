import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readSettings, SettingsError } from '../../../server/app/settings.ts';
import { BRIDGES } from '../../../server/calls/bridges/call-bridge.ts';
import { RECORDING_DAYS_DEFAULT } from '../../../shared/contract/limits.ts';

const PRODUCTION = { NODE_ENV: 'production', JWT_SECRET: 'a secret of this test, long enough' };
const ALIYUN = {
  ALIYUN_ACCESS_KEY_ID: 'LTAIinvented',
  ALIYUN_ACCESS_KEY_SECRET: 'hunter2',
  CALL_CALLBACK_KEYS: 'the-key-of-the-address-entered-there, the-one-that-comes-after-it',
};
const CLICK = {
  CALL_BRIDGE: 'aliyun-click',
  ...ALIYUN,
  ALIYUN_CALLER_SHOWS: '057188880001',
  ALIYUN_CALLEE_SHOWS: '057188880002',
};
const AXB = {
  CALL_BRIDGE: 'aliyun-axb',
  ...ALIYUN,
  ALIYUN_AXB_POOL: 'FC1',
  ALIYUN_AXB_NUMBERS: '+8617000000001, +8617000000002',
};
const TWILIO = {
  CALL_BRIDGE: 'twilio',
  TWILIO_ACCOUNT_SID: `AC${'0a'.repeat(16)}`,
  TWILIO_AUTH_TOKEN: 'hunter2hunter2hunter2',
  TWILIO_NUMBER: '+12025550100',
  CALL_CALLBACK_URL: 'https://rooms.example/callbacks/calls',
};

function faultsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    expect(error.message).not.to.match(/hunter2|LTAI|entered-there|7000000|2025550100/);
    return error.message.split('\n');
  }
  return [];
}

describe('settings of calls', () => {
  it('choose a bridge with all that it needs', () => {
    const keys = ['the-key-of-the-address-entered-there', 'the-one-that-comes-after-it'];
    const access = { accessKeyId: 'LTAIinvented', accessKeySecret: 'hunter2', callbackKeys: keys, record: false };
    expect(readSettings({ ...PRODUCTION, ...CLICK }).calls.bridge).to.deep.equal({
      name: 'aliyun-click',
      ...access,
      callerShows: '057188880001',
      calleeShows: '057188880002',
    });
    expect(readSettings({ ...AXB, CALL_RECORDING: '1' }).calls.bridge).to.deep.equal({
      name: 'aliyun-axb',
      ...access,
      record: true,
      poolKey: 'FC1',
      numbers: ['+8617000000001', '+8617000000002'],
    });
    expect(readSettings(TWILIO).calls.bridge).to.deep.equal({
      name: 'twilio',
      accountSid: TWILIO.TWILIO_ACCOUNT_SID,
      authToken: TWILIO.TWILIO_AUTH_TOKEN,
      number: '+12025550100',
      callbackUrl: 'https://rooms.example/callbacks/calls',
      record: false,
    });
  });

  it('name everything that a bridge lacks, in one sentence', () => {
    for (const whole of [CLICK, AXB, TWILIO]) {
      const needed = Object.keys(whole).filter((name) => name !== 'CALL_BRIDGE');
      expect(faultsOf(whole)).to.deep.equal([]);
      for (const name of needed)
        expect(faultsOf({ ...whole, [name]: '' })).to.deep.equal([
          `CALL_BRIDGE is ${whole.CALL_BRIDGE}, which needs ${name}`,
        ]);
      const [fault, ...others] = faultsOf({ CALL_BRIDGE: whole.CALL_BRIDGE });
      expect(others).to.deep.equal([]);
      for (const name of needed) expect(fault).to.include(name);
    }
  });

  it('ring nobody by themselves in production, and simulate elsewhere', () => {
    expect(readSettings(PRODUCTION).calls.bridge).to.equal(undefined);
    expect(readSettings({}).calls.bridge).to.deep.equal({ name: 'simulator', record: false });
    expect(faultsOf({ ...PRODUCTION, CALL_BRIDGE: 'simulator' })).to.deep.equal([
      'CALL_BRIDGE must not be simulator when NODE_ENV=production: it rings nobody',
    ]);
  });

  it('are the rules of calls', () => {
    const { rules, maxMinutes, recordingDays, fromNumber } = readSettings({
      CALL_APPROVAL: 'callee',
      CALL_DAILY_LIMIT: '3',
      CALL_QUIET_HOURS: '22:00-08:30',
      CALL_MAX_MINUTES: '15',
      CALL_RECORDING_DAYS: '30',
      CALL_FROM_NUMBER: 'own',
    }).calls;
    expect(rules).to.deep.equal({ approval: 'callee', dailyLimit: 3, quiet: { from: '22:00', to: '08:30' } });
    expect(maxMinutes).to.equal(15);
    expect(recordingDays).to.equal(30);
    expect(fromNumber).to.equal('own');
    expect(readSettings({}).calls).to.include({ recordingDays: RECORDING_DAYS_DEFAULT, fromNumber: 'any' });
  });

  const wrong: readonly [string, string][] = [
    ['CALL_BRIDGE', 'carrier-pigeon'],
    ['CALL_APPROVAL', 'everybody'],
    ['CALL_FROM_NUMBER', 'verified'],
    ['CALL_DAILY_LIMIT', '0'],
    ['CALL_MAX_MINUTES', '241'],
    ['CALL_QUIET_HOURS', '22:00'],
    ['CALL_QUIET_HOURS', '22:00-22:00'],
    ['CALL_QUIET_HOURS', '22:00-8:00'],
    ['CALL_QUIET_HOURS', '22:00-08:00-09:00'],
    ['CALL_RECORDING', 'yes'],
    ['CALL_RECORDING_DAYS', '0'],
    ['CALL_CALLBACK_URL', 'rooms.example'],
    ['CALL_CALLBACK_URL', 'https://rooms.example/?key=1'],
    ['CALL_CALLBACK_KEYS', 'short'],
    ['CALL_CALLBACK_KEYS', ','],
    ['CALL_CALLBACK_KEYS', 'the-key-of-the-address&leg=entered'],
    ['ALIYUN_ACCESS_KEY_SECRET', 'with a space'],
    ['ALIYUN_CALLER_SHOWS', '+8657188880001'],
    ['ALIYUN_AXB_NUMBERS', '17000000001'],
    ['ALIYUN_AXB_NUMBERS', '+8617000000001,+8617000000001'],
    ['TWILIO_ACCOUNT_SID', 'hunter2'],
    ['TWILIO_AUTH_TOKEN', 'hunter2'],
    ['TWILIO_NUMBER', '2025550100'],
  ];
  for (const [name, value] of wrong) {
    it(`refuse ${name} of ${JSON.stringify(value)}`, () => {
      const faults = faultsOf({ [name]: value });
      expect(faults).to.have.lengthOf(1);
      expect(faults[0]).to.match(new RegExp(`^${name} must`));
    });
  }

  it('know every bridge', () => {
    const chosen = [{}, CLICK, AXB, TWILIO].map((env) => readSettings(env).calls.bridge?.name);
    expect(chosen).to.have.members([...BRIDGES]);
  });
});
