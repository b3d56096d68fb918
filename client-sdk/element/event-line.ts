import type { EventEntry } from '../../shared/contract/entries.ts';
import type { EventNames } from './language/en.ts';
import { wordOf, type Words } from './language/words.ts';

/** What the service wrote into a timeline, as a line that people read. An event of a later version is shown by its name. */
export function eventLine(entry: EventEntry, words: Words): string {
  const { event } = entry.body;
  const named: EventNames = {
    event,
    actor: entry.actor.name,
    orderId: textOf(entry.body['orderId']),
    provider: nameIn(entry.body['provider']),
    node: wordOf(words.nodeNames, nameIn(entry.body['node'])),
    member: nameIn(entry.body['member']),
  };
  const line = Object.hasOwn(words.events, event) ? words.events[event] : undefined;
  return (line ?? words.otherEvent)(named);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function nameIn(value: unknown): string {
  return typeof value === 'object' && value !== null && 'name' in value ? textOf(value.name) : '';
}
