import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Proposal } from '../../shared/contract/proposals.ts';
import { actDialogStyles } from '../element/flow/act-dialog-styles.ts';
import { formStyles } from '../element/flow/flow-styles.ts';
import { formDialog, refusalNotice } from '../element/flow/form-dialog.ts';
import { wordsFor } from '../element/language/words.ts';
import { amountWords } from '../element/opportunity/money-words.ts';
import { basics, theme } from '../element/theme.ts';

const WORDS = {
  en: {
    title: "The portal's checkout",
    explain:
      'Money is paid in the portal, not in the room. Here none is moved: the portal reports the payment at once.',
    pay: 'Pay',
    failed: 'It can be paid no more: the demand stands otherwise by now.',
  },
  'zh-CN': {
    title: '门户收银台',
    explain: '付款在门户完成，不在房间内。演示环境不会真正扣款，门户会立即上报支付结果。',
    pay: '确认支付',
    failed: '该方案已不能支付：需求状态已变化。',
  },
};

/**
 * Where a portal of the demonstration takes the money for a proposal, and reports that it has.
 * @fires paid - {string} the room of the delivery project
 * @fires end - the checkout was closed
 */
export class Checkout extends LitElement {
  static override readonly styles = [
    theme,
    basics,
    formStyles,
    actDialogStyles,
    css`
      .sum {
        margin-bottom: 12px;
        font-size: 20px;
        line-height: 28px;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  /** By which name the demonstration knows who pays. */
  @property() as = '';
  @property() locale = '';
  /** What is paid; nothing is shown without it. */
  @property({ attribute: false }) proposal: Proposal | undefined;
  @state() private busy = false;
  @state() private failed = false;
  @query('dialog') private dialog!: HTMLDialogElement | null;

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has('proposal')) return;
    this.failed = false;
    if (this.proposal !== undefined && this.dialog?.open === false) this.dialog.showModal();
  }

  override render(): unknown {
    const { proposal } = this;
    if (proposal === undefined) return nothing;
    const words = wordsFor(this.locale);
    const said = words.tag === 'en' ? WORDS.en : WORDS['zh-CN'];
    const close = (): void => this.dialog?.close();
    return html`<div class="shield">
      ${formDialog({
        title: said.title,
        words,
        label: said.pay,
        busy: this.busy,
        disabled: false,
        submit: () => void this.#pay(proposal),
        close,
        closed: () => this.dispatchEvent(new CustomEvent('end')),
        body: html`<p class="explain">${said.explain}</p>
          ${refusalNotice(this.failed ? [said.failed] : [])}
          <p>${proposal.provider.name}: ${proposal.name}</p>
          <p class="sum">${amountWords(proposal.total, proposal.currency, words)}</p>`,
      })}
    </div>`;
  }

  async #pay({ id: proposalId, opportunityId }: Proposal): Promise<void> {
    this.busy = true;
    this.failed = false;
    try {
      const response = await fetch(`/demo/pay?${new URLSearchParams({ as: this.as }).toString()}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ opportunityId, proposalId }),
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const { roomId } = (await response.json()) as { roomId: string };
      this.dispatchEvent(new CustomEvent('paid', { detail: roomId }));
      this.dialog?.close();
    } catch {
      this.failed = true;
    } finally {
      this.busy = false;
    }
  }
}
