import { css, html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Suggestion, SuggestionFactor } from '../../../shared/contract/opportunities.ts';
import { RoomError } from '../../index.ts';
import { reasonOf, type Words } from '../language/words.ts';

export const suggestionStyles = css`
  .suggestion {
    display: grid;
    grid-template-columns: auto 1fr auto;
    gap: 0 10px;
    align-items: baseline;
    padding: 10px 12px;
    cursor: pointer;
  }
  .suggestion + .suggestion {
    border-top: 1px solid var(--line);
  }
  .suggestion:hover {
    background: var(--raised);
  }
  .suggestion input {
    accent-color: var(--accent);
  }
  .suggestion strong {
    font-weight: 600;
  }
  .suggestion .score {
    font-variant-numeric: tabular-nums;
    color: var(--muted);
  }
  .because {
    grid-column: 2 / -1;
    display: flex;
    flex-wrap: wrap;
    gap: 4px 12px;
    margin-top: 2px;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .because li[data-for] {
    color: var(--good);
  }
  .choices.tall {
    max-height: 44vh;
  }
`;

export interface SuggestionList {
  /** Missing while they are asked for; an error when they could not be had. */
  readonly suggestions: readonly Suggestion[] | RoomError | undefined;
  readonly chosen: string;
  readonly fault: string | undefined;
  readonly words: Words;
  choose(org: string): void;
}

/** The providers that fit, the best first, each with what speaks for it and what does not. */
export function suggestionList({ suggestions, chosen, fault, words, choose }: SuggestionList): TemplateResult {
  const { opportunity, delivery } = words;
  const list = (items: readonly Suggestion[]): TemplateResult =>
    html`<div class="choices tall" aria-describedby=${fault === undefined ? nothing : 'fault-org'}>
      ${items.map(
        ({ org, name, score, because }) => html`<label class="suggestion">
          <input
            type="radio"
            name="org"
            value=${org}
            .checked=${live(chosen === org)}
            @change=${() => choose(org)}
          />
          <strong>${name}</strong>
          <span class="score">${opportunity.score(score)}</span>
          <ul class="because">
            ${because.map(
              (factor) =>
                html`<li data-factor=${factor.factor} data-for=${speaksFor(factor) ? '' : nothing}>${factorWords(factor, words)}</li>`,
            )}
          </ul>
        </label>`,
      )}
    </div>`;
  return html`<div
    class="field"
    data-field="org"
    data-fault=${fault === undefined ? nothing : ''}
    role="group"
    aria-labelledby="label-org"
  >
    <div class="label" id="label-org">${opportunity.suggestions}</div>
    ${
      suggestions === undefined
        ? html`<p class="explain" role="status">${delivery.loadingChoices}</p>`
        : suggestions instanceof RoomError
          ? html`<p class="fault" role="alert">${delivery.choicesFailed(reasonOf(words, suggestions))}</p>`
          : suggestions.length === 0
            ? html`<p class="explain" role="status">${opportunity.noSuggestions}</p>`
            : list(suggestions)
    }
    ${fault === undefined ? nothing : html`<p class="fault" id="fault-org">${fault}</p>`}
  </div>`;
}

function factorWords(factor: SuggestionFactor, { opportunity: { factors } }: Words): string {
  switch (factor.factor) {
    case 'category':
      return factors.category(factor.matches);
    case 'region':
      return factors.region(factor.matches);
    case 'load':
      return factors.load(factor.load, factor.maxLoad);
    case 'rating':
      return factors.rating(factor.rating);
  }
}

const speaksFor = (factor: SuggestionFactor): boolean => 'matches' in factor && factor.matches;
