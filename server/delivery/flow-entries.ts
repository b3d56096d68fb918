import type { WorkingCalendar } from '../../shared/model/calendar/working-calendar.ts';
import { localDate, localTime } from '../../shared/model/calendar/local-date.ts';
import { audienceOf, type Audience } from '../../shared/model/flow/audience.ts';
import {
  type Flow,
  type FlowEntry,
  type Notification,
  settingsOf,
  SYSTEM_ACTOR,
} from '../../shared/model/flow/flow.ts';
import type { FlowFact } from '../../shared/model/flow/flow-fact.ts';
import { type MessageValues, messageWords } from '../../shared/model/flow/message-presets.ts';
import { type Language, withoutNotify, wordsOf } from '../../shared/model/flow/template-steps.ts';
import type { RoomChange } from '../rooms/room-store.ts';

type Item = RoomChange['entries'][number];

/** The entries that tell what happened to a flow, then the notices for those who are to know. */
export function flowItems(
  title: string,
  {
    before,
    flow,
    entries,
    notifications,
  }: {
    before: Flow | undefined;
    flow: Flow;
    entries: readonly FlowEntry[];
    notifications: readonly Notification[];
  },
  { now, calendar }: { now: number; calendar: WorkingCalendar },
): Item[] {
  let run = before?.run ?? 1;
  const items = entries.map(({ stream, kind, actor, body }): Item => {
    // A change of provider begins the next run.
    if (body.event === 'provider.changed') run = body.run;
    return { stream, kind, actor, body: told(body), run };
  });
  return [
    ...items,
    ...notifications.flatMap((notification) => {
      const item = noticeOf(title, flow, notification, { now, calendar });
      return item === undefined ? [] : [item];
    }),
  ];
}

/** A fact as everybody in the room may read it: whom a template notifies, and with what words, is not for everybody. */
function told(fact: FlowFact): Record<string, unknown> {
  return fact.event === 'project.created' ? { ...fact, template: withoutNotify(fact.template) } : { ...fact };
}

/** The stream in which the receivers read it, and as few others as there can be. */
const STREAM_OF: Readonly<Record<Audience['side'], string>> = {
  buyer: 'public',
  provider: 'provider',
  vendor: 'provider',
  operator: 'operator',
};

function noticeOf(
  title: string,
  flow: Flow,
  { to, when, message, nodeId, visit }: Notification,
  { now, calendar }: { now: number; calendar: WorkingCalendar },
): Item | undefined {
  const audience = audienceOf(flow, to, nodeId);
  const node = flow.nodes.find(({ id }) => id === nodeId);
  if (audience === null || node === undefined) return undefined;
  const say = (language: Language): string => {
    const values: MessageValues = {
      project: title,
      node: wordsOf(settingsOf(flow, nodeId)?.labels?.title ?? node.name, language),
      ...(node.dueAt === undefined ? {} : { due: localInstant(Date.parse(node.dueAt), calendar.timeZone) }),
    };
    return messageWords(message, values, language);
  };
  const words = { zh: say('zh'), en: say('en') };
  const about = { to, when, node: { id: node.id, name: node.name }, visit, words };
  return {
    stream: STREAM_OF[audience.side],
    kind: 'notice',
    actor: { id: SYSTEM_ACTOR.id, name: SYSTEM_ACTOR.name, side: SYSTEM_ACTOR.side },
    body: { event: 'notification', ...about },
    notification: { ...about, audience, at: new Date(now) },
  };
}

const localInstant = (at: number, timeZone: string): string => `${localDate(at, timeZone)} ${localTime(at, timeZone)}`;
