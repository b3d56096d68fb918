import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { property, query } from 'lit/decorators.js';
import { TEXT_MAX } from '../../shared/contract/limits.ts';
import type { ComposerTask } from './drafts.ts';
import type { Tray, UploadFile } from './flow/tray.ts';
import { takeFiles, trayList, trayStyles } from './flow/tray-list.ts';
import { addIcon, closeIcon, sendIcon } from './icons.ts';
import type { Words } from './language/words.ts';
import { quotedText } from './message-row.ts';
import { basics } from './theme.ts';

/** From here on the length is shown. */
const SHOW_LENGTH_FROM = TEXT_MAX - 500;

/**
 * Where a message is written. It keeps no text of its own: `draft` is given to it, and every change is told.
 * @fires draft - {string} the text has changed
 * @fires submit-text - {string} the text is to be sent, or saved when editing
 * @fires cancel-task - the reply or the edit is given up
 * @fires edit-last - the key for changing the last own message was pressed in an empty composer
 */
export class RoomComposer extends LitElement {
  static override readonly styles = [
    basics,
    trayStyles,
    css`
      :host {
        display: block;
        padding: 8px 16px 12px;
      }
      .box {
        display: flex;
        align-items: flex-end;
        gap: 8px;
        padding: 5px 6px 5px 14px;
        border: 1px solid var(--line);
        border-radius: 20px;
        background: var(--surface);
      }
      .box:focus-within {
        border-color: var(--accent);
        box-shadow: 0 0 0 1px var(--accent);
      }
      :host([data-note]) .box {
        background: var(--note);
        border-color: var(--note-line);
      }
      textarea {
        flex: 1;
        min-width: 0;
        /* 16 px, as phones zoom into anything smaller. */
        font: inherit;
        font-size: 16px;
        line-height: 22px;
        padding: 4px 0;
        border: 0;
        background: none;
        color: inherit;
        resize: none;
        field-sizing: content;
        height: auto;
        max-height: 154px;
      }
      textarea:focus-visible {
        outline: 0;
      }
      textarea::placeholder {
        color: var(--muted);
        opacity: 1;
      }
      .attach {
        position: relative;
        flex: none;
        display: grid;
        place-items: center;
        width: 32px;
        height: 32px;
        margin-left: -8px;
        border-radius: 50%;
        color: var(--muted);
        cursor: pointer;
      }
      .attach:hover {
        background: var(--raised);
        color: var(--text);
      }
      .attach:focus-within {
        outline: 2px solid var(--accent);
      }
      .send {
        flex: none;
        display: grid;
        place-items: center;
        width: 32px;
        height: 32px;
        border-radius: 50%;
        background: var(--accent);
        color: var(--accent-text);
      }
      .send:disabled {
        background: var(--line);
        color: var(--muted);
        opacity: 1;
      }
      .task {
        display: flex;
        align-items: center;
        gap: 12px;
        margin-bottom: 8px;
        padding: 6px 6px 6px 12px;
        border-left: 3px solid var(--accent);
        border-radius: 4px;
        background: var(--raised);
        font-size: 13px;
      }
      .task div {
        flex: 1;
        min-width: 0;
      }
      .task strong,
      .task span {
        display: block;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .task strong {
        font-weight: 600;
      }
      .task span {
        color: var(--muted);
      }
      .task button {
        display: grid;
        place-items: center;
        width: 28px;
        height: 28px;
        border-radius: 6px;
      }
      .below {
        min-height: 16px;
        padding: 4px 14px 0;
        font-size: 12px;
        line-height: 16px;
        color: var(--muted);
      }
      .below[data-over] {
        color: var(--danger);
      }
      @media (pointer: coarse) {
        .keys {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) words: Words | undefined;
  @property({ attribute: 'data-stream', reflect: true }) stream = 'public';
  /** What it says while it is empty. */
  @property({ attribute: false }) placeholder = '';
  /** True for what not everybody in the room reads. */
  @property({ type: Boolean, attribute: 'data-note', reflect: true }) note = false;
  @property({ attribute: false }) draft = '';
  @property({ attribute: false }) task: ComposerTask | undefined;
  /** Files that go with the message; missing where none can. */
  @property({ attribute: false }) tray: Tray | undefined;
  @property({ attribute: false }) upload: UploadFile | undefined;
  /** What the tray held when it was last given; another one says that it has changed. */
  @property({ attribute: false }) progress: Tray['items'] = [];
  @query('textarea') private area!: HTMLTextAreaElement | null;

  override focus(options?: FocusOptions): void {
    this.area?.focus(options);
  }

  override updated(changed: PropertyValues<this>): void {
    const { area } = this;
    if (area !== null && area.value !== this.draft) {
      area.value = this.draft;
      area.setSelectionRange(area.value.length, area.value.length);
    }
    if (changed.has('task') && this.task !== undefined) this.focus();
  }

  override render(): unknown {
    const { words, draft, task } = this;
    if (words === undefined) return nothing;
    const { placeholder } = this;
    const editing = task?.type === 'edit';
    return html`
      ${
        task === undefined
          ? nothing
          : html`<div class="task">
              <div>
                <strong>${editing ? words.editing : words.replyingTo(task.entry.actor.name)}</strong>
                <span>${quotedText(task.entry, words)}</span>
              </div>
              <button title=${words.cancel} aria-label=${words.cancel} @click=${this.#cancel}>${closeIcon}</button>
            </div>`
      }
      ${editing || this.tray === undefined || this.upload === undefined ? nothing : trayList(this.tray, words, this.upload)}
      <div class="box">
        ${editing ? nothing : this.#attach(words)}
        <textarea
          rows="1"
          dir="auto"
          autocomplete="off"
          placeholder=${placeholder}
          aria-label=${placeholder}
          aria-describedby="below"
          @input=${this.#typed}
          @keydown=${this.#pressed}
        ></textarea>
        <button
          class="send"
          title=${editing ? words.save : words.send}
          aria-label=${editing ? words.save : words.send}
          ?disabled=${!this.#sendable}
          @click=${this.#submit}
        >
          ${sendIcon}
        </button>
      </div>
      <div class="below" id="below" data-over=${draft.length > TEXT_MAX ? '' : nothing}>
        ${
          draft.length > SHOW_LENGTH_FROM
            ? words.tooLong(draft.length, TEXT_MAX)
            : html`<span class="keys">${words.sendHint}</span>`
        }
      </div>
    `;
  }

  /** Files alone can be sent too, once they are there. */
  get #sendable(): boolean {
    const { draft, tray, task } = this;
    if (task?.type === 'edit' || tray === undefined) return isSendable(draft);
    if (tray.isBusy || draft.length > TEXT_MAX) return false;
    return isSendable(draft) || tray.ids.length > 0;
  }

  #attach(words: Words): unknown {
    const { tray, upload } = this;
    if (tray === undefined || upload === undefined) return nothing;
    const { addFiles } = words.delivery;
    return html`<label class="attach" title=${addFiles}>
      ${addIcon}
      <input
        class="hidden"
        type="file"
        multiple
        aria-label=${addFiles}
        @change=${(event: Event) => takeFiles(event, tray, upload)}
      />
    </label>`;
  }

  #tell(name: string, detail?: string): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  readonly #typed = (): void => this.#tell('draft', this.area?.value ?? '');
  readonly #cancel = (): void => this.#tell('cancel-task');

  readonly #submit = (): void => {
    if (!this.#sendable) return;
    this.#tell('submit-text', this.draft);
    this.focus();
  };

  readonly #pressed = (event: KeyboardEvent): void => {
    // The key belongs to the input method. Safari ends the composition before it tells of the key, which then is 229.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey && !isTouch()) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === 'Escape' && this.task !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      this.#cancel();
    } else if (event.key === 'ArrowUp' && this.draft === '' && this.task === undefined) {
      event.preventDefault();
      this.#tell('edit-last');
    }
  };
}

const isSendable = (text: string): boolean => text.trim() !== '' && text.length <= TEXT_MAX;

/** On a phone's keyboard Enter makes a new line; there is a button for sending. */
const isTouch = (): boolean => matchMedia('(pointer: coarse)').matches;
