import { css, html, nothing, type TemplateResult } from 'lit';
import type { Entry, MessageEntry } from '../../shared/contract/entries.ts';
import type { PendingMessage } from '../index.ts';
import type { NamedFile } from './event-line.ts';
import { fileLinks } from './flow/file-links.ts';
import { checkIcon, checksIcon, clockIcon, editIcon, recallIcon, replyIcon, warningIcon } from './icons.ts';
import { reasonOf, wordOf, type Words } from './language/words.ts';
import { initialsOf } from './theme.ts';

export const messageStyles = css`
  .message {
    position: relative;
    display: flex;
    gap: 10px;
    padding: 6px 16px 0;
  }
  .message[data-continues] {
    padding-top: 2px;
  }
  .message[data-continues] .avatar {
    visibility: hidden;
    height: 0;
  }
  .message .column {
    display: flex;
    flex-direction: column;
    align-items: flex-start;
    min-width: 0;
    max-width: min(76%, 620px);
  }
  .message[data-own] {
    flex-direction: row-reverse;
  }
  .message[data-own] .column {
    align-items: flex-end;
  }
  .message[data-own] .avatar {
    display: none;
  }
  .by {
    display: flex;
    gap: 6px;
    margin-bottom: 2px;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .by strong {
    color: var(--side);
    font-weight: 600;
  }
  .bubble {
    padding: 8px 12px;
    border-radius: 4px var(--radius) var(--radius) var(--radius);
    background: var(--raised);
    white-space: pre-wrap;
  }
  .message[data-continues] .bubble {
    border-top-left-radius: var(--radius);
  }
  .message[data-own] .bubble {
    border-radius: var(--radius) 4px var(--radius) var(--radius);
    background: var(--own);
    color: var(--own-text);
  }
  .message[data-own][data-continues] .bubble {
    border-top-right-radius: var(--radius);
  }
  .message[data-state='failed'] .bubble {
    background: color-mix(in srgb, var(--danger) 12%, var(--surface));
    color: var(--text);
  }
  .bubble a {
    color: inherit;
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  .message[data-side] .bubble.gone {
    background: transparent;
    border: 1px dashed var(--line);
    color: var(--muted);
    font-style: italic;
  }
  .quote {
    display: block;
    max-width: 100%;
    margin-bottom: 6px;
    padding: 2px 0 2px 10px;
    border-left: 3px solid color-mix(in srgb, currentColor 35%, transparent);
    font-size: 13px;
    line-height: 18px;
    opacity: 0.85;
    white-space: normal;
  }
  .quote b {
    display: block;
    font-weight: 600;
  }
  .quote span {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
  }
  .mark {
    display: flex;
    align-items: center;
    gap: 4px;
    margin-top: 2px;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .mark svg {
    width: 14px;
    height: 14px;
  }
  .mark[data-read] {
    color: var(--accent);
  }
  .mark[data-state='failed'] {
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 4px 10px;
    color: var(--danger);
  }
  .mark[data-state='failed'] > span {
    display: flex;
    align-items: center;
    gap: 4px;
  }
  .actions {
    align-self: center;
    display: flex;
    gap: 2px;
    padding: 2px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--surface);
    visibility: hidden;
  }
  .message:hover .actions,
  .message:focus-within .actions,
  .message:focus .actions {
    visibility: visible;
  }
  .actions button {
    display: grid;
    place-items: center;
    width: 28px;
    height: 28px;
    border-radius: 6px;
    color: var(--muted);
  }
  .actions button:hover {
    background: var(--raised);
    color: var(--text);
  }
  .message.found .bubble {
    animation: found 1.6s ease-out;
  }
  @keyframes found {
    from {
      box-shadow: 0 0 0 3px var(--accent);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .message.found .bubble {
      animation: none;
      outline: 2px solid var(--accent);
    }
  }
`;

/** What the reader may do with a message. */
export type MessageAction = 'reply' | 'edit' | 'recall';

export interface StoredRow {
  readonly key: string;
  readonly entry: MessageEntry;
  readonly own: boolean;
  readonly continues: boolean;
  readonly quoted: Entry | undefined;
  /** Names of those who have read it, for an own message. */
  readonly readBy: readonly string[];
  readonly actions: readonly MessageAction[];
  readonly words: Words;
  readonly time: string;
  act(action: MessageAction): void;
  showQuoted(): void;
  download(file: NamedFile): void;
}

export function storedRow(row: StoredRow): TemplateResult {
  const { key, entry, own, continues, words, time } = row;
  const { actor } = entry;
  const recalled = entry.recalledAt !== undefined;
  return html`<li
    class="message"
    tabindex="-1"
    data-key=${key}
    data-seq=${entry.seq}
    data-side=${actor.side}
    data-own=${own ? '' : nothing}
    data-continues=${continues ? '' : nothing}
  >
    <span class="avatar" aria-hidden="true">${initialsOf(actor.name)}</span>
    <div class="column">
      ${
        continues
          ? nothing
          : html`<div class="by">
              ${
                own
                  ? html`<strong class="hidden">${actor.name}</strong>`
                  : html`<strong>${actor.name}</strong><span>${words.sides[actor.side]}</span>`
              }
              <time datetime=${entry.at}>${time}</time>
            </div>`
      }
      ${
        recalled
          ? html`<div class="bubble gone">${own ? words.recalledByYou : words.recalled(actor.name)}</div>`
          : html`<div class="bubble">${quote(row)}<span class="text" dir="auto">${linked(entry.body.text ?? '')}</span></div>
              ${fileLinks(entry.body.files ?? [], words, row.download)}`
      }
      ${recalled ? nothing : storedMark(row)}
    </div>
    ${recalled ? nothing : actionButtons(row)}
  </li>`;
}

function quote({ entry, quoted, words, showQuoted }: StoredRow): TemplateResult | typeof nothing {
  if (entry.body.replyTo === undefined) return nothing;
  const known = quoted?.kind === 'message' ? quoted : undefined;
  return html`<button class="quote" @click=${showQuoted}>
    ${known === undefined ? nothing : html`<b>${known.actor.name}</b>`}
    <span>${quotedText(known, words)}</span>
  </button>`;
}

/** What a quotation shows of a message: nothing of one that was recalled, or that is not held. */
export function quotedText(message: MessageEntry | undefined, words: Words): string {
  if (message === undefined) return words.earlierMessage;
  if (message.recalledAt !== undefined) return words.recalled(message.actor.name);
  return message.body.text ?? '';
}

function storedMark({ entry, own, readBy, words }: StoredRow): TemplateResult | typeof nothing {
  const edited = entry.editedAt === undefined ? nothing : html`<span>${words.edited}</span>`;
  if (!own) return entry.editedAt === undefined ? nothing : html`<div class="mark">${edited}</div>`;
  const read = readBy.length > 0;
  const said = read ? words.readBy(readBy.join(', ')) : wordOf(words.states, 'sent');
  return html`<div class="mark" data-state="sent" data-read=${read ? '' : nothing} title=${said}>
    ${edited}${read ? checksIcon : checkIcon}<span class="hidden">${said}</span>
  </div>`;
}

function actionButtons({ actions, act, words }: StoredRow): TemplateResult | typeof nothing {
  if (actions.length === 0) return nothing;
  const icons = { reply: replyIcon, edit: editIcon, recall: recallIcon };
  return html`<div class="actions">
    ${actions.map(
      (action) => html`<button
        data-action=${action}
        title=${words[action]}
        aria-label=${words[action]}
        @click=${() => act(action)}
      >
        ${icons[action]}
      </button>`,
    )}
  </div>`;
}

export interface PendingRow {
  readonly key: string;
  readonly message: PendingMessage;
  readonly continues: boolean;
  readonly words: Words;
  readonly time: string;
  retry(): void;
  discard(): void;
}

export function pendingRow({ key, message, continues, words, time, retry, discard }: PendingRow): TemplateResult {
  const { state, error, text, createdAt } = message;
  const failed = state === 'failed';
  const said = wordOf(words.states, state);
  return html`<li
    class="message"
    tabindex="-1"
    data-key=${key}
    data-own
    data-state=${state}
    data-continues=${continues ? '' : nothing}
  >
    <div class="column">
      ${
        continues
          ? nothing
          : html`<div class="by"><time datetime=${new Date(createdAt).toISOString()}>${time}</time></div>`
      }
      <div class="bubble"><span class="text" dir="auto">${linked(text)}</span></div>
      <div class="mark" data-state=${state} title=${said}>
        ${
          failed
            ? html`<span>${warningIcon} ${said}${error ? html`: ${reasonOf(words, error)}` : nothing}</span>
                <button class="link" data-action="retry" @click=${retry}>${words.retry}</button>
                <button class="link" data-action="discard" @click=${discard}>${words.discard}</button>`
            : html`${state === 'sent' ? checkIcon : clockIcon}<span class="hidden">${said}</span>`
        }
      </div>
    </div>
  </li>`;
}

const ADDRESS = /(https?:\/\/[^\s<>"'，。；！？、（）《》]+[^\s<>"'，。；！？、（）《》.,;:!?)\]])/giu;

/** A text with its web addresses as links, which learn nothing of this page. */
export function linked(text: string): unknown[] {
  return text
    .split(ADDRESS)
    .map((part, index) =>
      index % 2 === 1 ? html`<a href=${part} target="_blank" rel="noopener noreferrer nofollow">${part}</a>` : part,
    );
}
