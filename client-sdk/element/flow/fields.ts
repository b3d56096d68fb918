import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Role } from '../../../shared/contract/primitives.ts';
import { RoomError } from '../../index.ts';
import { addIcon } from '../icons.ts';
import { reasonOf, wordOf, type Words } from '../language/words.ts';
import type { ActDraft, Field } from './act-form.ts';
import { type Choice, choiceWords } from './choices.ts';
import type { UploadFile } from './tray.ts';
import { takeFiles, trayList } from './tray-list.ts';

export interface FieldRow {
  readonly field: Field;
  /** The one that has the focus at the beginning. */
  readonly first: boolean;
  readonly draft: ActDraft;
  readonly fault: string | undefined;
  readonly words: Words;
  readonly upload: UploadFile | undefined;
  /** Missing while they are asked for; an error when they could not be had. */
  readonly choices: readonly Choice[] | RoomError | undefined;
  readonly roles: readonly { readonly id: string; readonly role: Role }[];
  changed(): void;
}

/** One field with its name, what is required of it, and what does not fit. */
export function fieldRow(row: FieldRow): TemplateResult {
  const { field, fault, words } = row;
  const { name, type, required } = field;
  const { delivery } = words;
  const said = wordOf(delivery.fields, name);
  const mark = required
    ? html`<span class="star" aria-hidden="true"> *</span>`
    : html` <small>(${delivery.optional})</small>`;
  const grouped = type === 'choice' || type === 'files';
  return html`<div
    class="field"
    data-field=${name}
    data-fault=${fault === undefined ? nothing : ''}
    role=${grouped ? 'group' : nothing}
    aria-labelledby=${grouped ? `label-${name}` : nothing}
  >
    ${
      grouped
        ? html`<div class="label" id=${`label-${name}`}>${said}${mark}</div>`
        : html`<label for=${`field-${name}`}>${said}${mark}</label>`
    }
    ${control(row)}
    ${fault === undefined ? nothing : html`<p class="fault" id=${`fault-${name}`}>${fault}</p>`}
  </div>`;
}

function control(row: FieldRow): TemplateResult {
  switch (row.field.type) {
    case 'files':
      return files(row);
    case 'choice':
      return choice(row);
    case 'role':
      return roleSelect(row);
    case 'text':
      return area(row);
    case 'line':
    case 'phone':
    case 'email':
      return line(row);
  }
}

const put = ({ draft, field, changed }: FieldRow, value: string): void => {
  draft.values.set(field.name, value);
  changed();
};

const KINDS = {
  phone: { type: 'tel', inputmode: 'tel', autocomplete: 'tel' },
  email: { type: 'email', inputmode: 'email', autocomplete: 'email' },
} as const;
const AUTOCOMPLETE: Readonly<Record<string, string>> = { contactName: 'name', address: 'street-address' };

function line(row: FieldRow): TemplateResult {
  const { name, type, required } = row.field;
  const kind = type === 'phone' || type === 'email' ? KINDS[type] : undefined;
  return html`<input
    class="text"
    id=${`field-${name}`}
    name=${name}
    type=${kind?.type ?? 'text'}
    inputmode=${kind?.inputmode ?? nothing}
    autocomplete=${kind?.autocomplete ?? AUTOCOMPLETE[name] ?? 'off'}
    ?autofocus=${row.first}
    aria-required=${required}
    aria-invalid=${row.fault !== undefined}
    aria-describedby=${row.fault === undefined ? nothing : `fault-${name}`}
    .value=${live(row.draft.value(name))}
    @input=${(event: Event) => put(row, (event.target as HTMLInputElement).value)}
  />`;
}

function area(row: FieldRow): TemplateResult {
  const { name, required } = row.field;
  return html`<textarea
    id=${`field-${name}`}
    name=${name}
    rows="3"
    dir="auto"
    autocomplete="off"
    ?autofocus=${row.first}
    aria-required=${required}
    aria-invalid=${row.fault !== undefined}
    aria-describedby=${row.fault === undefined ? nothing : `fault-${name}`}
    .value=${live(row.draft.value(name))}
    @input=${(event: Event) => put(row, (event.target as HTMLTextAreaElement).value)}
  ></textarea>`;
}

function roleSelect(row: FieldRow): TemplateResult {
  const { roles, draft, field, words } = row;
  const chosen = draft.value(field.name) || roles[0]?.id;
  return html`<select
    id=${`field-${field.name}`}
    ?autofocus=${row.first}
    @change=${(event: Event) => {
      draft.values.delete('userId');
      put(row, (event.target as HTMLSelectElement).value);
    }}
  >
    ${roles.map(
      ({ id, role }) => html`<option value=${id} ?selected=${id === chosen}>${wordOf(words.roles, role)}</option>`,
    )}
  </select>`;
}

function choice(row: FieldRow): TemplateResult {
  const { choices, words, draft, field, fault } = row;
  const { delivery } = words;
  if (choices === undefined) return html`<p class="explain" role="status">${delivery.loadingChoices}</p>`;
  if (choices instanceof RoomError)
    return html`<p class="fault" role="alert">${delivery.choicesFailed(reasonOf(words, choices))}</p>`;
  if (choices.length === 0) return html`<p class="explain" role="status">${delivery.noChoices}</p>`;
  return html`<div class="choices" aria-describedby=${fault === undefined ? nothing : `fault-${field.name}`}>
    ${choices.map(
      (one) => html`<label class="choice" data-not=${one.not ?? nothing}>
        <input
          type="radio"
          name=${field.name}
          value=${one.id}
          ?disabled=${one.not !== undefined}
          .checked=${live(draft.value(field.name) === one.id)}
          @change=${() => put(row, one.id)}
        />
        <span>${one.name}</span>
        <small>${choiceWords(one, words)}</small>
      </label>`,
    )}
  </div>`;
}

function files(row: FieldRow): TemplateResult {
  const { draft, field, words, upload, fault } = row;
  const { delivery } = words;
  const { tray } = draft;
  if (upload === undefined) return html`<p class="explain">${delivery.noUploads}</p>`;
  return html`${trayList(tray, words, upload)}
    <label class="button small pick">
      ${addIcon}${delivery.addFiles}
      <input
        class="hidden"
        type="file"
        multiple
        ?autofocus=${row.first}
        aria-label=${`${wordOf(delivery.fields, field.name)}: ${delivery.addFiles}`}
        aria-describedby=${fault === undefined ? nothing : `fault-${field.name}`}
        @change=${(event: Event) => {
          takeFiles(event, tray, upload);
          row.changed();
        }}
      />
    </label>
    ${tray.isBusy ? html`<p class="explain" role="status">${delivery.uploadsRunning}</p>` : nothing}`;
}
