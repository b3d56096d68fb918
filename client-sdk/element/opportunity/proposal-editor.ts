import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import { PAGE_MAX } from '../../../shared/contract/limits.ts';
import { type Client, RoomError } from '../../index.ts';
import { actDialogStyles } from '../flow/act-dialog-styles.ts';
import { type FieldFaults, faultsOf, faultWords } from '../flow/faults.ts';
import { fieldRow, type Option } from '../flow/fields.ts';
import { formStyles } from '../flow/flow-styles.ts';
import { focusFault, formDialog, refusalNotice } from '../flow/form-dialog.ts';
import type { UploadFile } from '../flow/tray.ts';
import { trayStyles } from '../flow/tray-list.ts';
import { addIcon, closeIcon } from '../icons.ts';
import { wordOf, type Words } from '../language/words.ts';
import { basics } from '../theme.ts';
import { amountWords } from './money-words.ts';
import { refusalWords } from './opportunity-refusal.ts';
import {
  checkProposal,
  LINE_FIELDS,
  lineAmount,
  type LineDraft,
  type LineField,
  ProposalDraft,
  proposalOf,
  totalsOf,
} from './proposal-draft.ts';
import { proposalEditorStyles } from './proposal-editor-styles.ts';

const CURRENCY = 'CNY';

/**
 * Where a provider writes a proposal: its lines, with exact totals as they are typed, and what goes with it. A draft is kept while the element lives.
 * @fires end - the editor was closed
 */
export class ProposalEditor extends LitElement {
  static override readonly styles = [basics, formStyles, trayStyles, actDialogStyles, proposalEditorStyles];

  /** Of the demand that is quoted; nothing is shown without one. */
  @property({ attribute: false }) opportunityId: string | undefined;
  /** False once the demand has gone on so that nothing can be proposed. */
  @property({ attribute: false }) allowed = true;
  @property({ attribute: false }) words: Words | undefined;
  @property({ attribute: false }) client: Client | undefined;
  @property({ attribute: false }) upload: UploadFile | undefined;

  @state() private busy = false;
  @state() private faults: FieldFaults = new Map();
  @state() private refusal: RoomError | undefined;
  @state() private products: readonly Option[] | undefined;
  @query('dialog') private dialog!: HTMLDialogElement | null;
  readonly #drafts = new Map<string, ProposalDraft>();

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('opportunityId')) return;
    this.faults = new Map();
    this.refusal = undefined;
    this.busy = false;
    if (this.opportunityId !== undefined) void this.#loadProducts();
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('opportunityId') && this.opportunityId !== undefined && this.dialog?.open === false)
      this.dialog.showModal();
  }

  get #draft(): ProposalDraft | undefined {
    if (this.opportunityId === undefined) return undefined;
    const draft = this.#drafts.get(this.opportunityId) ?? new ProposalDraft();
    draft.head.tray.changed = () => this.requestUpdate();
    this.#drafts.set(this.opportunityId, draft);
    return draft;
  }

  override render(): unknown {
    const { words } = this;
    const draft = this.#draft;
    if (words === undefined || draft === undefined) return nothing;
    const { market, opportunity, delivery } = words;
    const notice = [
      ...(this.refusal === undefined || this.faults.size > 0 ? [] : [refusalWords(this.refusal, words)]),
      ...(this.faults.size > 0 ? [delivery.faultCount(this.faults.size)] : []),
      ...(this.allowed ? [] : [opportunity.movedOn]),
    ];
    return formDialog({
      title: market.editor.title,
      words,
      label: market.editor.send,
      busy: this.busy,
      disabled: !this.allowed || draft.head.tray.isBusy,
      submit: () => void this.#send(),
      close: this.#close,
      closed: () => this.dispatchEvent(new CustomEvent('end')),
      body: html`<p class="explain">${market.editor.explain}</p>
        ${refusalNotice(notice)}
        <div class="pair">${this.#field('name', 'line', true, words)} ${this.#field('productId', 'select', false, words)}</div>
        ${this.#lines(draft, words)} ${this.#field('contract', 'files', false, words)}
        ${this.#field('remark', 'text', false, words)}`,
    });
  }

  #field(name: string, type: 'line' | 'select' | 'files' | 'text', first: boolean, words: Words): TemplateResult {
    const draft = this.#draft?.head;
    if (draft === undefined) return html``;
    const { editor } = words.market;
    const none = name === 'productId' && this.products?.length === 0;
    const hint = none ? editor.noProducts : name === 'contract' ? editor.oneContract : undefined;
    return fieldRow({
      field: { name, type, required: name === 'name' || name === 'productId' },
      first,
      draft,
      fault: this.faults.get(name),
      words,
      label: wordOf(words.opportunity.fields, name),
      ...(hint === undefined ? {} : { hint }),
      options: this.products ?? [],
      upload: this.upload,
      changed: () => this.#filledIn(name),
    });
  }

  #lines(draft: ProposalDraft, words: Words): TemplateResult {
    const { editor } = words.market;
    const { total, listTotal } = totalsOf(draft.lines);
    return html`<div class="field" role="group" aria-labelledby="label-lines">
      <div class="label" id="label-lines">${editor.lines}</div>
      <div class="lines" @keydown=${this.#pressed}>
        <div class="line heads" aria-hidden="true">
          ${LINE_FIELDS.map((field) => html`<span>${editor[field]}</span>`)}<span class="money">${editor.amount}</span>
        </div>
        ${repeat(
          draft.lines,
          ({ key }) => key,
          (line, index) => this.#line(line, index, draft, words),
        )}
      </div>
      <div class="under">
        <button type="button" class="button small" data-act="add-line" ?disabled=${draft.isFull} @click=${this.#addLine}>
          ${addIcon}${editor.addLine}
        </button>
        <p class="totals" role="status">
          ${listTotal === total ? nothing : html`<s data-total="list">${amountWords(listTotal, CURRENCY, words)}</s>`}
          ${words.opportunity.quote.total} <b data-total="quoted">${amountWords(total, CURRENCY, words)}</b>
        </p>
      </div>
    </div>`;
  }

  #line(line: LineDraft, index: number, draft: ProposalDraft, words: Words): TemplateResult {
    const { editor } = words.market;
    const amount = lineAmount(line);
    const found = LINE_FIELDS.map((field) => this.faults.get(`lines.${line.key}.${field}`)).filter(
      (fault) => fault !== undefined,
    );
    return html`<div class="line" role="group" aria-label=${editor.line(index + 1)}>
        ${LINE_FIELDS.map((field) => this.#cell(line, field, words))}
        <span class="money" data-amount>${amount === undefined ? '–' : amountWords(amount, CURRENCY, words)}</span>
        <button
          type="button"
          class="x"
          ?disabled=${draft.lines.length === 1}
          title=${editor.removeLine(index + 1)}
          aria-label=${editor.removeLine(index + 1)}
          @click=${() => this.#removeLine(line.key)}
        >
          ${closeIcon}
        </button>
      </div>
      ${found.length === 0 ? nothing : html`<p class="fault">${[...new Set(found)].join(' ')}</p>`}`;
  }

  #cell(line: LineDraft, field: LineField, words: Words): TemplateResult {
    const faulty = this.faults.has(`lines.${line.key}.${field}`);
    const isText = field === 'product' || field === 'spec';
    return html`<label data-cell=${field} data-fault=${faulty ? '' : nothing}>
      <span class="name">${words.market.editor[field]}</span>
      <input
        class="text ${isText ? '' : 'number'}"
        data-line-field=${field}
        inputmode=${isText ? nothing : field === 'quantity' ? 'numeric' : 'decimal'}
        autocomplete="off"
        aria-label=${words.market.editor[field]}
        aria-invalid=${faulty}
        placeholder=${field === 'listPrice' ? line.price : nothing}
        .value=${live(line[field])}
        @input=${(event: Event) => {
          this.#draft?.put(line.key, field, (event.target as HTMLInputElement).value);
          this.#filledIn(`lines.${line.key}.${field}`);
        }}
      />
    </label>`;
  }

  #filledIn(name: string): void {
    if (this.faults.has(name)) {
      const left = new Map(this.faults);
      left.delete(name);
      this.faults = left;
    }
    this.requestUpdate();
  }

  /** Among the lines Enter goes on to the next one: a proposal is not sent by the way. */
  readonly #pressed = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229) return;
    if (!(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    const inputs = [...this.renderRoot.querySelectorAll<HTMLInputElement>('[data-line-field=product]')];
    const own = event.target.closest('.line')?.querySelector('[data-line-field=product]');
    const next = inputs[inputs.findIndex((input) => input === own) + 1];
    if (next === undefined) this.#addLine();
    else next.focus();
  };

  readonly #addLine = (): void => {
    this.#draft?.addLine();
    this.requestUpdate();
    void this.updateComplete.then(() =>
      [...this.renderRoot.querySelectorAll<HTMLElement>('[data-line-field=product]')].at(-1)?.focus(),
    );
  };

  #removeLine(key: number): void {
    this.#draft?.removeLine(key);
    this.requestUpdate();
  }

  async #loadProducts(): Promise<void> {
    try {
      const answer = await this.client?.call('product.list', { limit: PAGE_MAX });
      const org = this.client?.me?.org;
      const own = (answer?.items ?? []).filter(({ providers }) => providers.some((provider) => provider.org === org));
      this.products = own.map(({ productId, name }) => ({ value: productId, name }));
    } catch (fault) {
      if (!(fault instanceof RoomError)) throw fault;
      this.refusal = fault;
    }
    const draft = this.#draft?.head;
    const [only, ...others] = this.products ?? [];
    if (draft !== undefined && only !== undefined && others.length === 0) draft.values.set('productId', only.value);
    this.requestUpdate();
  }

  async #send(): Promise<void> {
    const { opportunityId, words, client } = this;
    const draft = this.#draft;
    if (opportunityId === undefined || words === undefined || client === undefined || draft === undefined) return;
    if (this.busy || !this.allowed || draft.head.tray.isBusy) return;
    this.refusal = undefined;
    if (this.#show(checkProposal(draft), words)) return;
    this.busy = true;
    try {
      await client.opportunities.one(opportunityId).propose(proposalOf(draft));
      this.#drafts.delete(opportunityId);
      if (this.opportunityId === opportunityId) this.#close();
    } catch (fault) {
      if (this.opportunityId !== opportunityId) return;
      if (!(fault instanceof RoomError)) throw fault;
      this.refusal = fault;
      this.#show(
        faultsOf(fault).map(({ path, reason }) => ({ path: pathIn(path, draft), reason })),
        words,
      );
    } finally {
      if (this.opportunityId === opportunityId) this.busy = false;
    }
  }

  /** Shows what does not fit and goes to the first of it; answers whether there is anything. */
  #show(faults: readonly { path: string; reason: string }[], words: Words): boolean {
    this.faults = new Map(faults.map(({ path, reason }) => [path, this.#said(path, reason, words)]));
    if (faults.length > 0) void this.updateComplete.then(() => focusFault(this.renderRoot));
    return faults.length > 0;
  }

  #said(path: string, reason: string, words: Words): string {
    if (path.endsWith('.quantity')) return words.opportunity.faults.quantity;
    return path === 'contract' ? words.market.editor.oneContract : faultWords(reason, words);
  }

  readonly #close = (): void => this.dialog?.close();
}

/** The service counts lines from 0; here they are known by their keys. */
function pathIn(path: string, { lines }: ProposalDraft): string {
  const [first, index, field] = path.split('.');
  const key = first === 'lines' ? lines[Number(index)]?.key : undefined;
  return key === undefined ? (first ?? path) : `lines.${key}.${field ?? 'price'}`;
}
