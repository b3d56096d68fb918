import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { Call } from '../../../shared/contract/calls.ts';
import { type Identity, type LiveCalls, RoomError } from '../../index.ts';
import { formStyles } from '../flow/flow-styles.ts';
import { phoneIcon } from '../icons.ts';
import type { Words } from '../language/words.ts';
import { basics } from '../theme.ts';
import { timeOf } from '../time-words.ts';
import { changeRefusal, legFor, nowWords, talkTime, titleWords } from './call-words.ts';
import { TalkClock } from './talk-clock.ts';

/** The calls of a room that are not over: where each stands, how long the two have talked, and what the reader may do. */
export class CallBar extends LitElement {
  static override readonly styles = [
    basics,
    formStyles,
    css`
      :host {
        display: block;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 12px;
        min-height: 45px;
        padding: 5px 16px;
        border-bottom: 1px solid var(--line);
        background: color-mix(in srgb, var(--good) 8%, var(--surface));
        font-size: 13px;
      }
      .sign {
        display: grid;
        place-items: center;
        flex: none;
        width: 26px;
        height: 26px;
        border-radius: 50%;
        background: var(--good);
        color: var(--surface);
      }
      .sign svg {
        width: 14px;
        height: 14px;
      }
      .what {
        flex: 1 1 200px;
        min-width: 0;
      }
      strong {
        font-weight: 600;
      }
      .now {
        color: var(--muted);
      }
      .dial a {
        color: var(--accent);
        font-weight: 600;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      /* As wide for an hour as for a second: nothing beside it moves while it counts. */
      .time {
        flex: none;
        min-width: 56px;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
        text-align: right;
      }
      .buttons {
        display: flex;
        gap: 8px;
      }
      .refused {
        flex-basis: 100%;
        color: var(--danger);
      }
      @media (prefers-reduced-motion: no-preference) {
        li[data-rings] .sign {
          animation: ring 1.4s infinite;
        }
      }
      @keyframes ring {
        50% {
          box-shadow: 0 0 0 5px color-mix(in srgb, var(--good) 25%, transparent);
        }
      }
    `,
  ];

  /** Those that are not over. */
  @property({ attribute: false }) calls: readonly Call[] = [];
  @property({ attribute: false }) words: Words | undefined;
  @property({ attribute: false }) me: Identity | undefined;
  /** Carries out what the reader chooses. */
  @property({ attribute: false }) doer: Pick<LiveCalls, 'approve' | 'cancel'> | undefined;
  /** Milliseconds that the service's clock is ahead of the reader's. */
  @property({ attribute: false }) ahead = 0;
  @state() private refusals: ReadonlyMap<string, RoomError> = new Map();
  @state() private busy: ReadonlySet<string> = new Set();

  readonly #talk = new TalkClock();
  #ticking: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#ticking);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('calls')) return;
    const before = changed.get('calls');
    this.#talk.see(this.calls, Date.now(), this.ahead);
    const stays = (id: string): boolean =>
      before?.find((one) => one.id === id) === this.calls.find((one) => one.id === id);
    this.refusals = new Map([...this.refusals].filter(([id]) => stays(id)));
  }

  override updated(): void {
    clearTimeout(this.#ticking);
    const wait = this.#talk.nextIn(Date.now());
    if (wait === undefined || !this.isConnected) return;
    this.#ticking = setTimeout(() => this.requestUpdate(), wait + 5);
  }

  override render(): unknown {
    const { calls, words } = this;
    if (words === undefined || calls.length === 0) return nothing;
    return html`<ul aria-label=${words.calls.running}>
      ${calls.map((call) => this.#row(call, words))}
    </ul>`;
  }

  #row(call: Call, words: Words): TemplateResult {
    const { id, state: now, dial } = call;
    const joined = this.#talk.joinedAt(id);
    const refusal = this.refusals.get(id);
    const other = legFor(call, this.me) === 'callee' ? call.from : call.to;
    const said = nowWords(call, this.me, words);
    return html`<li data-call=${id} data-state=${now} data-rings=${now.startsWith('ringing') ? '' : nothing}>
      <span class="sign" aria-hidden="true">${phoneIcon}</span>
      <div class="what">
        <strong>${titleWords(call, this.me, words)}</strong>
        ${said === '' ? nothing : html`<span class="now">${said}</span>`}
        ${
          dial === undefined
            ? nothing
            : html`<span class="dial">
                ${words.calls.dial} <a href=${`tel:${dial.number}`}>${dial.number}</a>
                <small>${words.calls.dialUntil(timeOf(dial.until, words))}</small>
              </span>`
        }
      </div>
      ${
        joined === undefined
          ? this.#buttons(call, words)
          : html`<span class="time" role="timer">${talkTime(Date.now() - joined)}</span>`
      }
      ${
        refusal === undefined
          ? nothing
          : html`<p class="refused" role="alert">${changeRefusal(refusal, other.name, Date.now() + this.ahead, words)}</p>`
      }
    </li>`;
  }

  #buttons(call: Call, { calls }: Words): TemplateResult | typeof nothing {
    const { actions } = call;
    const asked = actions.includes('approve');
    if (!asked && !actions.includes('cancel')) return nothing;
    const button = (act: 'approve' | 'cancel', said: string, kind: string): TemplateResult =>
      html`<button
        class="button small ${kind}"
        data-act=${act}
        ?disabled=${this.busy.has(call.id)}
        @click=${() => void this.#do(act, call.id)}
      >
        ${said}
      </button>`;
    return html`<div class="buttons">
      ${asked ? button('approve', calls.approve, 'main') : nothing}
      ${actions.includes('cancel') ? button('cancel', asked ? calls.decline : calls.cancel, 'danger') : nothing}
    </div>`;
  }

  async #do(act: 'approve' | 'cancel', callId: string): Promise<void> {
    const { doer } = this;
    if (doer === undefined || this.busy.has(callId)) return;
    this.busy = new Set(this.busy).add(callId);
    this.refusals = new Map([...this.refusals].filter(([id]) => id !== callId));
    try {
      await doer[act](callId);
    } catch (fault) {
      if (!(fault instanceof RoomError)) throw fault;
      this.refusals = new Map(this.refusals).set(callId, fault);
    } finally {
      this.busy = new Set([...this.busy].filter((id) => id !== callId));
    }
  }
}
