import { html, nothing, type TemplateResult } from 'lit';
import type { NamedFile } from '../event-line.ts';
import { fileIcon } from '../icons.ts';
import type { Words } from '../language/words.ts';
import { sizeWords } from './faults.ts';

/** Files that can be fetched; `download` is told which one is wanted. */
export function fileLinks(
  files: readonly NamedFile[],
  words: Words,
  download: (file: NamedFile) => void,
): TemplateResult | typeof nothing {
  if (files.length === 0) return nothing;
  return html`<div class="files">
    ${files.map(
      (file) => html`<button
        class="file"
        data-file=${file.id}
        title=${words.delivery.download(file.name)}
        @click=${() => download(file)}
      >
        ${fileIcon}<span>${file.name}</span><small>${sizeWords(file.size)}</small>
      </button>`,
    )}
  </div>`;
}
