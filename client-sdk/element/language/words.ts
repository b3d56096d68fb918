import type { RoomError } from '../../../shared/contract/errors.ts';
import { en, type Words } from './en.ts';
import { zhCn } from './zh-cn.ts';

export type { Words } from './en.ts';

/** The words for a language tag: Chinese for any kind of it, else English. Without a tag, the page's or the browser's. */
export function wordsFor(tag: string | undefined): Words {
  const wanted = tag || document.documentElement.lang || navigator.language;
  return /^zh\b/i.test(wanted) ? zhCn : en;
}

/** Why something failed, in the reader's language. The server's own sentence is for logs. */
export function reasonOf(words: Words, error: RoomError): string {
  return words.errors[error.code];
}

/** A word out of a table that may lack it: names that came over the wire are shown as they are. */
export function wordOf(table: Readonly<Record<string, string>>, name: string): string {
  return (Object.hasOwn(table, name) ? table[name] : undefined) ?? name;
}
