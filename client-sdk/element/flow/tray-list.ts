import { css, html, nothing, type TemplateResult } from 'lit';
import { closeIcon, fileIcon } from '../icons.ts';
import { reasonOf, type Words } from '../language/words.ts';
import { sizeWords } from './faults.ts';
import type { Tray, TrayItem, UploadFile } from './tray.ts';

export const trayStyles = css`
  .tray {
    margin-bottom: 8px;
  }
  .tray li {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 2px 0;
    font-size: 13px;
  }
  .tray svg {
    flex: none;
  }
  .tray .name {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .tray small {
    margin-left: 8px;
    color: var(--muted);
  }
  .tray .why {
    color: var(--danger);
  }
  .tray .out {
    display: grid;
    place-items: center;
    flex: none;
    width: 28px;
    height: 28px;
    border-radius: 8px;
    color: var(--muted);
  }
  .tray .out:hover {
    background: var(--raised);
    color: var(--text);
  }
  progress {
    width: 96px;
    accent-color: var(--accent);
  }
`;

/** Puts the files that were chosen in an input into a tray. */
export function takeFiles(event: Event, tray: Tray, upload: UploadFile): void {
  if (!(event.target instanceof HTMLInputElement)) return;
  tray.add([...(event.target.files ?? [])], upload);
  // The same file can be chosen again.
  event.target.value = '';
}

/** The files in a tray: how far each is, why one is not there, and the ways to try it again or take it out. */
export function trayList(tray: Tray, words: Words, upload: UploadFile): TemplateResult | typeof nothing {
  if (tray.items.length === 0) return nothing;
  return html`<ul class="tray">
    ${tray.items.map((item) => row(item, tray, words, upload))}
  </ul>`;
}

function row(
  { key, file, state, part, error }: TrayItem,
  tray: Tray,
  words: Words,
  upload: UploadFile,
): TemplateResult {
  const { delivery } = words;
  const percent = Math.round(part * 100);
  return html`<li data-state=${state}>
    ${fileIcon}
    <span class="name">${file.name}<small>${sizeWords(file.size)}</small></span>
    ${
      state === 'failed'
        ? html`<span class="why" role="alert">${error === undefined ? delivery.uploadFailed : reasonOf(words, error)}</span>
            ${
              error?.retryable === true
                ? html`<button type="button" class="link" @click=${() => tray.retry(key, upload)}>${words.retry}</button>`
                : nothing
            }`
        : state === 'there'
          ? nothing
          : html`<progress max="100" value=${percent} aria-label=${delivery.uploading(file.name, percent)}></progress>`
    }
    <button
      type="button"
      class="out"
      title=${delivery.remove(file.name)}
      aria-label=${delivery.remove(file.name)}
      @click=${() => tray.remove(key)}
    >
      ${closeIcon}
    </button>
  </li>`;
}
