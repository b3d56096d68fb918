import type { CallbackRequest } from '../../../../server/calls/bridges/call-bridge.ts';
import { type Story, TALK_MS } from './stories.ts';

export const CALLBACK_KEY = 'the-key-of-the-address-entered-there';

/** A call as its carrier knows it. */
interface Known {
  readonly callId: string;
  readonly carrierId: string;
  /** Where its recording lies. */
  readonly recording: string;
}

const push = (record: object, key = CALLBACK_KEY): CallbackRequest => ({
  url: `/callbacks/calls?key=${encodeURIComponent(key)}`,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify([record])),
});

function forgeriesOf(record: object): CallbackRequest[] {
  const whole = push(record);
  return [
    push(record, 'another key of the same length as it'),
    push(record, ''),
    { ...whole, url: '/callbacks/calls' },
    { ...whole, url: '/callbacks/calls?key=' },
    { ...whole, url: `/callbacks/calls?keys=${CALLBACK_KEY}` },
  ];
}

const CODES = { talked: '200100', callee_busy: '200112', callee_no_answer: '200113', callee_unreachable: '200120' };

function clickReport({ callId: out_id, carrierId: call_id }: Known, story: Story) {
  const seconds = story === 'talked' ? TALK_MS / 1000 : 0;
  return {
    call_id,
    out_id,
    status_code: CODES[story],
    duration: String(seconds + 7),
    b_duration: seconds,
    caller: '13900001110',
    callee: '13800138001',
    status_msg: 'said of 13900001110',
    start_time: '2026-11-20 10:00:10',
    voice_type: 'voice',
  };
}

/** What the double call pushes: statuses, the report, and where the recording lies. */
export function clickPushes(known: Known, story: Story): CallbackRequest[] {
  const { callId: out_id, carrierId: call_id, recording } = known;
  const status = (status_code: string) => push({ call_id, out_id, status_code, status_time: '2026-11-20 10:00:00' });
  const talked = story === 'talked';
  const file = { call_id, out_id, status_code: '200100', duration: '37', record_file: recording };
  return [
    ...['200101', '200102', ...(talked ? ['200103', '200100'] : [])].map(status),
    push(clickReport(known, story)),
    ...(talked ? [push(file)] : []),
  ];
}

export const clickForgeries = (known: Known): CallbackRequest[] => forgeriesOf(clickReport(known, 'talked'));

const CAUSES = { talked: 16, callee_busy: 17, callee_no_answer: 19, callee_unreachable: 20 };

const axbCall = ({ callId: out_id, carrierId }: Known) => ({
  out_id,
  phone_no: '13900001110',
  secret_no: '17000000001',
  peer_no: '13800138001',
  call_type: 0,
  call_id: '44611dd0c30',
  pool_key: 'FC1',
  sub_id: Number(carrierId),
  call_time: '2026-11-20 10:00:00',
});

const axbRelease = (known: Known, story: Story) => ({
  ...axbCall(known),
  ring_time: '2026-11-20 10:00:03',
  start_time: story === 'talked' ? '2026-11-20 10:00:10' : '2026-11-20 10:00:40',
  release_time: '2026-11-20 10:00:40',
  release_cause: CAUSES[story],
  release_dir: 2,
  ...(story === 'talked' ? { record_url: known.recording } : {}),
});

/** What a privacy number pushes when its caller has rung it. */
export function axbPushes(known: Known, story: Story): CallbackRequest[] {
  const base = axbCall(known);
  const ringing = { ...base, ring_time: '2026-11-20 10:00:03' };
  const { out_id, call_id, sub_id, pool_key } = base;
  return [
    push({ ...base, called_display_no: '17000000001' }),
    push(ringing),
    ...(story === 'talked' ? [push({ ...ringing, start_time: '2026-11-20 10:00:10' })] : []),
    push(axbRelease(known, story)),
    push({ out_id, call_id, sub_id, pool_key, call_time: 1_629_893_489_000 }),
  ];
}

export const axbForgeries = (known: Known): CallbackRequest[] => forgeriesOf(axbRelease(known, 'talked'));
