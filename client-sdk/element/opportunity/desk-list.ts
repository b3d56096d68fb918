import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { DeskItem } from '../../../shared/contract/desk.ts';
import { PAGE_MAX } from '../../../shared/contract/limits.ts';
import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import { type Client, RoomError } from '../../index.ts';
import { aheadBy, spanWords } from '../flow/due-words.ts';
import { reasonOf, type Words, wordsFor } from '../language/words.ts';
import { basics, theme } from '../theme.ts';
import { dayOrTimeOf } from '../time-words.ts';
import { deskChanged } from './desk-state.ts';

/** Demands that change together are one reason to look. */
const LOOK_AFTER_MS = 600;
const SHOWN_SEEKING = 20;

/** A desk's stream of a room, to be opened. */
export interface DeskPlace {
  readonly roomId: string;
  readonly stream: string;
}

/**
 * The operators' work on demands: what providers have asked and nobody has answered, live, the oldest first; and demands that need a provider.
 * Shows nothing to anybody else.
 * @fires select-desk - {DeskPlace} a question was chosen
 * @fires select-room - {string} the room of a demand
 */
export class DeskList extends LitElement {
  static override readonly styles = [
    theme,
    basics,
    css`
      .desks {
        background: transparent;
      }
      h2 {
        display: flex;
        align-items: baseline;
        gap: 8px;
        padding: 8px 12px 4px;
        font-size: 12px;
        color: var(--muted);
      }
      .count {
        min-width: 18px;
        padding: 0 5px;
        border-radius: 9px;
        background: var(--danger);
        color: var(--surface);
        font-size: 11px;
        line-height: 18px;
        font-weight: 600;
        text-align: center;
      }
      .count[data-calm] {
        background: var(--warn);
      }
      button.item {
        display: block;
        width: 100%;
        padding: 6px 12px;
        border-radius: 8px;
      }
      button.item:hover {
        background: color-mix(in srgb, var(--text) 6%, transparent);
      }
      .line {
        display: flex;
        align-items: baseline;
        gap: 8px;
      }
      .line > :first-child {
        flex: 1;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      strong {
        font-weight: 600;
      }
      small,
      .empty {
        font-size: 12px;
        line-height: 16px;
        color: var(--muted);
      }
      .empty {
        padding: 2px 12px 6px;
      }
    `,
  ];

  @property({ attribute: false }) client: Client | undefined;
  @property() locale = '';
  @property({ reflect: true }) theme: 'auto' | 'light' | 'dark' = 'auto';
  /** The room that is open, which tells of itself and not by the inbox. */
  @property() selected = '';

  @state() private desks: readonly DeskItem[] = [];
  @state() private seeking: readonly Opportunity[] = [];
  @state() private failure: RoomError | undefined;
  #release: (() => void)[] = [];
  #looking: ReturnType<typeof setTimeout> | undefined;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #ahead = 0;
  #asked = 0;
  /** What was told while a list was on its way, which may not know of it. */
  #meanwhile: DeskItem[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = setInterval(() => this.requestUpdate(), 30_000);
    if (this.hasUpdated) this.#watch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticking);
    this.#unwatch();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('client') && !changed.has('selected')) return;
    this.#unwatch();
    this.#watch();
  }

  #watch(): void {
    const { client, selected } = this;
    if (client === undefined || !this.isConnected) return;
    this.#release = [
      ...(selected === '' ? [] : [client.room(selected).on('opportunity', () => this.#lookSoon())]),
      client.on('state', ({ status }) => {
        // Who it is, and what happened while the connection was away, is known from now on.
        if (status === 'online') void this.#load();
      }),
      client.on('desk', (item) => this.#told(item)),
      client.on('inbox', ({ last }) => {
        this.#ahead = Math.max(this.#ahead, aheadBy(last.at, Date.now()));
        if (last.kind === 'engagement' || last.kind === 'opportunity' || last.kind === 'notice') this.#lookSoon();
      }),
    ];
    if (client.state.status === 'online') void this.#load();
  }

  #unwatch(): void {
    for (const release of this.#release.splice(0)) release();
    clearTimeout(this.#looking);
    this.#looking = undefined;
  }

  /** Asks again soon; for what no event tells, such as a demand that needs another provider. */
  #lookSoon(): void {
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined;
      void this.#load();
    }, LOOK_AFTER_MS);
  }

  #told(item: DeskItem): void {
    this.#meanwhile.push(item);
    if (item.since !== null) this.#ahead = Math.max(this.#ahead, aheadBy(item.since, Date.now()));
    this.desks = deskChanged(this.desks, item);
    this.#lookSoon();
  }

  async #load(): Promise<void> {
    const { client } = this;
    if (client === undefined || client.me?.side !== 'operator') return;
    const asked = ++this.#asked;
    this.#meanwhile = [];
    try {
      const [desks, seeking] = await Promise.all([
        client.call('desk.list', { limit: PAGE_MAX }),
        client.call('opportunity.list', { seeking: true, limit: SHOWN_SEEKING }),
      ]);
      if (asked !== this.#asked) return;
      this.desks = this.#meanwhile.reduce(deskChanged, desks.items);
      this.seeking = seeking.items;
      this.failure = undefined;
    } catch (fault) {
      // A connection that is gone says so itself, and the next one asks again.
      if (fault instanceof RoomError && fault.code !== 'unavailable') this.failure = fault;
    }
  }

  override render(): unknown {
    const words = wordsFor(this.locale);
    const { desks, seeking, failure } = this;
    if (this.client?.me?.side !== 'operator') return nothing;
    const said = words.market.desks;
    const unanswered = desks.reduce((sum, desk) => sum + desk.unanswered, 0);
    return html`<section class="shield desks" lang=${words.tag} aria-label=${said.title}>
      <h2>
        ${said.title}
        ${
          unanswered === 0
            ? nothing
            : html`<span class="count" data-count=${unanswered}
                ><span aria-hidden="true">${unanswered}</span><span class="hidden">${said.unanswered(unanswered)}</span></span
              >`
        }
      </h2>
      ${failure === undefined ? nothing : html`<p class="empty" role="alert">${reasonOf(words, failure)}</p>`}
      ${desks.length === 0 && failure === undefined ? html`<p class="empty">${said.empty}</p>` : nothing}
      <ul>
        ${desks.map((desk) => this.#desk(desk, words))}
      </ul>
      ${
        seeking.length === 0
          ? nothing
          : html`<h2>${said.seeking} <span class="count" data-calm>${seeking.length}</span></h2>
              <ul>
                ${seeking.map((demand) => this.#demand(demand, words))}
              </ul>`
      }
    </section>`;
  }

  #desk({ roomId, org, name, title, unanswered, since }: DeskItem, words: Words): TemplateResult {
    const { desks } = words.market;
    const waits = since === null ? 0 : Math.max(0, Date.now() + this.#ahead - Date.parse(since));
    const place: DeskPlace = { roomId, stream: `desk:${org}` };
    return html`<li>
      <button
        class="item"
        data-desk=${org}
        data-room=${roomId}
        @click=${() => this.dispatchEvent(new CustomEvent('select-desk', { detail: place }))}
      >
        <span class="line">
          <strong>${name}</strong>
          <span class="count"
            ><span aria-hidden="true">${unanswered}</span><span class="hidden">${desks.unanswered(unanswered)}</span></span
          >
        </span>
        <span class="line"><small>${title}</small><small>${desks.waiting(spanWords(waits, words))}</small></span>
      </button>
    </li>`;
  }

  #demand({ roomId, title, region, seeking }: Opportunity, words: Words): TemplateResult {
    return html`<li>
      <button
        class="item"
        data-seeking=${roomId}
        @click=${() => this.dispatchEvent(new CustomEvent('select-room', { detail: roomId }))}
      >
        <span class="line"><strong>${title}</strong></span>
        <span class="line">
          <small>${region}</small>
          ${seeking === undefined || seeking === null ? nothing : html`<small>${dayOrTimeOf(seeking, words)}</small>`}
        </span>
      </button>
    </li>`;
  }
}
