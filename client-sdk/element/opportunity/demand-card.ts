import { css, html, nothing, type TemplateResult } from 'lit';
import type { Opportunity, PlazaCard } from '../../../shared/contract/opportunities.ts';
import type { Words } from '../language/words.ts';
import { dayAndTime } from '../time-words.ts';
import { budgetWords } from './money-words.ts';

export const demandStyles = css`
  .terms {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
    font-size: 13px;
    color: var(--muted);
  }
  .terms b {
    color: var(--text);
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .demand p {
    margin-top: 6px;
    white-space: pre-wrap;
  }
  .demand small {
    display: block;
    margin-top: 6px;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
`;

/** What a demand is about, in a line: category, region, budget. */
export function demandTerms(demand: Opportunity | PlazaCard, words: Words): TemplateResult {
  const { category, subCategory, region, budget } = demand;
  return html`<ul class="terms">
    <li data-term="category">${subCategory === undefined ? category : `${category} / ${subCategory}`}</li>
    <li data-term="region">${region}</li>
    <li data-term="budget">${words.opportunity.budget} <b>${budgetWords(budget, words)}</b></li>
  </ul>`;
}

/** All of a demand that its reader may know. */
export function demandDetails(demand: Opportunity, words: Words): TemplateResult {
  const { opportunity } = words;
  const { details, buyer, contact, createdAt, phoneVerified, publisher, shareContact, engagement } = demand;
  const reach = [contact?.name, contact?.email].filter((part) => part !== undefined);
  const follows = engagement?.status === 'following' || engagement?.status === 'won';
  return html`<div class="demand">
    ${demandTerms(demand, words)}
    <p dir="auto">${details}</p>
    <small>
      ${[
        opportunity.published(dayAndTime(createdAt, words)),
        ...(buyer === undefined ? [] : [buyer.name]),
        ...(publisher === undefined || publisher.side === 'buyer' || publisher.side === 'service'
          ? []
          : [opportunity.byPublisher(publisher.name)]),
        ...(phoneVerified
          ? [opportunity.phoneVerified]
          : engagement === undefined
            ? [opportunity.phoneUnverified]
            : []),
      ].join(' · ')}
    </small>
    ${
      reach.length > 0
        ? html`<small data-contact>${opportunity.contact}: ${reach.join(', ')}</small>`
        : follows
          ? html`<small>${opportunity.contactNotShared}</small>`
          : nothing
    }
    ${
      shareContact === undefined
        ? nothing
        : html`<small>${shareContact ? opportunity.contactShared : opportunity.contactHidden}</small>`
    }
  </div>`;
}
