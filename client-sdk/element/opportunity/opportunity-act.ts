import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Opportunity, Suggestion } from '../../../shared/contract/opportunities.ts';
import { type Client, newClientId, RoomError } from '../../index.ts';
import { actDialogStyles } from '../flow/act-dialog-styles.ts';
import { ActDraft, type Field } from '../flow/act-form.ts';
import { type FieldFaults, fieldFaults, faultsOf } from '../flow/faults.ts';
import { fieldRow } from '../flow/fields.ts';
import { formStyles } from '../flow/flow-styles.ts';
import { focusFault, formDialog, refusalNotice } from '../flow/form-dialog.ts';
import { wordOf, type Words } from '../language/words.ts';
import { basics } from '../theme.ts';
import { refusalWords } from './opportunity-refusal.ts';
import {
  checkTask,
  fieldsOf,
  isEnding,
  isStillAllowed,
  keyOf,
  type OpportunityTask,
  optionsFor,
  perform,
} from './opportunity-task.ts';
import { suggestionList, suggestionStyles } from './suggestion-list.ts';

interface Filled {
  readonly draft: ActDraft;
  /** Of what this dialog sends: the same when it is sent again. */
  readonly clientId: string;
}

/**
 * Where a demand is acted on: what the act asks for, what it will do, and why it was refused. What was filled in is kept while
 * the element lives.
 * @fires end - the dialog was closed
 */
export class OpportunityAct extends LitElement {
  static override readonly styles = [basics, formStyles, actDialogStyles, suggestionStyles];

  @property({ attribute: false }) task: OpportunityTask | undefined;
  @property({ attribute: false }) opportunity: Opportunity | undefined;
  @property({ attribute: false }) words: Words | undefined;
  @property({ attribute: false }) client: Client | undefined;

  @state() private busy = false;
  @state() private faults: FieldFaults = new Map();
  @state() private refusal: RoomError | undefined;
  @state() private suggestions: readonly Suggestion[] | RoomError | undefined;
  @query('dialog') private dialog!: HTMLDialogElement | null;
  readonly #drafts = new Map<string, Filled>();

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('task')) return;
    this.faults = new Map();
    this.refusal = undefined;
    this.busy = false;
    if (this.task?.action === 'assign') void this.#suggest();
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('task') && this.task !== undefined && this.dialog?.open === false) this.dialog.showModal();
  }

  get #filled(): Filled | undefined {
    const { task, opportunity } = this;
    if (task === undefined || opportunity === undefined) return undefined;
    const key = keyOf(opportunity.id, task);
    const filled = this.#drafts.get(key) ?? { draft: new ActDraft(), clientId: newClientId() };
    this.#drafts.set(key, filled);
    return filled;
  }

  override render(): unknown {
    const { task, opportunity, words } = this;
    const draft = this.#filled?.draft;
    if (task === undefined || opportunity === undefined || words === undefined || draft === undefined) return nothing;
    const allowed = isStillAllowed(task, opportunity);
    const label = words.opportunity.actions[task.action];
    return formDialog({
      title: label,
      words,
      label,
      busy: this.busy,
      disabled: !allowed,
      danger: isEnding(task),
      submit: () => void this.#send(),
      close: this.#close,
      closed: () => this.dispatchEvent(new CustomEvent('end')),
      body: html`<p class="explain">${wordOf(words.opportunity.explain, task.action)}</p>
        ${refusalNotice(this.#notice(allowed, opportunity, words))}
        ${fieldsOf(task).map((field, index) => this.#field(task, field, draft, index === 0, words))}`,
    });
  }

  #field(task: OpportunityTask, field: Field, draft: ActDraft, first: boolean, words: Words): TemplateResult {
    const label = wordOf(words.opportunity.fields, field.name);
    const fault = this.faults.get(field.name);
    if (field.type === 'choice') {
      return suggestionList({
        suggestions: this.suggestions,
        chosen: draft.value(field.name),
        fault,
        words,
        choose: (org) => {
          draft.values.set(field.name, org);
          this.#filledIn(field.name);
        },
      });
    }
    const options = optionsFor(task, field, words);
    return fieldRow({ field, first, draft, fault, words, label, options, changed: () => this.#filledIn(field.name) });
  }

  #notice(allowed: boolean, { status }: Opportunity, words: Words): string[] {
    const { opportunity, delivery } = words;
    const lines: string[] = [];
    if (this.refusal !== undefined && this.faults.size === 0) lines.push(refusalWords(this.refusal, words));
    if (this.faults.size > 0) lines.push(delivery.faultCount(this.faults.size));
    if (!allowed) {
      if (this.refusal === undefined) lines.push(opportunity.movedOn);
      lines.push(opportunity.nowStatus(opportunity.status[status]));
    }
    return lines;
  }

  #filledIn(name: string): void {
    if (this.faults.has(name)) {
      const left = new Map(this.faults);
      left.delete(name);
      this.faults = left;
      if (left.size === 0) this.refusal = undefined;
    }
    this.requestUpdate();
  }

  async #suggest(): Promise<void> {
    const { task, client, opportunity } = this;
    this.suggestions = undefined;
    if (client === undefined || opportunity === undefined) return;
    let found: readonly Suggestion[] | RoomError;
    try {
      found = (await client.call('opportunity.suggest', { opportunityId: opportunity.id })).items;
    } catch (fault) {
      found = fault instanceof RoomError ? fault : new RoomError('internal', String(fault));
    }
    if (this.task === task) this.suggestions = found;
  }

  async #send(): Promise<void> {
    const { task, opportunity, words, client } = this;
    const filled = this.#filled;
    if (task === undefined || opportunity === undefined || words === undefined || !client || !filled) return;
    if (this.busy || !isStillAllowed(task, opportunity)) return;
    this.refusal = undefined;
    if (this.#show(fieldFaults(checkTask(task, filled.draft), words))) return;
    this.busy = true;
    try {
      await perform(client.opportunities.one(opportunity.id), task, filled.draft, filled.clientId);
      this.#drafts.delete(keyOf(opportunity.id, task));
      if (this.task === task) this.#close();
    } catch (fault) {
      if (this.task !== task) return;
      if (!(fault instanceof RoomError)) throw fault;
      this.refusal = fault;
      const names = new Set(fieldsOf(task).map(({ name }) => name));
      this.#show(new Map([...fieldFaults(faultsOf(fault), words)].filter(([name]) => names.has(name))));
    } finally {
      if (this.task === task) this.busy = false;
    }
  }

  /** Shows what does not fit and goes to the first of it; answers whether there is anything. */
  #show(faults: FieldFaults): boolean {
    this.faults = faults;
    if (faults.size > 0) void this.updateComplete.then(() => focusFault(this.renderRoot));
    return faults.size > 0;
  }

  readonly #close = (): void => this.dialog?.close();
}
