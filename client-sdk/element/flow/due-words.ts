import type { Project } from '../../../shared/contract/projects.ts';
import { sayDueEn, sayDueZh } from '../../../shared/model/calendar/say-due.ts';
import type { Words } from '../language/words.ts';

type Node = Project['nodes'][number];

/** The office's zone until its calendar was read: due instants are derived in it. */
export const OFFICE_TIME_ZONE = 'Asia/Shanghai';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How a step stands to its due instant at a moment. */
export interface DueState {
  readonly dueAt: number;
  readonly late: boolean;
  /** Milliseconds until it, or since it. */
  readonly span: number;
  readonly provisional: boolean;
}

/** Nothing for a step that has no limit, or whose clock stands still. What the service says of being overdue is believed. */
export function dueState({ dueAt, due, overdue }: Node, now: number): DueState | undefined {
  if (dueAt === undefined) return undefined;
  const at = Date.parse(dueAt);
  const provisional = due?.provisional === true;
  // Nobody is late by an instant that is a guess.
  const late = overdue || (now >= at && !provisional);
  return { dueAt: at, late, span: late ? Math.max(0, now - at) : Math.max(0, at - now), provisional };
}

/** A stretch of time in its two greatest units: "2 d 3 h". Seconds are counted in the last minute only. */
export function spanWords(ms: number, { delivery: { span } }: Words): string {
  const [days, hours, minutes] = [
    Math.floor(ms / DAY),
    Math.floor((ms % DAY) / HOUR),
    Math.floor((ms % HOUR) / MINUTE),
  ];
  const say = (...parts: [number, string][]): string =>
    parts
      .filter(([count], index) => count > 0 || (index === 0 && parts.length === 1))
      .map(([count, unit]) => (/^\s/.test(unit) ? `${count}${unit}` : `${count} ${unit}`))
      .join(span.join);
  if (days > 0) return say([days, span.day], [hours, span.hour]);
  if (hours > 0) return say([hours, span.hour], [minutes, span.minute]);
  if (minutes > 0) return say([minutes, span.minute]);
  return say([Math.floor(ms / SECOND), span.second]);
}

/** Hours and minutes of working time: a working day is not 24 hours long, so that days are not counted. */
export function workingSpanWords(ms: number, { delivery: { span } }: Words): string {
  const unit = (count: number, word: string) => (/^\s/.test(word) ? `${count}${word}` : `${count} ${word}`);
  const [hours, minutes] = [Math.floor(ms / HOUR), Math.floor((ms % HOUR) / MINUTE)];
  if (hours === 0) return unit(minutes, span.minute);
  return minutes === 0 ? unit(hours, span.hour) : unit(hours, span.hour) + span.join + unit(minutes, span.minute);
}

/** The countdown in the reader's words. */
export function countdown(state: DueState, words: Words): string {
  const said = spanWords(state.span, words);
  return state.late ? words.delivery.overdueBy(said) : words.delivery.dueIn(said);
}

/** How a due instant was arrived at, in the reader's language. */
export function derivation({ due }: Node, words: Words, timeZone: string): string | undefined {
  if (due === undefined) return undefined;
  const { days, from, over, pauses = [] } = due.because;
  const because = {
    days,
    from,
    over: over.map(({ name, ...off }) => (name === undefined ? off : { ...off, name })),
    pauses,
  };
  return words.tag === 'en' ? sayDueEn(because, timeZone) : sayDueZh(because, timeZone);
}

/** What a screen reader is told: at thresholds, and not at each second. */
export function thresholdWords(state: DueState | undefined, { delivery: { thresholds } }: Words): string {
  if (state === undefined) return '';
  if (state.late) return thresholds.over;
  if (state.span < HOUR) return thresholds.hour;
  return state.span < DAY ? thresholds.day : '';
}

/** Milliseconds until the countdown says something else: each second in the last minute, else each minute. */
export function nextWordsIn({ late, span }: DueState): number {
  if (span < MINUTE) return SECOND - (late ? span % SECOND : (span + SECOND - 1) % SECOND) || SECOND;
  return (late ? MINUTE - (span % MINUTE) : span % MINUTE) || MINUTE;
}

/**
 * How far the service's clock is ahead of the reader's, in milliseconds, as the newest entry shows it: a demonstration moves its
 * clock, and a machine's can be wrong. Small differences are the network's.
 */
export function aheadBy(entryAt: string, now: number): number {
  const ahead = Date.parse(entryAt) - now;
  return ahead > 2 * MINUTE ? ahead : 0;
}
