import { z } from 'zod';
import { defineCommand, EVERYONE } from './command.ts';
import { CALL_ID_BYTES } from './limits.ts';
import { phoneNumber } from './phone.ts';
import { cursor, id, isoTime, limit, page, person, streamName } from './primitives.ts';

/** In the order in which a call goes through them; the last five are ends. */
export const callState = z.enum([
  'requested',
  'ringing_caller',
  'ringing_callee',
  'connected',
  'completed',
  'busy',
  'no_answer',
  'failed',
  'cancelled',
]);
export type CallState = z.infer<typeof callState>;

export const callEnd = callState.extract(['completed', 'busy', 'no_answer', 'failed', 'cancelled']);
export type CallEnd = z.infer<typeof callEnd>;

/** Why a call ended as it did, where that is known. */
export const callReason = z.enum([
  'caller_busy',
  'callee_busy',
  'caller_no_answer',
  'callee_no_answer',
  'caller_unreachable',
  'callee_unreachable',
  'hung_up_early',
  'not_agreed',
  'declined',
  'by_caller',
  'by_callee',
  'by_operator',
  'number_gone',
  'number_not_served',
  'no_line_free',
  'carrier_refused',
  'carrier_unavailable',
  'unreported',
]);
export type CallReason = z.infer<typeof callReason>;

/** Who has to agree before a phone rings: nobody, the person who is called, or an operator. */
export const callApproval = z.enum(['none', 'callee', 'operator']);
export type CallApproval = z.infer<typeof callApproval>;

/** On which phones a deployment rings callers: on any that they name, or on those alone whose numbers are kept. */
export const callFromNumber = z.enum(['any', 'own']);
export type CallFromNumber = z.infer<typeof callFromNumber>;

export const callAction = z.enum(['approve', 'cancel', 'call_back']);
export type CallAction = z.infer<typeof callAction>;

export const callId = z.string().min(1).max(CALL_ID_BYTES).regex(/^\w+$/u, 'must be the id of a call');

/** One side of a call. Never a number. */
export const callParty = person.pick({ userId: true, name: true, side: true, org: true });
export type CallParty = z.infer<typeof callParty>;

export const call = z
  .object({
    id: callId,
    roomId: id,
    stream: streamName,
    state: callState,
    from: callParty,
    to: callParty,
    at: isoTime.meta({ description: 'When it was asked for' }),
    awaits: callApproval
      .exclude(['none'])
      .optional()
      .meta({ description: 'Who has to agree before a phone rings; while requested' }),
    ringingAt: isoTime.optional().meta({ description: 'When the first phone rang' }),
    connectedAt: isoTime.optional(),
    endedAt: isoTime.optional(),
    reason: callReason.optional(),
    durationMs: z.int().min(0).optional().meta({ description: 'How long they talked, where the carrier has told' }),
    dial: z.object({ number: z.string(), until: isoTime }).optional().meta({
      description:
        "A number of the carrier's that the caller is to ring from their own phone; told to the caller alone, while requested",
    }),
    recording: id
      .optional()
      .meta({ description: 'The file of what was spoken, where there is one; told to operators alone' }),
    actions: z.array(callAction).meta({ description: 'What the reader may do now' }),
  })
  .meta({ id: 'Call', description: 'A call through which neither side learns the number of the other' });
export type Call = z.infer<typeof call>;

const changed = z.object({ call });
const one = z.strictObject({ roomId: id, callId });

export const callCommands = {
  'call.place': defineCommand({
    summary:
      'Has the phones of the caller and of somebody in the room rung and joins them; neither learns the number of the other. One call at a time for a pair, and a daily limit for a caller.',
    input: z.strictObject({
      roomId: id,
      stream: streamName.optional().meta({ description: "public, in an opportunity the caller's lane" }),
      to: id.meta({ description: 'The user id of the person to be called' }),
      fromNumber: phoneNumber.optional().meta({
        description:
          'Where the caller is rung this time, instead of on the phone that is kept for them; it is never answered, nor shown to anybody. Refused where a deployment rings callers at kept numbers only',
      }),
    }),
    output: changed,
    callers: ['buyer', 'provider'],
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
    rate: 'write',
    writes: true,
  }),
  'call.approve': defineCommand({
    summary: 'Agrees to a call that waits for it; the phones ring then. To decline is call.cancel.',
    input: one,
    output: changed,
    callers: ['buyer', 'provider', 'operator'],
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
    rate: 'write',
    writes: true,
  }),
  'call.cancel': defineCommand({
    summary:
      'Ends a call before the two talk: by either of them, or by an operator. One that was cancelled already stays as it is.',
    input: one,
    output: changed,
    callers: ['buyer', 'provider', 'operator'],
    errors: ['forbidden', 'not_found', 'conflict'],
    rate: 'write',
    writes: true,
  }),
  'call.list': defineCommand({
    summary: 'The calls of a room that the caller may know of, newest first.',
    input: z.strictObject({ roomId: id, stream: streamName.optional(), cursor: cursor.optional(), limit }),
    output: page(call),
    callers: EVERYONE,
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
} as const;
