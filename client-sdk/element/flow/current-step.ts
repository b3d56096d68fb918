import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Project } from '../../../shared/contract/projects.ts';
import type { Identity } from '../../index.ts';
import { pauseIcon } from '../icons.ts';
import { wordOf, type Words } from '../language/words.ts';
import { basics } from '../theme.ts';
import { dayAndTime } from '../time-words.ts';
import {
  countdown,
  derivation,
  dueState,
  nextWordsIn,
  OFFICE_TIME_ZONE,
  thresholdWords,
  workingSpanWords,
} from './due-words.ts';
import { formStyles } from './flow-styles.ts';
import { type FlowTask, isOwnTurn, taskLabel, turnWords } from './flow-task.ts';

/**
 * Where a project stands: its current step, whose turn it is, until when, and what the reader may do there.
 * @fires task - {FlowTask} one of the step's actions was chosen
 */
export class CurrentStep extends LitElement {
  static override readonly styles = [
    basics,
    formStyles,
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
        gap: 2px 10px;
        font-size: 13px;
      }
      strong {
        font-weight: 600;
      }
      .turn {
        color: var(--muted);
      }
      .turn[data-own] {
        color: var(--accent);
        font-weight: 600;
      }
      .left {
        margin-left: auto;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      .left[data-late] {
        color: var(--danger);
      }
      .left[data-paused] {
        display: inline-flex;
        align-items: center;
        gap: 4px;
        color: var(--warn);
      }
      .left svg {
        width: 14px;
        height: 14px;
      }
      .why {
        margin-top: 2px;
        font-size: 12px;
        line-height: 16px;
        color: var(--muted);
      }
      .why em {
        font-style: normal;
        color: var(--warn);
      }
      .bar {
        display: flex;
        gap: 4px;
        margin-top: 8px;
      }
      .bar li {
        flex: 1;
        height: 4px;
        border-radius: 2px;
        background: var(--line);
      }
      .bar li[data-status='done'] {
        background: var(--good);
      }
      .bar li[data-status='rejected'] {
        background: var(--danger);
      }
      .bar li[data-status='active'] {
        background: var(--accent);
      }
      .bar li[data-overdue] {
        background: var(--danger);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        margin-top: 10px;
      }
    `,
  ];

  @property({ attribute: false }) project: Project | undefined;
  @property({ attribute: false }) words: Words | undefined;
  @property({ attribute: false }) me: Identity | undefined;
  @property({ attribute: false }) timeZone = OFFICE_TIME_ZONE;
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

  get #now(): number {
    return Date.now() + this.ahead;
  }

  get #node(): Project['nodes'][number] | undefined {
    return this.project?.nodes.find(({ id }) => id === this.project?.current);
  }

  override updated(): void {
    const { project } = this;
    this.toggleAttribute('data-own', project !== undefined && isOwnTurn(project, this.me));
    clearTimeout(this.#ticking);
    const due = this.#node === undefined ? undefined : dueState(this.#node, this.#now);
    if (due === undefined || !this.isConnected || project?.paused !== null) return;
    this.#ticking = setTimeout(() => this.requestUpdate(), nextWordsIn(due) + 20);
  }

  override render(): unknown {
    const { project, words } = this;
    const node = this.#node;
    if (project === undefined || words === undefined || node === undefined) return nothing;
    const at = project.nodes.indexOf(node);
    const own = isOwnTurn(project, this.me);
    const due = project.paused === null ? dueState(node, this.#now) : undefined;
    return html`<section aria-label=${words.delivery.currentStep}>
      <div class="line">
        <strong>${words.step(at + 1, project.nodes.length, wordOf(words.nodeNames, node.name))}</strong>
        <span class="turn" data-own=${own ? '' : nothing}>${own ? words.delivery.yourTurn : turnWords(project, words)}</span>
        ${
          node.operator === undefined || own || node.operator.userId === this.me?.userId
            ? nothing
            : html`<span class="turn">${words.delivery.workedBy(node.operator.name)}</span>`
        }
        ${this.#left(project, words)}
      </div>
      ${this.#why(words)}
      <ol class="bar" aria-hidden="true">
        ${project.nodes.map(
          ({ status, overdue }) =>
            html`<li data-status=${status} data-overdue=${overdue && status === 'active' ? '' : nothing}></li>`,
        )}
      </ol>
      ${this.#buttons(project, words)}
      <div class="hidden" role="status">${thresholdWords(due, words)}</div>
    </section>`;
  }

  #left({ paused }: Project, words: Words): TemplateResult | typeof nothing {
    if (paused !== null) {
      const said =
        paused.left === undefined
          ? words.projectStatus.paused
          : words.delivery.pausedLeft(workingSpanWords(paused.left, words));
      return html`<span class="left" data-paused>${pauseIcon}${said}</span>`;
    }
    const due = this.#node === undefined ? undefined : dueState(this.#node, this.#now);
    if (due === undefined) return nothing;
    return html`<span class="left" data-late=${due.late ? '' : nothing}>${countdown(due, words)}</span>`;
  }

  /** The due instant and how it was arrived at, or since when the clocks stand still. */
  #why(words: Words): TemplateResult | typeof nothing {
    const { project, timeZone } = this;
    const node = this.#node;
    if (project?.paused !== null && project !== undefined)
      return html`<p class="why">${words.delivery.paused(dayAndTime(project.paused.at, words))}</p>`;
    if (node?.dueAt === undefined) return nothing;
    const derived = derivation(node, words, timeZone);
    return html`<p class="why">
      <time datetime=${node.dueAt}>${words.delivery.dueAt(dayAndTime(node.dueAt, words))}</time>${
        derived === undefined ? nothing : html` · <span class="derived">${derived}</span>`
      }${node.due?.provisional === true ? html` · <em>${words.delivery.provisional}</em>` : nothing}
    </p>`;
  }

  #buttons(project: Project, words: Words): TemplateResult | typeof nothing {
    if (project.actions.length === 0) return nothing;
    // What leads on comes first and stands out; a rejection never does.
    const leading = project.actions.findLast(({ action }) => action !== 'reject');
    return html`<div class="buttons">
      ${project.actions.map((act) => {
        const task: FlowTask = { type: 'node', act };
        const kind = act === leading ? 'main' : act.action === 'reject' ? 'danger' : '';
        return html`<button
          class="button ${kind}"
          data-act=${act.action}
          @click=${() => this.dispatchEvent(new CustomEvent('task', { detail: task }))}
        >
          ${taskLabel(task, project, this.me, words)}
        </button>`;
      })}
    </div>`;
  }
}
