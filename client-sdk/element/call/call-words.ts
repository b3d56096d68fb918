import type { Call, CallFromNumber } from '../../../shared/contract/calls.ts';
import type { EventEntry } from '../../../shared/contract/entries.ts';
import { RATES } from '../../../shared/contract/limits.ts';
import { legOf } from '../../../shared/model/call/permissions.ts';
import type { Identity, RoomError } from '../../index.ts';
import { isObject, textIn, textOf } from '../entry-parts.ts';
import type { CallNames } from '../language/en-call.ts';
import { reasonOf, wordOf, type Words } from '../language/words.ts';
import { dayAndTime } from '../time-words.ts';

const KEPT_ONLY: CallFromNumber = 'own';

/** Which side of a call its reader is; null for who only looks on. */
export const legFor = (call: Call, me: Identity | undefined): ReturnType<typeof legOf> =>
  me?.side === undefined ? null : legOf(call, { id: me.userId, side: me.side });

const namesOf = ({ from, to }: Call): CallNames => ({ from: from.name, to: to.name });

/** How long two people have talked: `0:07`, `12:30`, `1:02:03`. */
export function talkTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (count: number): string => String(count).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Whose call it is, to its reader: with whom, or between whom. */
export function titleWords(call: Call, me: Identity | undefined, { calls }: Words): string {
  const leg = legFor(call, me);
  if (leg === null) return calls.between(namesOf(call));
  return calls.with(leg === 'caller' ? call.to.name : call.from.name);
}

/** Where a call stands that is not over, and what its reader is to do; empty where what there is to ring says it all. */
export function nowWords(call: Call, me: Identity | undefined, { calls: { now } }: Words): string {
  const leg = legFor(call, me);
  const { from, to } = namesOf(call);
  switch (call.state) {
    case 'requested':
      if (call.awaits === 'callee') return leg === 'callee' ? now.asksYou(from) : now.waitsFor(to);
      if (call.awaits === 'operator')
        return call.actions.includes('approve') ? now.asksOperator({ from, to }) : now.waitsForOperator;
      return call.dial === undefined ? now.placing : '';
    case 'ringing_caller':
      return leg === 'caller' ? now.ringsYou : now.rings(from);
    case 'ringing_callee':
      return leg === 'callee' ? now.ringsYou : now.rings(to);
    default:
      return now.talking;
  }
}

/** What has become of a call so far, in a few words. */
export function becameWords(call: Call, { calls }: Words): string {
  const { state, awaits, reason, durationMs } = call;
  switch (state) {
    case 'requested':
      return awaits === undefined ? calls.short.placing : calls.short.waits;
    case 'ringing_caller':
    case 'ringing_callee':
      return calls.short.rings;
    case 'connected':
      return calls.short.talking;
    case 'completed':
      return durationMs === undefined ? calls.ends.completed : calls.talked(talkTime(durationMs));
    default:
      // A later version may know more reasons.
      return reason !== undefined && Object.hasOwn(calls.reasons, reason)
        ? calls.reasons[reason](namesOf(call))
        : calls.ends[state];
  }
}

/** A call as one line: who called whom, and what became of it. */
export const callLine = (call: Call, words: Words): string =>
  `${words.calls.called(namesOf(call))} · ${becameWords(call, words)}`;

/** What an entry tells of a call, where that one entry is all that is known; undefined for what tells of none. */
export function callFactLine({ actor, body }: EventEntry, { calls }: Words): string | undefined {
  const { event, durationMs } = body;
  const line = Object.hasOwn(calls.events, event) ? calls.events[event] : undefined;
  return line?.({
    actor: actor.name,
    from: textIn(body['from'], 'name'),
    to: textIn(body['to'], 'name'),
    end: wordOf(calls.ends, textOf(body['state'])),
    duration: typeof durationMs === 'number' ? talkTime(durationMs) : '',
  });
}

/**
 * Why a call was not placed, or not changed, in a sentence.
 * @param name of the other one
 * @param now the service's clock as far as it is known, in milliseconds since the epoch
 */
export function callRefusal(error: RoomError, name: string, now: number, words: Words): string {
  const { refused } = words.calls;
  switch (error.code) {
    case 'conflict':
      return conflictWords(error, name, words);
    case 'read_only':
      return refused.late;
    case 'not_found':
      return refused.nobody(name);
    case 'rate_limited': {
      // No rate has a window as long as this: it is the day's limit.
      const { retryAfterMs = 0 } = error;
      if (retryAfterMs <= RATES.write.seconds * 1000) return reasonOf(words, error);
      return refused.daily(dayAndTime(now + retryAfterMs, words));
    }
    case 'unavailable':
      if (error.message.includes('nothing was done')) return words.delivery.notSent;
      return isObject(error.details) && error.details['unanswered'] === true ? refused.notSure : refused.unavailable;
    default:
      return reasonOf(words, error);
  }
}

function conflictWords(error: RoomError, name: string, words: Words): string {
  const { refused, inCall } = words.calls;
  const { details } = error;
  if (isMissingOwn(error)) return refused.noOwnNumber;
  if (textIn(details, 'missing') === 'from') return refused.noKeptNumber;
  if (textIn(details, 'missing') !== '') return refused.noNumberOf(name);
  const quietUntil = textIn(details, 'quietUntil');
  if (!Number.isNaN(Date.parse(quietUntil))) return refused.quiet(dayAndTime(quietUntil, words));
  if (!isObject(details) || textIn(details, 'callId') === '') return reasonOf(words, error);
  return inCall;
}

/** Says whether it is the caller's own number that is missing, which they can give. */
export const isMissingOwn = ({ code, details }: RoomError): boolean =>
  code === 'conflict' && textIn(details, 'missing') === 'from' && textIn(details, 'fromNumber') !== KEPT_ONLY;

/** Why a call could not be agreed to, or ended, in a sentence. */
export function changeRefusal(error: RoomError, name: string, now: number, words: Words): string {
  const { refused } = words.calls;
  const state = error.code === 'conflict' ? textIn(error.details, 'state') : '';
  if (state === '') return callRefusal(error, name, now, words);
  return state === 'connected' ? refused.talking : refused.over;
}
