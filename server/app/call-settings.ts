import { z } from 'zod';
import { callApproval, type CallFromNumber, callFromNumber } from '../../shared/contract/calls.ts';
import { CALL_MAX_MINUTES_DEFAULT, CALLS_A_DAY_DEFAULT, RECORDING_DAYS_DEFAULT } from '../../shared/contract/limits.ts';
import type { CallRules } from '../../shared/model/call/request.ts';
import { BRIDGES, type BridgeName } from '../calls/bridges/call-bridge.ts';
import type { BridgeSettings } from '../calls/bridges/open-bridge.ts';
import { CLOCK_TIME, list, setting, whole } from './setting.ts';

const visible = (from: number, to: number) =>
  z.string().regex(new RegExp(String.raw`^[\x21-\x7e]{${from},${to}}$`), `must be ${from} to ${to} visible characters`);

/** As the carrier writes the numbers that are bought there. */
const carrierNumber = z.string().regex(/^\d{5,15}$/, 'must be the digits of a number that was bought there');
const chinaNumbers = z
  .string()
  .transform(list)
  .refine(
    (numbers) => numbers.length > 0 && numbers.every((number) => /^\+86\d{7,12}$/.test(number)),
    'must be numbers that begin with +86, separated by commas',
  )
  .refine((numbers) => new Set(numbers).size === numbers.length, 'must name each number once');

const QUIET = /^([^-]+)-([^-]+)$/;
const quietHours = z
  .string()
  .transform((text) => {
    const [, from = '', to = ''] = QUIET.exec(text) ?? [];
    return { from, to };
  })
  .refine(
    ({ from, to }) => CLOCK_TIME.test(from) && CLOCK_TIME.test(to) && from !== to,
    'must be two times of day, such as 22:00-08:00',
  );

const KEYS = /^[\w-]{24,128}$/;

/** Everything that is set about calls. What a bridge needs is required where it is chosen, and of no interest elsewhere. */
export const callEnvironment = {
  CALL_BRIDGE: setting(z.enum(BRIDGES, `must be one of ${BRIDGES.join(', ')}`).optional()),
  CALL_APPROVAL: setting(
    z.enum(callApproval.options, `must be one of ${callApproval.options.join(', ')}`).default('none'),
  ),
  CALL_FROM_NUMBER: setting(
    z.enum(callFromNumber.options, `must be one of ${callFromNumber.options.join(', ')}`).default('any'),
  ),
  CALL_DAILY_LIMIT: setting(whole(1, 10_000).prefault(String(CALLS_A_DAY_DEFAULT))),
  CALL_MAX_MINUTES: setting(whole(1, 240).prefault(String(CALL_MAX_MINUTES_DEFAULT))),
  CALL_QUIET_HOURS: setting(quietHours.optional()),
  CALL_RECORDING: setting(z.enum(['0', '1'], 'must be 0 or 1').default('0')),
  CALL_RECORDING_DAYS: setting(whole(1, 3650).prefault(String(RECORDING_DAYS_DEFAULT))),
  CALL_CALLBACK_URL: setting(
    z
      .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
      .refine((text) => !/[?#]/.test(text), 'must be without a query')
      .optional(),
  ),
  CALL_CALLBACK_KEYS: setting(
    z
      .string()
      .transform(list)
      .refine(
        (keys) => keys.length > 0 && keys.every((key) => KEYS.test(key)),
        'must be 24 to 128 letters, digits, - or _, or several such, separated by commas',
      )
      .optional(),
  ),
  ALIYUN_ACCESS_KEY_ID: setting(visible(1, 128).optional()),
  ALIYUN_ACCESS_KEY_SECRET: setting(visible(1, 128).optional()),
  ALIYUN_CALLER_SHOWS: setting(carrierNumber.optional()),
  ALIYUN_CALLEE_SHOWS: setting(carrierNumber.optional()),
  ALIYUN_AXB_POOL: setting(visible(1, 64).optional()),
  ALIYUN_AXB_NUMBERS: setting(chinaNumbers.optional()),
  TWILIO_ACCOUNT_SID: setting(
    z
      .string()
      .regex(/^AC[0-9a-f]{32}$/i, 'must be AC and 32 hexadecimal digits')
      .optional(),
  ),
  TWILIO_AUTH_TOKEN: setting(visible(16, 128).optional()),
  TWILIO_NUMBER: setting(
    z
      .string()
      .regex(/^\+[1-9]\d{6,14}$/, 'must be a number with its country calling code, such as +12025550199')
      .optional(),
  ),
};

type Name = keyof typeof callEnvironment;

const ALIYUN = ['ALIYUN_ACCESS_KEY_ID', 'ALIYUN_ACCESS_KEY_SECRET', 'CALL_CALLBACK_KEYS'] as const;
const NEEDED = {
  simulator: [],
  'aliyun-click': [...ALIYUN, 'ALIYUN_CALLER_SHOWS', 'ALIYUN_CALLEE_SHOWS'],
  'aliyun-axb': [...ALIYUN, 'ALIYUN_AXB_POOL', 'ALIYUN_AXB_NUMBERS'],
  twilio: ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_NUMBER', 'CALL_CALLBACK_URL'],
} as const satisfies Record<BridgeName, readonly Name[]>;

/** What each setting alone cannot tell. @param set the value of a setting that is not empty */
export function callFaults(set: (name: string) => string | undefined, production: boolean): string[] {
  const bridge = BRIDGES.find((name) => name === set('CALL_BRIDGE'));
  if (bridge === undefined) return [];
  if (bridge === 'simulator' && production)
    return ['CALL_BRIDGE must not be simulator when NODE_ENV=production: it rings nobody'];
  const missing = NEEDED[bridge].filter((name) => set(name) === undefined);
  return missing.length === 0 ? [] : [`CALL_BRIDGE is ${bridge}, which needs ${missing.join(', ')}`];
}

export interface CallSettings {
  /** What joins phones; undefined: nothing does, and calls are refused. */
  readonly bridge: BridgeSettings | undefined;
  readonly rules: CallRules;
  /** For so long two people talk at most. */
  readonly maxMinutes: number;
  /** On which phones callers are rung. */
  readonly fromNumber: CallFromNumber;
  /** How long recordings are kept. */
  readonly recordingDays: number;
}

type Values = z.output<z.ZodObject<typeof callEnvironment>>;

/** Of settings in which no fault was found. */
export function callSettings(values: Values, production: boolean): CallSettings {
  return {
    bridge: bridgeOf(values, values.CALL_BRIDGE ?? (production ? undefined : 'simulator')),
    rules: {
      approval: values.CALL_APPROVAL,
      dailyLimit: values.CALL_DAILY_LIMIT,
      quiet: values.CALL_QUIET_HOURS ?? null,
    },
    maxMinutes: values.CALL_MAX_MINUTES,
    fromNumber: values.CALL_FROM_NUMBER,
    recordingDays: values.CALL_RECORDING_DAYS,
  };
}

function bridgeOf(values: Values, name: BridgeName | undefined): BridgeSettings | undefined {
  const record = values.CALL_RECORDING === '1';
  const aliyun = {
    accessKeyId: values.ALIYUN_ACCESS_KEY_ID ?? '',
    accessKeySecret: values.ALIYUN_ACCESS_KEY_SECRET ?? '',
    callbackKeys: values.CALL_CALLBACK_KEYS ?? [],
    record,
  };
  switch (name) {
    case undefined:
      return undefined;
    case 'simulator':
      return { name, record };
    case 'aliyun-click':
      return {
        name,
        ...aliyun,
        callerShows: values.ALIYUN_CALLER_SHOWS ?? '',
        calleeShows: values.ALIYUN_CALLEE_SHOWS ?? '',
      };
    case 'aliyun-axb':
      return { name, ...aliyun, poolKey: values.ALIYUN_AXB_POOL ?? '', numbers: values.ALIYUN_AXB_NUMBERS ?? [] };
    case 'twilio':
      return {
        name,
        accountSid: values.TWILIO_ACCOUNT_SID ?? '',
        authToken: values.TWILIO_AUTH_TOKEN ?? '',
        number: values.TWILIO_NUMBER ?? '',
        callbackUrl: values.CALL_CALLBACK_URL ?? '',
        record,
      };
  }
}
