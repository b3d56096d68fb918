import type { EventEntry } from '../../shared/contract/entries.ts';
import { callFactLine } from './call/call-words.ts';
import { isObject, textIn, textOf } from './entry-parts.ts';
import type { EventNames } from './language/en-flow.ts';
import { wordOf, type Words } from './language/words.ts';
import { opportunityLine } from './opportunity/opportunity-line.ts';
import { dayAndTime } from './time-words.ts';

/** What the service wrote into a timeline, as a line that people read. An event of a later version is shown by its name. */
export function eventLine(entry: EventEntry, words: Words): string {
  const known = opportunityLine(entry, words) ?? callFactLine(entry, words);
  if (known !== undefined) return known;
  const { delivery } = words;
  const { event } = entry.body;
  const line = Object.hasOwn(delivery.events, event) ? delivery.events[event] : undefined;
  return (line ?? delivery.otherEvent)(namesIn(entry, words));
}

function namesIn(entry: EventEntry, words: Words): EventNames {
  const { actor, body } = entry;
  const { run, to, from, operator, onBehalfOf, clock } = body;
  const role = textIn(to, 'role') || textIn(operator, 'role');
  // Whoever claims an order for themselves is not named twice.
  const own = textIn(operator, 'userId') === actor.id;
  const dueAt = textIn(clock, 'dueAt');
  const side = textOf(onBehalfOf);
  const said = isObject(body['words']) ? body['words'] : body;
  return {
    event: body.event,
    actor: actor.name,
    orderId: textOf(body['orderId']),
    provider: textIn(body['provider'], 'name'),
    node: wordOf(words.nodeNames, textIn(body['node'], 'name')),
    member: textIn(body['member'], 'name'),
    template: textIn(body['template'], 'name'),
    reason: textOf(body['reason']) || textOf(body['remark']),
    queued: wordOf(words.queued, textOf(body['reason'])),
    from: textIn(from, 'name'),
    to: textIn(to, 'name'),
    operator: own ? '' : textIn(operator, 'name'),
    role: wordOf(words.roles, role),
    run: typeof run === 'number' ? run : 1,
    action: textOf(body['action']),
    due: Number.isNaN(Date.parse(dueAt)) ? '' : dayAndTime(dueAt, words),
    side: side === '' ? '' : wordOf(words.sides, side),
    late: body['late'] === true,
    auto: body['auto'] === true,
    manual: body['manual'] === true,
    files: filesIn(body['files']).map(({ name }) => name),
    receiver: receiverOf(textOf(to) || (entry.stream.startsWith('desk:') ? 'provider' : ''), words),
    message: textIn(said, words.tag === 'en' ? 'en' : 'zh'),
  };
}

/** Whom a notification is for: a side, a role, or whoever works the step. */
function receiverOf(to: string, { sides, roles, delivery }: Words): string {
  if (to === '') return '';
  if (to === 'current_operator') return delivery.whoWorks;
  return Object.hasOwn(sides, to) ? wordOf(sides, to) : wordOf(roles, to);
}

/** A file as an entry names it. */
export interface NamedFile {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
}

/** The files that came over the wire in an entry's body; what has another shape is left out. */
export function filesIn(value: unknown): NamedFile[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((file: unknown) => {
    const id = textIn(file, 'id');
    if (id === '' || !isObject(file)) return [];
    return [{ id, name: textIn(file, 'name'), size: Number(file['size']) || 0, type: textIn(file, 'type') }];
  });
}
