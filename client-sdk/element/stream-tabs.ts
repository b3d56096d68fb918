import { html, nothing, type TemplateResult } from 'lit';
import type { StreamView } from '../index.ts';
import { wordOf, type Words } from './language/words.ts';

export interface StreamTabs {
  readonly views: readonly StreamView[];
  readonly selected: string;
  readonly words: Words;
  show(stream: string): void;
}

/** One tab for each stream that the reader may read; none where there is only one. */
export function streamTabs({ views, selected, words, show }: StreamTabs): TemplateResult | typeof nothing {
  if (views.length < 2) return nothing;
  const walk = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0 || !(event.currentTarget instanceof HTMLElement)) return;
    event.preventDefault();
    const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')];
    const at = views.findIndex(({ stream }) => stream === selected);
    const next = (at + step + tabs.length) % tabs.length;
    tabs[next]?.focus();
    tabs[next]?.click();
  };
  return html`<div class="tabs" role="tablist" @keydown=${walk}>
    ${views.map(
      ({ stream, unread }) => html`<button
        role="tab"
        id=${`tab-${stream}`}
        data-stream=${stream}
        aria-selected=${stream === selected}
        aria-controls="panel"
        tabindex=${stream === selected ? 0 : -1}
        title=${Object.hasOwn(words.streamHints, stream) ? wordOf(words.streamHints, stream) : nothing}
        @click=${() => show(stream)}
      >
        ${wordOf(words.streams, stream)} ${unreadBadge(unread, words)}
      </button>`,
    )}
  </div>`;
}

/** How much is unread; nothing where nothing is. */
export function unreadBadge(unread: number, words: Words): TemplateResult | typeof nothing {
  if (unread === 0) return nothing;
  return html`<span class="badge"
    ><span aria-hidden="true">${unread > 99 ? '99+' : unread}</span><span class="hidden">${words.unreadCount(unread)}</span></span
  >`;
}
