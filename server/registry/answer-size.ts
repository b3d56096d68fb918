import { READ_UNIT_CHARS } from '../../shared/contract/limits.ts';

/** As how many reads an answer counts beside the one that was asked for: by the text of the entries in it, which is what can make it large. */
export function furtherReads(answer: unknown): number {
  if (!isObject(answer)) return 0;
  let chars = textOf(Reflect.get(answer, 'entries'));
  const streams: unknown = Reflect.get(answer, 'streams');
  if (Array.isArray(streams))
    for (const stream of streams) if (isObject(stream)) chars += textOf(Reflect.get(stream, 'entries'));
  return Math.floor(chars / READ_UNIT_CHARS);
}

function textOf(entries: unknown): number {
  if (!Array.isArray(entries)) return 0;
  let chars = 0;
  for (const entry of entries) {
    const body: unknown = isObject(entry) ? Reflect.get(entry, 'body') : undefined;
    const text: unknown = isObject(body) ? Reflect.get(body, 'text') : undefined;
    if (typeof text === 'string') chars += text.length;
  }
  return chars;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
