import { css, html, LitElement, nothing } from 'lit';
import { property, state } from 'lit/decorators.js';
import { watchClient } from '../element/client-watch.ts';
import { formStyles } from '../element/flow/flow-styles.ts';
import { reasonOf, wordsFor } from '../element/language/words.ts';
import { basics, theme } from '../element/theme.ts';
import { type Client, RoomError } from '../index.ts';

const HOUR_MS = 3_600_000;
const JUMPS = [
  { id: 'hour', ms: HOUR_MS, en: '+1 h', zh: '+1 小时' },
  { id: 'day', ms: 24 * HOUR_MS, en: '+1 day', zh: '+1 天' },
  { id: 'week', ms: 7 * 24 * HOUR_MS, en: '+7 days', zh: '+7 天' },
] as const;

/** Moves the demonstration's clock ahead, for an operator: so that the plaza's next hour, or the end of a window, need not be waited for. */
export class DemoClock extends LitElement {
  static override readonly styles = [
    theme,
    basics,
    formStyles,
    css`
      .clock {
        padding: 8px 12px 12px;
        border-top: 1px solid var(--line);
        background: transparent;
        font-size: 12px;
        color: var(--muted);
      }
      .clock div {
        display: flex;
        gap: 6px;
        margin-top: 6px;
      }
      .clock .button {
        flex: 1;
        padding-inline: 4px;
        background: transparent;
        color: var(--text);
      }
    `,
  ];

  @property({ attribute: false }) client: Client | undefined;
  @property() locale = '';
  @state() private busy = false;
  @state() private said = '';

  constructor() {
    super();
    watchClient(this);
  }

  override render(): unknown {
    if (this.client?.me?.side !== 'operator') return nothing;
    const words = wordsFor(this.locale);
    const chinese = words.tag !== 'en';
    return html`<section class="shield clock" lang=${words.tag}>
      <span>${chinese ? '演示时钟：快进' : 'Demonstration clock: move ahead'}</span>
      <div>
        ${JUMPS.map(
          ({ id, ms, en, zh }) =>
            html`<button class="button small" data-jump=${id} ?disabled=${this.busy} @click=${() => this.#jump(ms)}>
              ${chinese ? zh : en}
            </button>`,
        )}
      </div>
      <p role="status">${this.said}</p>
    </section>`;
  }

  async #jump(ms: number): Promise<void> {
    const words = wordsFor(this.locale);
    this.busy = true;
    try {
      const answer = await this.client?.call('clock.advance', { ms }, { deadlineMs: 60_000 });
      if (answer !== undefined)
        this.said = new Intl.DateTimeFormat(words.tag, { dateStyle: 'medium', timeStyle: 'short' }).format(
          new Date(answer.now),
        );
    } catch (fault) {
      if (!(fault instanceof RoomError)) throw fault;
      this.said = reasonOf(words, fault);
    } finally {
      this.busy = false;
    }
  }
}
