import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Role } from '../../../shared/contract/primitives.ts';
import { RoomError } from '../../index.ts';
import { addIcon } from '../icons.ts';
import { reasonOf, wordOf, type Words } from '../language/words.ts';
import type { ActDraft, Field, FieldType } from './act-form.ts';
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
  /** The field's name where it is not one of a delivery's. */
  readonly label?: string;
  /** What is said beside it. */
  readonly hint?: string;
  readonly upload?: UploadFile | undefined;
  /** Of a `choice`. Missing while they are asked for; an error when they could not be had. */
  readonly choices?: readonly Choice[] | RoomError | undefined;
  readonly roles?: readonly { readonly id: string; readonly role: Role }[];
  /** Of a `radio` or a `select`. */
  readonly options?: readonly Option[];
  changed(): void;
}

/** One of a few that are known beforehand. */
export interface Option {
  readonly value: string;
  readonly name: string;
}

/** A table of words as options, in its order. */
export const optionsOf = (table: Readonly<Record<string, string>>): Option[] =>
  Object.entries(table).map(([value, name]) => ({ value, name }));

/** One field with its name, what is required of it, and what does not fit. */
export function fieldRow(row: FieldRow): TemplateResult {
  const { field, fault, words } = row;
  const { name, type, required } = field;
  const { delivery } = words;
  const said = labelOf(row);
  const mark = required
    ? html`<span class="star" aria-hidden="true"> *</span>`
    : html` <small>(${delivery.optional})</small>`;
  const grouped = type === 'choice' || type === 'radio' || type === 'files';
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
    ${row.hint === undefined ? nothing : html`<p class="explain" id=${`hint-${name}`}>${row.hint}</p>`}
    ${control(row)}
    ${fault === undefined ? nothing : html`<p class="fault" id=${`fault-${name}`}>${fault}</p>`}
  </div>`;
}

const labelOf = ({ field, label, words }: FieldRow): string => label ?? wordOf(words.delivery.fields, field.name);

/** Ids of what describes the field: what does not fit, and what is said beside it. */
function describedBy({ field: { name }, fault, hint }: FieldRow): string | typeof nothing {
  const ids = [...(fault === undefined ? [] : [`fault-${name}`]), ...(hint === undefined ? [] : [`hint-${name}`])];
  return ids.length === 0 ? nothing : ids.join(' ');
}

function control(row: FieldRow): TemplateResult {
  switch (row.field.type) {
    case 'files':
      return files(row);
    case 'choice':
      return choice(row);
    case 'role':
      return roleSelect(row);
    case 'radio':
      return radios(row);
    case 'select':
      return select(row);
    case 'text':
      return area(row);
    case 'line':
    case 'phone':
    case 'email':
    case 'code':
    case 'money':
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
  code: { type: 'text', inputmode: 'numeric', autocomplete: 'one-time-code' },
  money: { type: 'text', inputmode: 'decimal', autocomplete: 'off' },
} as const satisfies Partial<Record<FieldType, object>>;
/** A number for one call is not for the browser to keep. */
const AUTOCOMPLETE: Readonly<Record<string, string>> = {
  contactName: 'name',
  address: 'street-address',
  fromNumber: 'off',
};

const kindOf = (type: FieldType): (typeof KINDS)[keyof typeof KINDS] | undefined =>
  Object.hasOwn(KINDS, type) ? KINDS[type as keyof typeof KINDS] : undefined;

function line(row: FieldRow): TemplateResult {
  const { name, type, required } = row.field;
  const kind = kindOf(type);
  return html`<input
    class="text"
    id=${`field-${name}`}
    name=${name}
    type=${kind?.type ?? 'text'}
    inputmode=${kind?.inputmode ?? nothing}
    autocomplete=${AUTOCOMPLETE[name] ?? kind?.autocomplete ?? 'off'}
    ?autofocus=${row.first}
    aria-required=${required}
    aria-invalid=${row.fault !== undefined}
    aria-describedby=${describedBy(row)}
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
    aria-describedby=${describedBy(row)}
    .value=${live(row.draft.value(name))}
    @input=${(event: Event) => put(row, (event.target as HTMLTextAreaElement).value)}
  ></textarea>`;
}

function roleSelect(row: FieldRow): TemplateResult {
  const { roles = [], draft, field, words } = row;
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

function select(row: FieldRow): TemplateResult {
  const { options = [], draft, field, words } = row;
  const chosen = draft.value(field.name);
  return html`<select
    id=${`field-${field.name}`}
    name=${field.name}
    ?autofocus=${row.first}
    aria-required=${field.required}
    aria-invalid=${row.fault !== undefined}
    aria-describedby=${describedBy(row)}
    @change=${(event: Event) => put(row, (event.target as HTMLSelectElement).value)}
  >
    <option value="" ?selected=${chosen === ''}>${words.opportunity.choose}</option>
    ${options.map(({ value, name }) => html`<option value=${value} ?selected=${value === chosen}>${name}</option>`)}
  </select>`;
}

function radios(row: FieldRow): TemplateResult {
  const { options = [], draft, field } = row;
  return html`<div class="choices" aria-describedby=${describedBy(row)}>
    ${options.map(
      ({ value, name }, index) => html`<label class="choice">
        <input
          type="radio"
          name=${field.name}
          value=${value}
          ?autofocus=${row.first && index === 0}
          .checked=${live(draft.value(field.name) === value)}
          @change=${() => put(row, value)}
        />
        <span>${name}</span>
      </label>`,
    )}
  </div>`;
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
        aria-label=${`${labelOf(row)}: ${delivery.addFiles}`}
        aria-describedby=${fault === undefined ? nothing : `fault-${field.name}`}
        @change=${(event: Event) => {
          takeFiles(event, tray, upload);
          row.changed();
        }}
      />
    </label>
    ${tray.isBusy ? html`<p class="explain" role="status">${delivery.uploadsRunning}</p>` : nothing}`;
}
