import { html, nothing, type TemplateResult } from 'lit';
import type { StreamView } from '../index.ts';
import { wordOf, type Words } from './language/words.ts';

/** Streams that belong together, under one name: of most, each is alone. */
export interface StreamGroup {
  readonly name: string;
  readonly views: readonly StreamView[];
}

/** Each stream alone, under its own name. */
export const apart = (views: readonly StreamView[], words: Words): StreamGroup[] =>
  views.map((view) => ({ name: wordOf(words.streams, view.stream), views: [view] }));

export interface StreamTabs {
  readonly groups: readonly StreamGroup[];
  readonly selected: string;
  readonly words: Words;
  /** The name of a stream within its group. */
  nameOf(stream: string): string;
  /** What its tab says when it is pointed at. */
  hintOf(stream: string): string | undefined;
  show(stream: string): void;
}

/** One tab for each stream, or group of streams, that the reader may read, and one for each of the group that is shown; none where there is only one. */
export function streamTabs(tabs: StreamTabs): TemplateResult | typeof nothing {
  const { groups, selected, words, nameOf } = tabs;
  if (groups.length < 2 && (groups[0]?.views.length ?? 0) < 2) return nothing;
  const shown = groups.find(({ views }) => views.some(({ stream }) => stream === selected));
  return html`<div class="tabs" role="tablist" @keydown=${walk}>
      ${groups.map(({ name, views }) => {
        const [first, ...others] = views;
        if (first === undefined) return nothing;
        if (others.length === 0) return tab(first, name, tabs);
        const unread = views.reduce((sum, view) => sum + view.unread, 0);
        const here = shown?.views === views;
        return html`<button
          role="tab"
          data-group=${name}
          aria-selected=${here}
          aria-controls="panel"
          tabindex=${here ? 0 : -1}
          @click=${() => tabs.show(here ? selected : (views.find((view) => view.unread > 0) ?? first).stream)}
        >
          ${name} ${unreadBadge(unread, words)}
        </button>`;
      })}
    </div>
    ${
      shown === undefined || shown.views.length < 2
        ? nothing
        : html`<div class="tabs inner" role="tablist" aria-label=${shown.name} @keydown=${walk}>
            ${shown.views.map((view) => tab(view, nameOf(view.stream), tabs))}
          </div>`
    }`;
}

function tab(
  { stream, unread }: StreamView,
  name: string,
  { selected, words, hintOf, show }: StreamTabs,
): TemplateResult {
  return html`<button
    role="tab"
    id=${`tab-${stream}`}
    data-stream=${stream}
    aria-selected=${stream === selected}
    aria-controls="panel"
    tabindex=${stream === selected ? 0 : -1}
    title=${hintOf(stream) ?? nothing}
    @click=${() => show(stream)}
  >
    ${name} ${unreadBadge(unread, words)}
  </button>`;
}

/** Left and right go from tab to tab. */
function walk(event: KeyboardEvent): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0 || !(event.currentTarget instanceof HTMLElement)) return;
  event.preventDefault();
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')];
  const at = tabs.findIndex((one) => one.getAttribute('aria-selected') === 'true');
  const next = tabs[(at + step + tabs.length) % tabs.length];
  next?.focus();
  next?.click();
}

/** How much is unread; nothing where nothing is. */
export function unreadBadge(unread: number, words: Words): TemplateResult | typeof nothing {
  if (unread === 0) return nothing;
  return html`<span class="badge"
    ><span aria-hidden="true">${unread > 99 ? '99+' : unread}</span><span class="hidden">${words.unreadCount(unread)}</span></span
  >`;
}
