import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Opportunity, OpportunityAction } from '../../../shared/contract/opportunities.ts';
import type { Identity } from '../../index.ts';
import { type DueState, nextWordsIn } from '../flow/due-words.ts';
import { formStyles } from '../flow/flow-styles.ts';
import { wordOf, type Words } from '../language/words.ts';
import { basics } from '../theme.ts';
import { dayAndTime } from '../time-words.ts';
import { demandDetails, demandStyles, demandTerms } from './demand-card.ts';
import { clockWords, engagementClock, isAsked, isRunning, proposalCount } from './engagement-clock.ts';
import type { OpportunityTask } from './opportunity-task.ts';

/** What leads on for its reader stands first; what ends something comes last. A grab is made in the plaza, a withdrawal at the proposal. */
const BUTTONS: readonly Exclude<OpportunityAction, 'grab' | 'withdraw'>[] = [
  'accept',
  'propose',
  'record',
  'assign',
  'reject',
  'terminate',
  'revoke',
  'close',
];
const ENDING: ReadonlySet<OpportunityAction> = new Set(['reject', 'terminate', 'revoke', 'close']);

/**
 * Where a demand stands for its reader, how long there is for an answer or a record, and what the reader may do.
 * @fires task - {OpportunityTask} an action was chosen
 * @fires propose - a new proposal is to be written
 * @fires view-proposals - the proposals are to be shown
 * @fires select-room - {string} the delivery project's room
 */
export class OpportunityBar extends LitElement {
  static override readonly styles = [
    basics,
    formStyles,
    demandStyles,
    css`
      :host {
        display: block;
        padding: 10px 16px 12px;
        border-bottom: 1px solid var(--line);
        background: var(--surface);
      }
      :host([data-own]) {
        background: color-mix(in srgb, var(--accent) 6%, var(--surface));
      }
      .line {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 2px 12px;
        font-size: 13px;
      }
      .line strong {
        font-weight: 600;
      }
      .line span {
        color: var(--muted);
      }
      .line .seeking {
        color: var(--warn);
        font-weight: 600;
      }
      .line .left {
        margin-left: auto;
        color: var(--text);
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      .line .left[data-soon] {
        color: var(--danger);
      }
      .why {
        margin-top: 2px;
        font-size: 12px;
        line-height: 16px;
        color: var(--muted);
      }
      details {
        margin-top: 6px;
      }
      summary {
        display: flex;
        align-items: baseline;
        gap: 8px;
        border-radius: 4px;
        cursor: pointer;
      }
      summary::-webkit-details-marker {
        display: none;
      }
      summary .terms {
        flex: 1;
      }
      .demand {
        max-height: 30vh;
        margin-top: 4px;
        overflow-y: auto;
      }
      .demand .terms {
        display: none;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        margin-top: 10px;
      }
    `,
  ];

  @property({ attribute: false }) opportunity: Opportunity | undefined;
  @property({ attribute: false }) words: Words | undefined;
  @property({ attribute: false }) me: Identity | undefined;
  /** Milliseconds that the service's clock is ahead of the reader's. */
  @property({ attribute: false }) ahead = 0;
  #ticking: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#ticking);
  }

  get #clock(): DueState | undefined {
    const engagement = this.opportunity?.engagement;
    return engagement === undefined ? undefined : engagementClock(engagement, Date.now() + this.ahead);
  }

  override updated(): void {
    const { opportunity } = this;
    this.toggleAttribute('data-own', opportunity !== undefined && isAsked(opportunity, this.me));
    clearTimeout(this.#ticking);
    const clock = this.#clock;
    if (clock === undefined || !this.isConnected) return;
    this.#ticking = setTimeout(() => this.requestUpdate(), nextWordsIn(clock) + 20);
  }

  override render(): unknown {
    const { opportunity, words } = this;
    if (opportunity === undefined || words === undefined) return nothing;
    const clock = this.#clock;
    return html`<section aria-label=${words.opportunity.demand}>
      <div class="line">${this.#standing(opportunity, words)} ${this.#left(opportunity, clock, words)}</div>
      ${this.#why(opportunity, words)}
      <details ?open=${isAsked(opportunity, this.me)}>
        <summary>${demandTerms(opportunity, words)}<span class="link">${words.opportunity.more}</span></summary>
        ${demandDetails(opportunity, words)}
      </details>
      ${this.#buttons(opportunity, words)}
      <div class="hidden" role="status">${soonWords(clock, words)}</div>
    </section>`;
  }

  #standing(demand: Opportunity, words: Words): TemplateResult {
    const { opportunity } = words;
    const { engagement, engagements = [], seeking, places, status } = demand;
    if (engagement !== undefined) {
      const own = Object.hasOwn(opportunity.own, engagement.status)
        ? wordOf(opportunity.own, engagement.status)
        : wordOf(opportunity.engagementStatus, engagement.status);
      return html`<strong>${own}</strong><span>${wordOf(opportunity.origins, engagement.origin)}</span>`;
    }
    const following = engagements.filter((one) => one.status === 'following').length;
    const taken = engagements.filter(isRunning).length;
    const over = status === 'won' || status === 'revoked' || status === 'closed';
    return html`<strong>${over ? wordOf(opportunity.status, status) : opportunity.following(following)}</strong>
      ${places === undefined || over ? nothing : html`<span>${opportunity.placesTaken(taken, places)}</span>`}
      ${
        seeking === undefined || seeking === null
          ? nothing
          : html`<span class="seeking">${opportunity.seekingSince(dayAndTime(seeking, words))}</span>`
      }`;
  }

  #left({ engagement }: Opportunity, clock: DueState | undefined, words: Words): TemplateResult | typeof nothing {
    if (engagement === undefined || clock === undefined) return nothing;
    return html`<span class="left" data-soon=${isSoon(clock) ? '' : nothing}>${clockWords(engagement, clock, true, words)}</span>`;
  }

  /** Until when, and what would change that; or what comes next. */
  #why(demand: Opportunity, words: Words): TemplateResult | typeof nothing {
    const { opportunity } = words;
    const { engagement, plaza, status, deal } = demand;
    if (engagement?.status === 'offered' && engagement.answerBy !== undefined)
      return why(opportunity.answerBy(dayAndTime(engagement.answerBy, words)));
    if (engagement?.status === 'following' && engagement.windowEndsAt !== undefined)
      return why(opportunity.windowEndsAt(dayAndTime(engagement.windowEndsAt, words)));
    if (deal !== undefined && deal.projectId === null) return why(opportunity.preparingDelivery);
    if (plaza === undefined || plaza === null || status === 'revoked' || status === 'closed' || status === 'won')
      return nothing;
    return why(plaza.since === null ? opportunity.waitsForPlaza : opportunity.inPlaza(dayAndTime(plaza.since, words)));
  }

  #buttons(demand: Opportunity, words: Words): TemplateResult | typeof nothing {
    const { actions, deal, engagement } = demand;
    const { opportunity } = words;
    const shown = BUTTONS.filter((action) => actions.includes(action));
    const proposals = proposalCount(demand);
    const projectId = deal?.projectId ?? undefined;
    if (shown.length === 0 && proposals === 0 && projectId === undefined) return nothing;
    const compares = proposals > 0 && engagement === undefined;
    const main = projectId !== undefined ? 'delivery' : compares && !actions.includes('assign') ? 'compare' : shown[0];
    const kindOf = (action: string): string =>
      action === main && !ENDING.has(action as OpportunityAction)
        ? 'main'
        : ENDING.has(action as OpportunityAction)
          ? 'danger'
          : '';
    return html`<div class="buttons">
      ${
        projectId === undefined
          ? nothing
          : html`<button class="button main" data-act="delivery" @click=${() => this.#tell('select-room', projectId)}>
              ${opportunity.openDelivery}
            </button>`
      }
      ${
        proposals === 0
          ? nothing
          : html`<button class="button ${kindOf('compare')}" data-act="compare" @click=${() => this.#tell('view-proposals')}>
              ${engagement === undefined ? opportunity.compare(proposals) : opportunity.ownProposals(proposals)}
            </button>`
      }
      ${shown.map(
        (
          action,
        ) => html`<button class="button ${kindOf(action)}" data-act=${action} @click=${() => this.#begin(action)}>
          ${opportunity.actions[action]}
        </button>`,
      )}
    </div>`;
  }

  #begin(action: (typeof BUTTONS)[number]): void {
    if (action === 'propose') this.#tell('propose');
    else this.#tell('task', { action } satisfies OpportunityTask);
  }

  #tell(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const HOUR = 3_600_000;
const isSoon = ({ late, span }: DueState): boolean => late || span < HOUR;
const why = (text: string): TemplateResult => html`<p class="why">${text}</p>`;

/** What a screen reader is told: at thresholds, and not at each minute. */
function soonWords(clock: DueState | undefined, { opportunity: { thresholds } }: Words): string {
  if (clock === undefined) return '';
  if (clock.late) return thresholds.over;
  if (clock.span < HOUR) return thresholds.hour;
  return clock.span < 24 * HOUR ? thresholds.day : '';
}
