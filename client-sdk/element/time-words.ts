import type { Words } from './language/words.ts';

/** A calendar day where the reader is. */
export const dayOf = (at: number): string => {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
};

/** A day as a heading. */
export function dayName(at: string, words: Words): string {
  const now = new Date();
  const day = dayOf(Date.parse(at));
  if (day === dayOf(now.getTime())) return words.today;
  if (day === dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1).getTime())) return words.yesterday;
  return new Intl.DateTimeFormat(words.tag, { dateStyle: 'full' }).format(new Date(at));
}

const timeFormats = new Map<string, Intl.DateTimeFormat>();

/** Hours and minutes where the reader is. */
export function timeOf(at: string | number, words: Words): string {
  const format =
    timeFormats.get(words.tag) ??
    new Intl.DateTimeFormat(words.tag, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  timeFormats.set(words.tag, format);
  return format.format(new Date(at));
}

/** The time of day for today, else the day. */
export function dayOrTimeOf(at: string, words: Words): string {
  const date = new Date(at);
  if (date.toDateString() === new Date().toDateString()) return timeOf(at, words);
  return new Intl.DateTimeFormat(words.tag, { month: 'short', day: 'numeric' }).format(date);
}

const dayTimeFormats = new Map<string, Intl.DateTimeFormat>();

/** A day with its weekday and the time, where the reader is. */
export function dayAndTime(at: string | number, words: Words): string {
  const format =
    dayTimeFormats.get(words.tag) ??
    new Intl.DateTimeFormat(words.tag, {
      weekday: 'short',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  dayTimeFormats.set(words.tag, format);
  return format.format(new Date(at));
}
