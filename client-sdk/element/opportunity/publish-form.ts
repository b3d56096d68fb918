import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { type Client, RoomError } from '../../index.ts';
import type { Field } from '../flow/act-form.ts';
import { watchClient } from '../client-watch.ts';
import { type FieldFaults, faultsOf, faultWords } from '../flow/faults.ts';
import { fieldRow, type Option } from '../flow/fields.ts';
import { formStyles } from '../flow/flow-styles.ts';
import { focusFault, keepFromInputMethod, refusalNotice } from '../flow/form-dialog.ts';
import { reasonOf, wordOf, type Words, wordsFor } from '../language/words.ts';
import { basics, theme } from '../theme.ts';
import { checkDemand, type Customer, DemandDraft, demandFields, demandOf, fieldOf } from './demand-draft.ts';
import { refusalWords } from './opportunity-refusal.ts';
import { PhoneCode } from './phone-code.ts';
import { publishStyles } from './publish-styles.ts';

/**
 * Where a demand is published: by a buyer for themselves, by a provider or an operator for a customer. What is filled in is kept until it is published.
 * @fires published - {string} the demand's id, which is its room's
 */
export class PublishForm extends LitElement {
  static override readonly styles = [theme, basics, formStyles, publishStyles];

  @property({ attribute: false }) client: Client | undefined;
  @property() locale = '';
  @property({ reflect: true }) theme: 'auto' | 'light' | 'dark' = 'auto';
  /** Categories and regions that the portal knows; without them they are typed. */
  @property({ attribute: false }) categories: readonly string[] = [];
  @property({ attribute: false }) regions: readonly string[] = [];
  /** Providers at which a demand can be aimed. */
  @property({ attribute: false }) providers: readonly { readonly org: string; readonly name: string }[] = [];
  /** Customers for whom somebody else than a buyer can publish. */
  @property({ attribute: false }) customers: readonly Customer[] = [];

  @state() private busy = false;
  @state() private faults: FieldFaults = new Map();
  @state() private refusal: RoomError | undefined;
  #draft = new DemandDraft();
  readonly #code = new PhoneCode(this);

  constructor() {
    super();
    watchClient(this);
  }

  override render(): unknown {
    const words = wordsFor(this.locale);
    const side = this.client?.me?.side;
    if (side === undefined) return nothing;
    const { publish } = words.market;
    const { delivery } = words;
    const own = side === 'buyer';
    const { whose, what, who } = demandFields(side, this.#draft, this.customers.length > 0);
    const part = (name: string, fields: readonly Field[]): TemplateResult => html`<fieldset>
      <legend>${name}</legend>
      ${fields.map((field) => this.#field(field, words))} ${fields === who ? this.#share(own, words) : nothing}
    </fieldset>`;
    const notice = [
      ...(this.refusal === undefined || this.faults.size > 0 ? [] : [refusalWords(this.refusal, words)]),
      ...(this.faults.size > 0 ? [delivery.faultCount(this.faults.size)] : []),
    ];
    return html`<section class="shield publish" lang=${words.tag} aria-labelledby="title">
      <form novalidate @submit=${this.#submitted} @keydown=${keepFromInputMethod}>
        <header><slot name="header-start"></slot><h1 id="title">${publish.title}</h1></header>
        <p class="explain">${own ? publish.lead : publish.leadFor} ${delivery.requiredMarked}</p>
        ${part(own ? publish.whom : publish.whose, whose)}
        ${part(publish.what, what)} ${part(own ? publish.who : publish.whoFor, who)}
        ${refusalNotice(notice)}
        <footer>
          <button class="button main" data-submit ?disabled=${this.busy}>
            ${this.busy ? delivery.sending : publish.submit}
          </button>
        </footer>
      </form>
    </section>`;
  }

  #field(field: Field, words: Words): TemplateResult {
    const { name } = field;
    const options = this.#options(name, words);
    const asked = options.length > 0 && field.type === 'line' ? { ...field, type: 'select' as const } : field;
    // What the portal has no list of is typed.
    const shown = asked.type === 'select' && options.length === 0 ? { ...asked, type: 'line' as const } : asked;
    const hint = name === 'details' ? words.market.publish.detailsHint : undefined;
    return html`<div data-part=${name}>
      ${fieldRow({
        field: shown,
        first: false,
        draft: this.#draft,
        fault: this.faults.get(name),
        words,
        label: wordOf(words.opportunity.fields, name),
        ...(hint === undefined ? {} : { hint }),
        options,
        changed: () => this.#filledIn(name),
      })}
      ${name === 'phone' ? this.#codeButton(words) : nothing}
    </div>`;
  }

  #options(name: string, { market: { publish } }: Words): Option[] {
    const same = (value: string): Option => ({ value, name: value });
    switch (name) {
      case 'kind':
        return [
          { value: 'normal', name: publish.normal },
          { value: 'targeted', name: publish.targeted },
        ];
      case 'to':
        return [
          { value: 'self', name: publish.self },
          { value: 'platform', name: publish.platform },
        ];
      case 'category':
        return this.categories.map(same);
      case 'region':
        return this.regions.map(same);
      case 'org':
        return this.providers.map(({ org, name: said }) => ({ value: org, name: said }));
      case 'buyer':
        return this.customers.map(({ id, name: said }) => ({ value: id, name: said }));
      default:
        return [];
    }
  }

  #codeButton(words: Words): TemplateResult {
    const { publish } = words.market;
    const { wait, minutes, busy, refusal } = this.#code;
    const phone = this.#draft.value('phone').trim();
    return html`<div class="code">
      <button
        type="button"
        class="button small"
        data-act="send-code"
        ?disabled=${phone === '' || busy || wait > 0}
        @click=${() => this.#sendCode()}
      >
        ${wait > 0 ? publish.resendIn(wait) : publish.sendCode}
      </button>
      <span role="status">
        ${
          refusal !== undefined && this.faults.get('phone') === undefined
            ? html`<span class="fault">${reasonOf(words, refusal)}</span>`
            : minutes !== undefined && this.#draft.codeFor === phone
              ? publish.codeSent(minutes)
              : nothing
        }
      </span>
    </div>`;
  }

  #share(own: boolean, words: Words): TemplateResult {
    const { publish } = words.market;
    return html`<label class="check">
        <input
          type="checkbox"
          name="shareContact"
          .checked=${this.#draft.shares}
          @change=${(event: Event) => {
            this.#draft.shares = (event.target as HTMLInputElement).checked;
          }}
        />
        <span>${own ? publish.share : publish.shareFor}</span>
      </label>
      <p class="explain">${publish.shareHint}</p>`;
  }

  #filledIn(name: string): void {
    if (this.faults.has(name)) {
      const left = new Map(this.faults);
      left.delete(name);
      this.faults = left;
    }
    this.requestUpdate();
  }

  async #sendCode(): Promise<void> {
    const phone = this.#draft.value('phone').trim();
    if (this.client === undefined || phone === '') return;
    const sent = await this.#code.send(this.client, phone);
    if (sent) {
      this.#draft.codeFor = phone;
      this.#draft.values.delete('code');
      this.requestUpdate();
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLElement>('[name=code]')?.focus();
    } else if (this.#code.refusal !== undefined) this.#show(faultsOf(this.#code.refusal));
  }

  readonly #submitted = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.#publish();
  };

  async #publish(): Promise<void> {
    const { client } = this;
    const side = client?.me?.side;
    const draft = this.#draft;
    if (client === undefined || this.busy) return;
    this.refusal = undefined;
    const { whose, what, who } = demandFields(side, draft, this.customers.length > 0);
    if (this.#show(checkDemand([...whose, ...what, ...who], draft))) return;
    // A phone that is asked for is one to which a code was sent.
    if (side === 'buyer' && draft.codeFor !== draft.value('phone').trim()) return void this.#sendCode();
    this.busy = true;
    try {
      const { roomId } = await client.opportunities.publish(demandOf(side, draft, this.customers));
      this.#draft = new DemandDraft();
      this.#code.clear();
      this.dispatchEvent(new CustomEvent('published', { detail: roomId }));
    } catch (fault) {
      if (!(fault instanceof RoomError)) throw fault;
      this.refusal = fault;
      this.#show(faultsOf(fault));
    } finally {
      this.busy = false;
    }
  }

  /** Shows what does not fit and goes to the first of it; answers whether there is anything. */
  #show(faults: readonly { path: string; reason: string }[]): boolean {
    const words = wordsFor(this.locale);
    const { faults: said } = words.opportunity;
    this.faults = new Map(
      faults.map(({ path, reason }) => {
        const name = fieldOf(path);
        if (name === 'code' && reason !== 'is required')
          return [name, reason === 'must be a code' ? said.codeForm : said.code];
        return [name, faultWords(reason, words)];
      }),
    );
    if (faults.length > 0) void this.updateComplete.then(() => focusFault(this.renderRoot));
    return faults.length > 0;
  }
}
