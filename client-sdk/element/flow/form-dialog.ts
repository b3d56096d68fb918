import { html, nothing, type TemplateResult } from 'lit';
import { closeIcon } from '../icons.ts';
import type { Words } from '../language/words.ts';

export interface FormDialog {
  readonly title: string;
  readonly words: Words;
  readonly body: unknown;
  /** The word on the button that sends it. */
  readonly label: string;
  readonly busy: boolean;
  readonly disabled: boolean;
  /** It cannot be taken back. */
  readonly danger?: boolean;
  /** Nothing has to be filled in: the button that sends it has the focus at the beginning. */
  readonly ready?: boolean;
  submit(): void;
  /** Asks the dialog to close. */
  close(): void;
  /** It is closed. */
  closed(): void;
}

/** A dialog in which something is filled in and sent. While that is on its way it stays: the outcome is to be seen. */
export function formDialog(dialog: FormDialog): TemplateResult {
  const { title, words, body, label, busy, disabled, danger = false, ready = false } = dialog;
  return html`<dialog
    lang=${words.tag}
    aria-labelledby="title"
    @cancel=${(event: Event) => {
      if (busy) event.preventDefault();
    }}
    @close=${whenClosed(dialog.closed)}
    @keydown=${keepFromInputMethod}
  >
    <form
      novalidate
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        dialog.submit();
      }}
    >
      <header>
        <h2 id="title">${title}</h2>
        <button type="button" class="x" title=${words.cancel} aria-label=${words.cancel} @click=${dialog.close}>
          ${closeIcon}
        </button>
      </header>
      <div class="body">${body}</div>
      <footer>
        <button type="button" class="button" @click=${dialog.close}>${words.cancel}</button>
        <button class="button main ${danger ? 'danger' : ''}" data-submit ?autofocus=${ready} ?disabled=${disabled || busy}>
          ${busy ? words.delivery.sending : label}
        </button>
      </footer>
    </form>
  </dialog>`;
}

/** Tells that a dialog is closed. Browsers say so a little later: one that was opened again by then is not. */
export const whenClosed =
  (closed: () => void) =>
  ({ currentTarget }: Event): void => {
    if (!(currentTarget instanceof HTMLDialogElement && currentTarget.open)) closed();
  };

/** What stands above the fields when something does not fit or was refused; a screen reader is told at once. */
export function refusalNotice(lines: readonly string[]): TemplateResult {
  return html`<div role="alert">${lines.length === 0 ? nothing : html`<p class="refused">${lines.join(' ')}</p>`}</div>`;
}

/** An Enter that belongs to the input method sends nothing. Safari tells of it after the composition, as key 229. */
export function keepFromInputMethod(event: KeyboardEvent): void {
  if (event.key === 'Enter' && (event.isComposing || event.keyCode === 229)) event.preventDefault();
  // The room's own Escape closes what lies under the dialog.
  if (event.key === 'Escape') event.stopPropagation();
}

/** Goes to the first field that does not fit. */
export function focusFault(root: ParentNode): void {
  root.querySelector<HTMLElement>('[data-fault] :is(input, textarea, select, button)')?.focus();
}
