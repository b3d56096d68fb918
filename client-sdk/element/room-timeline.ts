import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Call } from '../../shared/contract/calls.ts';
import type { EventEntry, MessageEntry } from '../../shared/contract/entries.ts';
import { RECALL_WINDOW_MS } from '../../shared/contract/limits.ts';
import type { StreamView } from '../index.ts';
import { callRow, callRowStyles } from './call/call-row.ts';
import { eventLine, filesIn } from './event-line.ts';
import { fileLinks } from './flow/file-links.ts';
import { downloadStyles } from './flow/flow-styles.ts';
import { downIcon } from './icons.ts';
import type { Words } from './language/words.ts';
import { type MessageAction, messageStyles, pendingRow, storedRow } from './message-row.ts';
import { entryCard, entryCardStyles } from './opportunity/entry-card.ts';
import { readersOf, readUpTo } from './read-receipts.ts';
import { ScrollAnchor } from './scroll-anchor.ts';
import { avatarStyles, basics } from './theme.ts';
import { type TimelineItem, timelineItems } from './timeline-items.ts';
import { around, NEWEST, pinned, type TimelineWindow, widenDown, widenUp, windowed } from './timeline-window.ts';
import { dayName, dayOf, timeOf } from './time-words.ts';
import { timelineStyles } from './timeline-styles.ts';

export interface MessageActionDetail {
  action: MessageAction;
  entry: MessageEntry;
}

/** This close to an edge, in px, the next part is drawn before the reader gets there. */
const NEAR_EDGE = 240;

/**
 * One stream's messages: a bounded part of them, held still while things come and go around what the reader looks at.
 * @fires message-action - {MessageActionDetail} reply, edit or recall was chosen
 * @fires load-older - the reader is at the beginning of what is held, and there is more
 * @fires retry-message - {string} a failed message's clientId
 * @fires discard-message - {string} a failed message's clientId
 * @fires fetch-file - {NamedFile} a file was chosen
 * @fires call-back - {Call} the other one of a call is to be called
 * @fires view-proposals - the proposals of a demand are wanted
 * @fires at-end - {boolean} whether the reader now sees the end
 */
export class RoomTimeline extends LitElement {
  static override readonly styles = [
    basics,
    avatarStyles,
    downloadStyles,
    messageStyles,
    timelineStyles,
    callRowStyles,
    entryCardStyles,
  ];

  @property({ attribute: false }) view: StreamView | undefined;
  @property({ attribute: false }) words: Words | undefined;
  /** Those that the view's entries tell of, and others. */
  @property({ attribute: false }) calls: readonly Call[] = [];
  @property({ attribute: false }) userId: string | undefined;
  @property({ attribute: false }) unreadAfter: number | undefined;
  @property({ attribute: false }) names: ReadonlyMap<string, string> = new Map();
  @property({ type: Boolean }) loadingOlder = false;

  @state() private window: TimelineWindow = NEWEST;
  @state() private atEnd = true;
  @query('.scroller') private scroller!: HTMLElement;

  readonly #anchor = new ScrollAnchor(() => this.scroller);
  #resized: ResizeObserver | undefined;
  #recallable: ReturnType<typeof setTimeout> | undefined;
  /** The entry that is to be shown once it is drawn. */
  #seek: number | undefined;
  #dividerShown = false;
  /** The height, in px, in which the end was last shown. */
  #height = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized?.disconnect();
    this.#resized = undefined;
    clearTimeout(this.#recallable);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#watchSize();
  }

  override firstUpdated(): void {
    this.#watchSize();
  }

  /** Goes to the newest entry. */
  toEnd(): void {
    this.window = NEWEST;
    this.#setAtEnd(true);
    this.requestUpdate();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('view');
    if (before !== undefined && before.stream !== this.view?.stream) {
      this.window = NEWEST;
      this.#dividerShown = false;
      this.#setAtEnd(true);
    }
    if (this.hasUpdated) this.#anchor.remember();
    if (!this.atEnd && this.view !== undefined && this.window.from === undefined) {
      this.window = pinned(this.view.entries, this.window);
    }
  }

  override updated(): void {
    if (this.#seek !== undefined) {
      this.#reveal(this.#seek);
      this.#seek = undefined;
    } else if (this.unreadAfter !== undefined && !this.#dividerShown && this.#showDivider()) {
      this.#dividerShown = true;
    } else if (this.atEnd) {
      this.#toEnd();
    } else {
      this.#anchor.restore();
    }
    if (this.unreadAfter === undefined) this.#dividerShown = false;
    this.#goOnUp();
    this.#watchRecall();
  }

  override render(): unknown {
    const { view, words } = this;
    if (view === undefined || words === undefined) return nothing;
    const { shown, before, after } = windowed(view.entries, this.window);
    const items = timelineItems({
      entries: shown,
      pending: after > 0 ? [] : view.pending,
      userId: this.userId,
      unreadAfter: this.unreadAfter,
      dayOf,
    });
    const upTo = readUpTo(view, this.userId);
    const more = before > 0 || view.hasOlder;
    return html`
      <div class="scroller" tabindex="-1" @scroll=${this.#scrolled}>
        <div class="content">
          <div class="start">
            ${
              more
                ? html`<button class="link older" ?disabled=${this.loadingOlder} @click=${this.#widenUp}>
                    ${this.loadingOlder ? words.loadingOlder : words.loadOlder}
                  </button>`
                : html`<span>${items.length === 0 ? words.empty : words.beginning}</span>`
            }
          </div>
          <ol tabindex="0" aria-label=${words.timeline} @keydown=${this.#walk}>
            ${repeat(
              items,
              (item) => item.key,
              (item) => this.#row(item, upTo, words),
            )}
          </ol>
        </div>
      </div>
      ${this.#toEndButton(view, after, words)}
    `;
  }

  #toEndButton(view: StreamView, after: number, words: Words): TemplateResult | typeof nothing {
    if (this.atEnd && after === 0) return nothing;
    return html`<button class="to-end" @click=${this.toEnd}>
      ${downIcon} ${view.unread > 0 ? words.newBelow(view.unread) : words.newest}
    </button>`;
  }

  #row(item: TimelineItem, upTo: ReadonlyMap<string, number>, words: Words): TemplateResult {
    switch (item.type) {
      case 'day':
        return html`<li class="day" data-key=${item.key}><time datetime=${item.at}>${dayName(item.at, words)}</time></li>`;
      case 'unread':
        return html`<li class="unread" data-key=${item.key}><span>${words.unread}</span></li>`;
      case 'event': {
        const card = this.#card(item.entry, words);
        if (card !== undefined)
          return html`<li class="card" data-key=${item.key} data-seq=${item.entry.seq} data-event=${item.entry.body.event}>
            ${card}
          </li>`;
        return html`<li class="event" data-key=${item.key} data-seq=${item.entry.seq} data-event=${item.entry.body.event}>
          <span>${eventLine(item.entry, words)}</span>
          <time datetime=${item.entry.at}>${timeOf(item.entry.at, words)}</time>
          ${fileLinks(filesIn(item.entry.body['files']), words, (file) => this.#tell('fetch-file', file))}
        </li>`;
      }
      case 'call': {
        const call = this.calls.find(({ id }) => id === item.callId);
        if (call === undefined) return html``;
        const { key, entry } = item;
        return callRow({ key, seq: entry.seq, call, words, callBack: () => this.#tell('call-back', call) });
      }
      case 'pending':
        return pendingRow({
          ...item,
          words,
          time: timeOf(item.message.createdAt, words),
          retry: () => this.#tell('retry-message', item.message.clientId),
          discard: () => this.#tell('discard-message', item.message.clientId),
        });
      case 'message': {
        const { entry, own } = item;
        const { replyTo } = entry.body;
        return storedRow({
          ...item,
          quoted: replyTo === undefined ? undefined : this.#held(replyTo),
          readBy: own ? readersOf(upTo, entry.seq).map((userId) => this.names.get(userId) ?? userId) : [],
          actions: this.#actionsOn(entry, own),
          words,
          time: timeOf(entry.at, words),
          act: (action) => this.#tell('message-action', { action, entry } satisfies MessageActionDetail),
          showQuoted: () => this.#seekEntry(replyTo),
          download: (file) => this.#tell('fetch-file', file),
        });
      }
      default:
        return item satisfies never;
    }
  }

  #card(entry: EventEntry, words: Words): TemplateResult | undefined {
    return entryCard({
      entry,
      words,
      download: (file) => this.#tell('fetch-file', file),
      showProposals: () => this.#tell('view-proposals', undefined),
    });
  }

  #held(entryId: string): StreamView['entries'][number] | undefined {
    return this.view?.entries.findLast(({ id }) => id === entryId);
  }

  #actionsOn(entry: MessageEntry, own: boolean): MessageAction[] {
    if (this.view?.canWrite !== true) return [];
    if (!own) return ['reply'];
    return isRecallable(entry) ? ['reply', 'edit', 'recall'] : ['reply', 'edit'];
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  readonly #scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (this.atEnd && clientHeight !== this.#height) {
      // Its neighbours have grown, and this is told before the size is: the reader has not gone away from the end.
      this.#toEnd();
      return;
    }
    const below = scrollHeight - clientHeight - scrollTop;
    const { after } = windowed(this.view?.entries ?? [], this.window);
    if (below < NEAR_EDGE && after > 0) this.window = widenDown(this.view?.entries ?? [], this.window);
    this.#setAtEnd(below < 32 && after === 0);
    if (this.atEnd) this.window = NEWEST;
    else if (scrollTop < NEAR_EDGE) this.#widenUp();
  };

  readonly #widenUp = (): void => {
    if (this.view === undefined) return;
    const { before } = windowed(this.view.entries, this.window);
    if (before > 0) {
      this.window = widenUp(this.view.entries, pinned(this.view.entries, this.window));
      this.#setAtEnd(false);
    } else if (this.view.hasOlder && !this.loadingOlder) {
      this.window = pinned(this.view.entries, this.window);
      this.#setAtEnd(false);
      this.#tell('load-older', undefined);
    }
  };

  /** What was loaded for a reader at the very top is drawn at once: there is nothing left to scroll that would ask for it. */
  #goOnUp(): void {
    if (this.atEnd || this.view === undefined || this.scroller.scrollTop >= NEAR_EDGE) return;
    if (windowed(this.view.entries, this.window).before > 0) this.#widenUp();
  }

  #setAtEnd(atEnd: boolean): void {
    if (this.atEnd === atEnd) return;
    this.atEnd = atEnd;
    this.#tell('at-end', atEnd);
  }

  /** Up and down go from message to message, where the keys of a message's own actions are found. */
  readonly #walk = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    const rows = [...this.renderRoot.querySelectorAll<HTMLElement>('.message')];
    const at = rows.findIndex((row) => row.contains(event.target as Node));
    // From the list itself, up is the newest message.
    const next = event.key === 'ArrowDown' ? rows[at + 1] : rows.at(at === 0 ? rows.length : at === -1 ? -1 : at - 1);
    if (next === undefined || (at === -1 && event.key === 'ArrowDown')) return;
    event.preventDefault();
    next.focus();
  };

  #toEnd(): void {
    this.#height = this.scroller.clientHeight;
    this.#anchor.toEnd();
  }

  #seekEntry(entryId: string | undefined): void {
    const entry = entryId === undefined ? undefined : this.#held(entryId);
    if (entry === undefined || this.view === undefined) return;
    this.window = around(this.view.entries, entry.seq);
    this.#setAtEnd(false);
    this.#seek = entry.seq;
    this.requestUpdate();
  }

  #reveal(seq: number): void {
    const row = this.renderRoot.querySelector<HTMLElement>(`[data-seq="${seq}"]`);
    row?.scrollIntoView({ block: 'center' });
    row?.focus({ preventScroll: true });
    row?.classList.add('found');
    row?.addEventListener('animationend', () => row.classList.remove('found'), { once: true });
  }

  /** The first unread entry comes into view when there is more of it than fits. */
  #showDivider(): boolean {
    const divider = this.renderRoot.querySelector<HTMLElement>('.unread');
    if (divider === null) return false;
    this.#anchor.toEnd();
    const above = this.scroller.getBoundingClientRect().top - divider.getBoundingClientRect().top;
    if (above > 0) {
      this.scroller.scrollTop -= above + 24;
      this.#setAtEnd(false);
    }
    return true;
  }

  #watchSize(): void {
    this.#resized = new ResizeObserver(() => {
      if (this.atEnd) this.#toEnd();
    });
    this.#resized.observe(this.scroller);
  }

  /** Draws again when the newest own message can no longer be recalled. */
  #watchRecall(): void {
    clearTimeout(this.#recallable);
    const own = this.view?.entries.findLast(({ kind, actor }) => kind === 'message' && actor.id === this.userId);
    if (own === undefined || !isRecallable(own)) return;
    const left = Date.parse(own.at) + RECALL_WINDOW_MS - Date.now();
    this.#recallable = setTimeout(() => this.requestUpdate(), Math.max(0, left) + 50);
  }
}

/** By the reader's clock, for display; the server decides. */
const isRecallable = ({ at }: { at: string }): boolean => Date.now() - Date.parse(at) < RECALL_WINDOW_MS;
