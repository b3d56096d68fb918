import { css, html, LitElement, nothing } from 'lit';
import { property } from 'lit/decorators.js';
import type { ClientState } from '../index.ts';
import { reasonOf, type Words } from './language/words.ts';
import { basics } from './theme.ts';

/**
 * Says what is wrong with the connection, and nothing while it is well.
 * @fires retry - when the reader wants to try at once
 */
export class ConnectionBanner extends LitElement {
  static override readonly styles = [
    basics,
    css`
      :host {
        display: block;
      }
      .banner {
        display: flex;
        align-items: center;
        gap: 12px;
        padding: 8px 16px;
        background: var(--note);
        border-bottom: 1px solid var(--note-line);
        color: var(--text);
        font-size: 13px;
      }
      .banner[data-status='failed'] {
        background: color-mix(in srgb, var(--danger) 12%, var(--surface));
        border-color: color-mix(in srgb, var(--danger) 40%, var(--surface));
      }
      p {
        flex: 1;
      }
    `,
  ];

  @property({ attribute: false }) state: ClientState | undefined;
  @property({ attribute: false }) words: Words | undefined;
  #ticking: ReturnType<typeof setInterval> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#tick(false);
  }

  override updated(): void {
    this.#tick(this.isConnected && this.state?.status === 'waiting');
  }

  /** The seconds until the next attempt are counted down. */
  #tick(on: boolean): void {
    if (on) this.#ticking ??= setInterval(() => this.requestUpdate(), 1000);
    else {
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    }
  }

  override render(): unknown {
    const { state, words } = this;
    if (state === undefined || words === undefined) return nothing;
    const text = bannerText(state, words, Date.now());
    if (text === undefined) return nothing;
    const resting = state.status === 'waiting' || state.status === 'offline' || state.status === 'failed';
    return html`
      <div class="banner" data-status=${state.status}>
        <p aria-hidden=${state.status === 'waiting' ? 'true' : 'false'}>${text}</p>
        ${resting ? html`<button class="link" @click=${this.#retry}>${words.tryNow}</button>` : nothing}
      </div>
      <p class="hidden" role="status">${state.status === 'waiting' ? words.waiting(0) : ''}</p>
    `;
  }

  #retry(): void {
    this.dispatchEvent(new CustomEvent('retry'));
  }
}

/** What the banner says; nothing while the connection is well, or is made for the first time. */
export function bannerText(state: ClientState, words: Words, now: number): string | undefined {
  switch (state.status) {
    case 'online':
    case 'idle':
      return undefined;
    case 'connecting':
      return state.attempt > 0 ? words.connecting : undefined;
    case 'waiting':
      return words.waiting(Math.max(0, Math.ceil((state.retryAt - now) / 1000)));
    case 'offline':
      return words.noNetwork;
    case 'failed':
      return words.connectionFailed(reasonOf(words, state.error));
    case 'closed':
      return words.disconnected;
    default:
      return state satisfies never;
  }
}
