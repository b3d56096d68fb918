import type { Engagement, Opportunity } from '../../../shared/contract/opportunities.ts';
import type { Identity } from '../../index.ts';
import { type DueState, spanWords } from '../flow/due-words.ts';
import type { Words } from '../language/words.ts';

/** How an engagement stands to the instant at which it would expire: the answer to an offer, or the next communication record. */
export function engagementClock({ status, answerBy, windowEndsAt }: Engagement, now: number): DueState | undefined {
  const until = status === 'offered' ? answerBy : status === 'following' ? windowEndsAt : undefined;
  if (until === undefined) return undefined;
  const dueAt = Date.parse(until);
  return { dueAt, late: now >= dueAt, span: Math.abs(dueAt - now), provisional: false };
}

/** The time left, in words: to one's own company, or to who looks on. */
export function clockWords({ status }: Engagement, clock: DueState, own: boolean, words: Words): string {
  const { clocks } = words.opportunity;
  if (clock.late) return clocks.over;
  const span = spanWords(clock.span, words);
  if (status === 'following') return clocks.window(span);
  return own ? clocks.answerOwn(span) : clocks.answer(span);
}

/** The engagements that a reader is shown, a provider's own alone. */
export const engagementsOf = ({ engagement, engagements = [] }: Opportunity): readonly Engagement[] =>
  engagement === undefined ? engagements : [engagement];

export const isRunning = ({ status }: Engagement): boolean => status === 'offered' || status === 'following';

/** Proposals that can be paid, or are. */
export const proposalCount = (opportunity: Opportunity): number =>
  engagementsOf(opportunity).reduce((sum, { proposals }) => sum + proposals.length, 0);

/** True where it is the reader's company that has to answer. */
export const isAsked = ({ engagement, actions }: Opportunity, me: Identity | undefined): boolean =>
  me?.side === 'provider' && engagement?.status === 'offered' && actions.includes('accept');
