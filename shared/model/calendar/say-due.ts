import type { Because, DaysOff } from './due.ts';
import { localDate, localTime, weekdayOf } from './local-date.ts';

const WEEKDAYS_EN = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const WEEKDAYS_ZH = ['周日', '周一', '周二', '周三', '周四', '周五', '周六'];
const MONTHS_EN = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const monthOf = (date: string): number => Number(date.slice(5, 7));
const dayOf = (date: string): number => Number(date.slice(8, 10));

function rangeEn({ from, to }: DaysOff): string {
  const month = (date: string): string => MONTHS_EN[monthOf(date) - 1] ?? '';
  if (from === to) return `${month(from)} ${dayOf(from)}`;
  const end = monthOf(from) === monthOf(to) ? `${dayOf(to)}` : `${month(to)} ${dayOf(to)}`;
  return `${month(from)} ${dayOf(from)}-${end}`;
}

function rangeZh({ from, to }: DaysOff): string {
  const start = `${monthOf(from)}月${dayOf(from)}日`;
  if (from === to) return start;
  return monthOf(from) === monthOf(to) ? `${start}至${dayOf(to)}日` : `${start}至${monthOf(to)}月${dayOf(to)}日`;
}

/** Says in English how a due instant was arrived at: "3 working days from Fri 17:10, over the Oct 1-8 holiday". */
export function sayDueEn({ days, from, over, pauses = [] }: Because, timeZone: string): string {
  const at = Date.parse(from);
  const weekday = WEEKDAYS_EN[weekdayOf(localDate(at, timeZone))] ?? '';
  const ranges = over.map(rangeEn);
  const holidays = ranges.length === 1 ? `the ${ranges[0]} holiday` : `the holidays ${ranges.join(', ')}`;
  return [
    `${days} working ${days === 1 ? 'day' : 'days'} from ${weekday} ${localTime(at, timeZone)}`,
    ...(over.length === 0 ? [] : [`over ${holidays}`]),
    ...(pauses.length === 0 ? [] : [pauses.length === 1 ? 'with a pause' : `with ${pauses.length} pauses`]),
  ].join(', ');
}

/** Says in Chinese how a due instant was arrived at. */
export function sayDueZh({ days, from, over, pauses = [] }: Because, timeZone: string): string {
  const at = Date.parse(from);
  const weekday = WEEKDAYS_ZH[weekdayOf(localDate(at, timeZone))] ?? '';
  const holidays = over.map((off) => `${rangeZh(off)}${off.name?.zh ?? ''}假期`);
  return [
    `自${weekday} ${localTime(at, timeZone)}起${days}个工作日`,
    ...(over.length === 0 ? [] : [`跨${holidays.join('、')}`]),
    ...(pauses.length === 0 ? [] : [`期间暂停${pauses.length}次`]),
  ].join('，');
}
