import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import type { Side } from '../../../shared/contract/primitives.ts';
import type { StreamView } from '../../index.ts';
import { wordOf, type Words } from '../language/words.ts';
import type { StreamGroup } from '../stream-tabs.ts';
import { engagementsOf } from './engagement-clock.ts';

/** The families of a demand's streams, in the order in which a reader is shown them. */
const ORDER = ['lane', 'notes', 'desk', 'public', 'operator'];

/** A stream of a demand's room: one of all, or one company's. */
export function partsOf(stream: string): { readonly family: string; readonly org: string | undefined } {
  const colon = stream.indexOf(':');
  return colon < 0
    ? { family: stream, org: undefined }
    : { family: stream.slice(0, colon), org: stream.slice(colon + 1) };
}

const rank = ({ stream }: StreamView): number => ORDER.indexOf(partsOf(stream).family);
const ranked = (views: readonly StreamView[]): StreamView[] => views.toSorted((a, b) => rank(a) - rank(b));

/** A demand's streams as its reader knows them: a buyer's by company, a provider's by what they are for, an operator's both. */
export function streamGroups(
  views: readonly StreamView[],
  demand: Opportunity,
  side: Side | undefined,
  words: Words,
): StreamGroup[] {
  const alone = (view: StreamView): StreamGroup => ({
    name: streamName(view.stream, demand, side, words),
    views: [view],
  });
  if (side !== 'operator') return ranked(views).map(alone);
  const companies = new Map<string, StreamView[]>();
  for (const view of ranked(views)) {
    const { org } = partsOf(view.stream);
    if (org !== undefined) companies.set(org, [...(companies.get(org) ?? []), view]);
  }
  return [
    ...views.filter(({ stream }) => partsOf(stream).org === undefined).map(alone),
    ...[...companies].map(([org, own]): StreamGroup => ({ name: nameOf(org, demand), views: own })),
  ];
}

/** What a tab of a stream says to its reader. */
export function streamName(stream: string, demand: Opportunity, side: Side | undefined, words: Words): string {
  const { family, org } = partsOf(stream);
  const { streams, laneToBuyer } = words.opportunity;
  if (family === 'lane' && side === 'buyer') return nameOf(org, demand);
  if (family === 'lane' && side === 'provider') return laneToBuyer;
  return wordOf(streams, family);
}

const nameOf = (org: string | undefined, demand: Opportunity): string =>
  engagementsOf(demand).findLast(({ provider }) => provider.org === org)?.provider.name ?? org ?? '';

/** What its reader looks at first: a provider its lane, or its desk until it has accepted; a buyer the lane with the newest entry. */
export function firstStream(views: readonly StreamView[], side: Side | undefined): string | undefined {
  if (side === 'provider') return ranked(views)[0]?.stream;
  if (side !== 'buyer') return undefined;
  const newest = ({ entries }: StreamView): number => Date.parse(entries.at(-1)?.at ?? '1970-01-01');
  const lanes = views.filter(({ stream }) => partsOf(stream).family === 'lane');
  return lanes.toSorted((a, b) => newest(b) - newest(a))[0]?.stream;
}

/** Who else reads a stream. */
export function hintFor(stream: string, { opportunity: { streamHints } }: Words): string | undefined {
  const { family } = partsOf(stream);
  return Object.hasOwn(streamHints, family) ? streamHints[family] : undefined;
}

/** What an empty composer says. */
export function placeholderFor(stream: string, side: Side | undefined, { opportunity, write }: Words): string {
  const { family } = partsOf(stream);
  if (family === 'desk' && side === 'operator') return opportunity.answerDesk;
  return Object.hasOwn(opportunity.writeTo, family) ? wordOf(opportunity.writeTo, family) : write;
}

/** True for what the buyer never sees. */
export const isNote = (stream: string): boolean => /^(provider$|operator$|notes:|desk:)/.test(stream);
