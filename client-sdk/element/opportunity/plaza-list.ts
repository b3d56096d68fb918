import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { GRABS_A_DAY } from '../../../shared/contract/limits.ts';
import type { PlazaCard } from '../../../shared/contract/opportunities.ts';
import { type Client, type Plaza, RoomError } from '../../index.ts';
import { spanWords } from '../flow/due-words.ts';
import { formStyles } from '../flow/flow-styles.ts';
import { reasonOf, type Words, wordsFor } from '../language/words.ts';
import { basics, theme } from '../theme.ts';
import { dayAndTime, timeOf } from '../time-words.ts';
import { demandStyles, demandTerms } from './demand-card.ts';
import { plazaStyles } from './plaza-styles.ts';

/** The plaza is looked at this often while it is open, beside its own hours: a demonstration moves them. */
const LOOK_EVERY_MS = 60_000;
/** Everybody looks when the hour is full: not all of them in the same second. */
const SPREAD_MS = 5_000;

/**
 * The plaza: demands that a provider can grab, and when the next ones come.
 * @fires select-room - {string} the room of a demand that was grabbed
 */
export class PlazaList extends LitElement {
  static override readonly styles = [theme, basics, formStyles, demandStyles, plazaStyles];

  @property({ attribute: false }) client: Client | undefined;
  @property() locale = '';
  @property({ reflect: true }) theme: 'auto' | 'light' | 'dark' = 'auto';
  /** What can be chosen among; without them everything is shown. */
  @property({ attribute: false }) categories: readonly string[] = [];
  @property({ attribute: false }) regions: readonly string[] = [];

  @state() private category = '';
  @state() private region = '';
  @state() private busy = false;
  @state() private failure: RoomError | undefined;
  /** What became of the last grab. */
  @state() private outcome: { readonly title: string; readonly roomId: string } | RoomError | undefined;
  @state() private grabbing = '';
  #plaza: Plaza | undefined;
  #release: (() => void) | undefined;
  #looking: ReturnType<typeof setTimeout> | undefined;
  #ticking: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = setInterval(() => this.requestUpdate(), 15_000);
    if (this.hasUpdated) this.#watch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticking);
    this.#unwatch();
  }

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has('client') && !changed.has('category') && !changed.has('region')) return;
    this.#unwatch();
    this.#watch();
  }

  #watch(): void {
    const { client, category, region } = this;
    if (client === undefined || !this.isConnected) return;
    this.#plaza = client.opportunities.plaza({
      ...(category === '' ? {} : { category }),
      ...(region === '' ? {} : { region }),
    });
    this.#release = client.on('state', ({ status }) => {
      if (status === 'online') void this.#load();
    });
    if (client.state.status === 'online') void this.#load();
  }

  #unwatch(): void {
    this.#release?.();
    this.#release = undefined;
    clearTimeout(this.#looking);
  }

  async #load(more = false): Promise<void> {
    const plaza = this.#plaza;
    if (plaza === undefined) return;
    this.busy = true;
    try {
      await (more ? plaza.more() : plaza.load());
      this.failure = undefined;
    } catch (fault) {
      // A connection that is gone says so itself, and the next one asks again.
      if (fault instanceof RoomError && fault.code !== 'unavailable') this.failure = fault;
    }
    if (plaza !== this.#plaza) return;
    this.busy = false;
    this.#lookAgain(plaza);
  }

  #lookAgain({ nextRefreshAt }: Plaza): void {
    clearTimeout(this.#looking);
    if (!this.isConnected) return;
    const left = nextRefreshAt === undefined ? LOOK_EVERY_MS : Date.parse(nextRefreshAt) - this.#now;
    const wait = Math.min(LOOK_EVERY_MS, Math.max(0, left)) + SPREAD_MS * Math.random();
    this.#looking = setTimeout(() => void this.#load(), wait);
  }

  /** The service's time as far as the plaza tells it: within the hour of what is shown. */
  get #now(): number {
    const at = Date.parse(this.#plaza?.refreshedAt ?? '');
    const now = Date.now();
    return now < at ? at : now;
  }

  override render(): unknown {
    const words = wordsFor(this.locale);
    const plaza = this.#plaza;
    const { market } = words;
    const mayGrab = this.client?.me?.side === 'provider';
    return html`<section class="shield plaza" lang=${words.tag} aria-labelledby="title">
      <div class="column">
        <header>
          <slot name="header-start"></slot>
          <h1 id="title">${market.plaza.title}</h1>
          <p class="hours" role="status">${plaza === undefined ? nothing : this.#hours(plaza, words)}</p>
          <button class="button small" data-act="refresh" ?disabled=${this.busy} @click=${() => this.#load()}>
            ${market.plaza.refresh}
          </button>
        </header>
        ${mayGrab ? html`<p class="explain">${market.plaza.lead(GRABS_A_DAY)}</p>` : nothing} ${this.#filters(words)}
        <div role="alert">${this.#outcome(words)}</div>
        ${this.failure === undefined ? nothing : html`<p class="refused" role="alert">${reasonOf(words, this.failure)}</p>`}
        ${
          plaza?.refreshedAt !== undefined && plaza.cards.length === 0
            ? html`<p class="empty">${market.plaza.empty}</p>`
            : nothing
        }
        <ul>
          ${(plaza?.cards ?? []).map((card) => this.#card(card, mayGrab, words))}
        </ul>
        ${
          plaza?.hasMore === true
            ? html`<button class="link" data-act="more" ?disabled=${this.busy} @click=${() => this.#load(true)}>
                ${words.loadMore}
              </button>`
            : nothing
        }
      </div>
    </section>`;
  }

  #hours({ refreshedAt, nextRefreshAt }: Plaza, words: Words): string {
    if (refreshedAt === undefined || nextRefreshAt === undefined) return '';
    const { plaza } = words.market;
    const left = Math.max(60_000, Date.parse(nextRefreshAt) - this.#now);
    return `${plaza.refreshedAt(timeOf(refreshedAt, words))} · ${plaza.nextRefresh(timeOf(nextRefreshAt, words), spanWords(left, words))}`;
  }

  #filters(words: Words): TemplateResult | typeof nothing {
    if (this.categories.length === 0 && this.regions.length === 0) return nothing;
    const choose = (name: 'category' | 'region', terms: readonly string[]): TemplateResult => html`<label>
      <span>${words.opportunity.fields[name]}</span>
      <select
        name=${name}
        @change=${(event: Event) => {
          this[name] = (event.target as HTMLSelectElement).value;
        }}
      >
        <option value="">${words.market.plaza.all}</option>
        ${terms.map((term) => html`<option value=${term} ?selected=${term === this[name]}>${term}</option>`)}
      </select>
    </label>`;
    return html`<div class="filters">${choose('category', this.categories)} ${choose('region', this.regions)}</div>`;
  }

  #outcome(words: Words): TemplateResult | typeof nothing {
    const { outcome } = this;
    const { plaza } = words.market;
    if (outcome === undefined) return nothing;
    if (outcome instanceof RoomError) return html`<p class="refused">${grabRefusal(outcome, words)}</p>`;
    return html`<p class="grabbed">
      <span>${outcome.title}: ${plaza.grabbed}</span>
      <button class="button small main" data-act="open" @click=${() => this.#open(outcome.roomId)}>${plaza.openRoom}</button>
    </p>`;
  }

  #card(card: PlazaCard, mayGrab: boolean, words: Words): TemplateResult {
    const { plaza } = words.market;
    return html`<li class="card" data-demand=${card.id}>
      <div class="what">
        <h2 dir="auto">${card.title}</h2>
        ${demandTerms(card, words)}
        <p class="details" dir="auto">${card.details}</p>
        <small><time datetime=${card.since}>${plaza.since(dayAndTime(card.since, words))}</time></small>
      </div>
      ${
        mayGrab
          ? html`<button
              class="button main"
              data-act="grab"
              aria-label=${`${words.opportunity.actions.grab}: ${card.title}`}
              ?disabled=${this.grabbing !== ''}
              @click=${() => this.#grab(card)}
            >
              ${this.grabbing === card.id ? words.delivery.sending : words.opportunity.actions.grab}
            </button>`
          : nothing
      }
    </li>`;
  }

  async #grab({ id, title }: PlazaCard): Promise<void> {
    const plaza = this.#plaza;
    if (plaza === undefined || this.grabbing !== '') return;
    this.grabbing = id;
    this.outcome = undefined;
    try {
      const { roomId } = await plaza.grab(id);
      this.outcome = { title, roomId };
    } catch (fault) {
      if (!(fault instanceof RoomError)) throw fault;
      this.outcome = fault;
    } finally {
      this.grabbing = '';
    }
  }

  #open(roomId: string): void {
    this.outcome = undefined;
    this.dispatchEvent(new CustomEvent('select-room', { detail: roomId }));
  }
}

/** Why a demand was not grabbed. */
function grabRefusal(error: RoomError, words: Words): string {
  const { plaza } = words.market;
  if (error.code === 'conflict' || error.code === 'not_found') return plaza.tooLate;
  // The day's limit says when the next day begins; the rate of commands is over in seconds.
  if (error.code === 'rate_limited' && (error.retryAfterMs ?? 0) > 60_000)
    return plaza.tooMany(dayAndTime(Date.now() + (error.retryAfterMs ?? 0), words));
  return reasonOf(words, error);
}
