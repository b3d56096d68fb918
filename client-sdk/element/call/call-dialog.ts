import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { type LiveCalls, RoomError } from '../../index.ts';
import { actDialogStyles } from '../flow/act-dialog-styles.ts';
import { ActDraft, type Field } from '../flow/act-form.ts';
import { fieldFaults, faultsOf, type FieldFaults } from '../flow/faults.ts';
import { fieldRow } from '../flow/fields.ts';
import { formStyles } from '../flow/flow-styles.ts';
import { focusFault, formDialog, refusalNotice } from '../flow/form-dialog.ts';
import type { Words } from '../language/words.ts';
import { basics } from '../theme.ts';
import { callRefusal, isMissingOwn } from './call-words.ts';

/** Somebody who is to be called, and in which stream. */
export interface CallTask {
  readonly to: { readonly userId: string; readonly name: string };
  readonly stream: string;
}

/**
 * Where a call is asked for: on which number the caller is to be rung this time, if not on the one that is known, and why it was refused. A number that was
 * entered lives as long as the dialog is open.
 * @fires placed - the call is on its way; `end` follows
 * @fires end - the dialog was closed
 */
export class CallDialog extends LitElement {
  static override readonly styles = [basics, formStyles, actDialogStyles];

  @property({ attribute: false }) task: CallTask | undefined;
  @property({ attribute: false }) words: Words | undefined;
  /** Carries it out. */
  @property({ attribute: false }) doer: Pick<LiveCalls, 'place'> | undefined;
  /** Milliseconds that the service's clock is ahead of the reader's. */
  @property({ attribute: false }) ahead = 0;

  @state() private busy = false;
  @state() private faults: FieldFaults = new Map();
  @state() private refusal: RoomError | undefined;
  /** True once it is known that the caller has no other number. */
  @state() private needsNumber = false;
  @query('dialog') private dialog!: HTMLDialogElement | null;
  #draft = new ActDraft();

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('task')) return;
    this.#draft = new ActDraft();
    this.faults = new Map();
    this.refusal = undefined;
    this.needsNumber = false;
    this.busy = false;
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('task') && this.task !== undefined && this.dialog?.open === false) this.dialog.showModal();
  }

  get #field(): Field {
    return { name: 'fromNumber', type: 'phone', required: this.needsNumber };
  }

  override render(): unknown {
    const { task, words } = this;
    if (task === undefined || words === undefined) return nothing;
    const { calls } = words;
    const { name } = task.to;
    const unplaced = this.refusal !== undefined && this.faults.size === 0 ? this.refusal : undefined;
    const said = unplaced === undefined ? [] : [callRefusal(unplaced, name, Date.now() + this.ahead, words)];
    return formDialog({
      title: calls.call(name),
      words,
      label: calls.place,
      busy: this.busy,
      disabled: false,
      ready: true,
      submit: () => void this.#send(),
      close: this.#close,
      closed: () => this.dispatchEvent(new CustomEvent('end')),
      body: html`<p class="explain">${calls.explain(name)}</p>
        ${refusalNotice(said)}
        ${fieldRow({
          field: this.#field,
          first: false,
          draft: this.#draft,
          fault: this.faults.get('fromNumber'),
          words,
          label: calls.fromNumber,
          hint: calls.fromNumberHint,
          changed: () => {
            this.faults = new Map();
            this.requestUpdate();
          },
        })}`,
    });
  }

  async #send(): Promise<void> {
    const { task, words, doer } = this;
    if (task === undefined || words === undefined || doer === undefined || this.busy) return;
    const fromNumber = this.#draft.value('fromNumber').trim();
    this.refusal = undefined;
    if (this.needsNumber && fromNumber === '') {
      this.#show(fieldFaults([{ path: 'fromNumber', reason: 'is required' }], words));
      return;
    }
    this.busy = true;
    try {
      const { to, stream } = task;
      await doer.place({ to: to.userId, stream, ...(fromNumber === '' ? {} : { fromNumber }) });
      this.dispatchEvent(new CustomEvent('placed'));
      if (this.task === task) this.#close();
    } catch (fault) {
      if (this.task !== task) return;
      if (!(fault instanceof RoomError)) throw fault;
      this.refusal = fault;
      this.needsNumber ||= isMissingOwn(fault);
      this.#show(new Map([...fieldFaults(faultsOf(fault), words)].filter(([name]) => name === 'fromNumber')));
      if (this.needsNumber) void this.updateComplete.then(() => this.renderRoot.querySelector('input')?.focus());
    } finally {
      if (this.task === task) this.busy = false;
    }
  }

  #show(faults: FieldFaults): void {
    this.faults = faults;
    if (faults.size > 0) void this.updateComplete.then(() => focusFault(this.renderRoot));
  }

  readonly #close = (): void => this.dialog?.close();
}
