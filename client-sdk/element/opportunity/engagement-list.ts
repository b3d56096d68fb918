import { css, html, nothing, type TemplateResult } from 'lit';
import type { Engagement, Opportunity } from '../../../shared/contract/opportunities.ts';
import { wordOf, type Words } from '../language/words.ts';
import { amountWords } from './money-words.ts';
import { clockWords, engagementClock } from './engagement-clock.ts';
import { reasonWords } from './opportunity-line.ts';

export const engagementStyles = css`
  .engagements li {
    padding: 8px 0;
    border-top: 1px solid var(--line);
  }
  .engagements li:first-child {
    border-top: 0;
  }
  .engagements .head {
    display: flex;
    align-items: baseline;
    gap: 8px;
  }
  .engagements strong {
    flex: 1;
    min-width: 0;
    font-weight: 500;
  }
  .engagements .state {
    flex: none;
    font-size: 12px;
    color: var(--muted);
  }
  .engagements [data-status='following'] .state,
  .engagements [data-status='won'] .state {
    color: var(--good);
  }
  .engagements [data-status='offered'] .state {
    color: var(--warn);
  }
  .engagements small {
    display: block;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .engagements [data-ended] strong {
    color: var(--muted);
  }
`;

/** The providers of a demand, those that are in it first: how each came, how it stands, and what it asks for. */
export function engagementList(
  { engagements = [] }: Opportunity,
  { words, now }: { readonly words: Words; readonly now: number },
): TemplateResult {
  if (engagements.length === 0) return html`<p class="run">${words.opportunity.noProviders}</p>`;
  const ended = (one: Engagement): boolean => one.ended !== undefined;
  const sorted = [...engagements.filter((one) => !ended(one)), ...engagements.filter(ended)];
  return html`<ul class="engagements">
    ${sorted.map((one) => row(one, words, now))}
  </ul>`;
}

function row(one: Engagement, words: Words, now: number): TemplateResult {
  const { opportunity } = words;
  const clock = engagementClock(one, now);
  const said = [
    wordOf(opportunity.origins, one.origin),
    ...(clock === undefined ? [] : [clockWords(one, clock, false, words)]),
    ...(one.ended?.reason === undefined ? [] : [reasonWords(one.ended.reason, words)]),
  ];
  return html`<li
    data-engagement=${one.provider.org}
    data-status=${one.status}
    data-ended=${one.ended === undefined ? nothing : ''}
  >
    <div class="head">
      <strong>${one.provider.name}</strong>
      <span class="state">${wordOf(opportunity.engagementStatus, one.status)}</span>
    </div>
    <small>${said.join(' · ')}</small>
    ${one.ended?.remark === undefined ? nothing : html`<small dir="auto">${one.ended.remark}</small>`}
    ${one.proposals.map(
      ({ name, total, currency }) => html`<small dir="auto">${name}: ${amountWords(total, currency, words)}</small>`,
    )}
  </li>`;
}
