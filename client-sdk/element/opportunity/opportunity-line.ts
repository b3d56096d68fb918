import type { Entry, EventEntry } from '../../../shared/contract/entries.ts';
import { textIn, textOf } from '../entry-parts.ts';
import type { DemandNames } from '../language/en-opportunity.ts';
import { en } from '../language/en.ts';
import { wordOf, type Words } from '../language/words.ts';
import { amountWords } from './money-words.ts';

/** A fact of a demand as a line that people read; undefined for what is none. */
export function opportunityLine(entry: EventEntry, words: Words): string | undefined {
  const echo = echoOf(entry, words);
  // Its own words are for the buyer, and everybody in the lane reads it.
  if (echo !== undefined) return echo;
  const { events } = words.opportunity;
  const { event } = entry.body;
  const line = Object.hasOwn(events, event) ? events[event] : undefined;
  return line?.(demandNames(entry, words));
}

/** Why something ended, out of any of the catalogues; an operator's own words are shown as they are. */
export function reasonWords(reason: string, { opportunity }: Words): string {
  const { rejectReasons, terminateReasons, passedReasons } = opportunity;
  return wordOf({ ...rejectReasons, ...terminateReasons, ...passedReasons }, reason);
}

export function demandNames({ actor, body }: EventEntry, words: Words): DemandNames {
  const { opportunity } = words;
  const proposal = body['proposal'];
  const total = textIn(proposal, 'total');
  return {
    actor: actor.name,
    title: textIn(body['demand'], 'title'),
    buyer: textIn(body['buyer'], 'name'),
    provider: textIn(body['provider'], 'name'),
    origin: textOf(body['origin']),
    ended: wordOf(opportunity.engagementStatus, textOf(body['status'])),
    reason: reasonWords(textOf(body['reason']), words),
    remark: textOf(body['remark']),
    proposal: textIn(proposal, 'name'),
    total: total === '' ? '' : amountWords(total, textIn(proposal, 'currency') || 'CNY', words),
    orderId: textOf(body['orderId']),
    connected: body['connected'] === true,
    stage: wordOf(opportunity.stages, textOf(body['stage'])),
    text: textOf(body['text']),
  };
}

/** Notices for the buyer's mail and the like, which tell what a fact in the same stream tells already. */
const echoOf = ({ kind, body }: Entry, { opportunity: { echoes } }: Pick<Words, 'opportunity'>): string | undefined => {
  const what = kind === 'notice' ? textIn(body, 'what') : '';
  return Object.hasOwn(echoes, what) ? echoes[what] : undefined;
};

/** True for a notice that a timeline need not show: the fact stands beside it. */
export const isEcho = (entry: Entry): boolean => echoOf(entry, en) !== undefined;
