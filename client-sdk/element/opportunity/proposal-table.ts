import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import type { Proposal } from '../../../shared/contract/proposals.ts';
import { type Client, RoomError } from '../../index.ts';
import { actDialogStyles } from '../flow/act-dialog-styles.ts';
import { fileLinks } from '../flow/file-links.ts';
import { downloadStyles, formStyles } from '../flow/flow-styles.ts';
import { whenClosed } from '../flow/form-dialog.ts';
import { closeIcon } from '../icons.ts';
import { reasonOf, wordOf, type Words } from '../language/words.ts';
import { basics } from '../theme.ts';
import { dayAndTime } from '../time-words.ts';
import { amountWords } from './money-words.ts';
import type { OpportunityTask } from './opportunity-task.ts';
import { cheapest, savedBy } from './proposal-sums.ts';

/**
 * The proposals of a demand side by side: every provider's for its buyer and the operators, a provider's own for itself.
 * @fires end - the dialog was closed
 * @fires fetch-file - {NamedFile} a contract was chosen
 * @fires pay-proposal - {Proposal} the buyer wants to pay it, which is done in the portal
 * @fires task - {OpportunityTask} a proposal is to be withdrawn
 */
export class ProposalTable extends LitElement {
  static override readonly styles = [
    basics,
    formStyles,
    downloadStyles,
    actDialogStyles,
    css`
      dialog {
        width: fit-content;
        min-width: min(520px, calc(100vw - 32px));
        max-width: min(1120px, calc(100vw - 32px));
      }
      .frame {
        display: flex;
        flex-direction: column;
        max-height: inherit;
      }
      .scroller {
        padding: 0 20px 16px;
        overflow: auto;
      }
      table {
        border-collapse: collapse;
        font-size: 13px;
      }
      th,
      td {
        min-width: 190px;
        max-width: 300px;
        padding: 9px 14px;
        border-bottom: 1px solid var(--line);
        text-align: left;
        vertical-align: top;
        font-weight: 400;
      }
      th:first-child {
        position: sticky;
        left: 0;
        min-width: 72px;
        padding-left: 0;
        background: var(--surface);
        color: var(--muted);
        white-space: nowrap;
      }
      thead th {
        border-bottom: 2px solid var(--line);
      }
      thead th[data-provider] {
        color: var(--provider);
        font-weight: 600;
      }
      thead small {
        display: block;
        color: var(--text);
        font-size: 13px;
        font-weight: 400;
      }
      [data-row='total'] td {
        font-size: 16px;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      .tag {
        margin-left: 6px;
        padding: 1px 7px;
        border-radius: 9px;
        background: color-mix(in srgb, var(--good) 14%, var(--surface));
        color: var(--good);
        font-size: 12px;
        font-weight: 500;
      }
      [data-status='paid'] {
        background: color-mix(in srgb, var(--good) 7%, var(--surface));
      }
      .quote li {
        display: flex;
        justify-content: space-between;
        gap: 12px;
        padding: 1px 0;
      }
      .quote span:last-child {
        flex: none;
        font-variant-numeric: tabular-nums;
      }
      .remark {
        white-space: pre-wrap;
      }
      .saved,
      .ended {
        color: var(--muted);
      }
      .ended {
        margin-top: 12px;
        font-size: 12px;
        line-height: 18px;
      }
      tr:last-child > * {
        border-bottom: 0;
      }
      @media (max-width: 519px) {
        dialog {
          width: 100vw;
          max-width: 100vw;
        }
      }
    `,
  ];

  /** Nothing is shown without one. */
  @property({ attribute: false }) opportunity: Opportunity | undefined;
  @property({ attribute: false }) words: Words | undefined;
  @property({ attribute: false }) client: Client | undefined;
  @state() private proposals: readonly Proposal[] | RoomError | undefined;
  @query('dialog') private dialog!: HTMLDialogElement | null;
  #asked = 0;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('opportunity')) return;
    const { opportunity } = this;
    const before = changed.get('opportunity');
    if (opportunity?.id !== before?.id) this.proposals = undefined;
    if (opportunity !== undefined && (opportunity.id !== before?.id || opportunity.version !== before.version))
      void this.#load(opportunity.id);
  }

  override updated(): void {
    if (this.opportunity !== undefined && this.dialog?.open === false) this.dialog.showModal();
  }

  async #load(id: string): Promise<void> {
    const asked = ++this.#asked;
    let found: readonly Proposal[] | RoomError | undefined;
    try {
      found = await this.client?.opportunities.one(id).proposals();
    } catch (fault) {
      // What is shown already stays: the connection says itself that it is away.
      found = fault instanceof RoomError ? (this.proposals ?? fault) : new RoomError('internal', String(fault));
    }
    if (asked === this.#asked) this.proposals = found;
  }

  override render(): unknown {
    const { words, opportunity } = this;
    if (words === undefined || opportunity === undefined) return nothing;
    return html`<dialog
      lang=${words.tag}
      aria-labelledby="title"
      @close=${whenClosed(() => this.dispatchEvent(new CustomEvent('end')))}
      @keydown=${(event: KeyboardEvent) => {
        // The room's own Escape closes what lies under the dialog.
        if (event.key === 'Escape') event.stopPropagation();
      }}
    >
      <div class="frame">
        <header>
          <h2 id="title">${words.opportunity.proposals}</h2>
          <button class="x" autofocus title=${words.closeDetails} aria-label=${words.closeDetails} @click=${() => this.dialog?.close()}>
            ${closeIcon}
          </button>
        </header>
        <div class="scroller" tabindex="0" aria-labelledby="title">${this.#body(opportunity, words)}</div>
      </div>
    </dialog>`;
  }

  #body(opportunity: Opportunity, words: Words): TemplateResult {
    const { proposals } = this;
    if (proposals === undefined)
      return html`<p class="explain" role="status">${words.opportunity.loadingProposals}</p>`;
    if (proposals instanceof RoomError) return html`<p class="refused" role="alert">${reasonOf(words, proposals)}</p>`;
    const standing = proposals.filter(({ status }) => status === 'open' || status === 'paid').toReversed();
    const ended = proposals.filter(({ status }) => status === 'withdrawn' || status === 'closed');
    return html`${
      standing.length === 0
        ? html`<p class="explain">${words.opportunity.noProposals}</p>`
        : this.#table(standing, opportunity, words)
    }
    ${
      ended.length === 0
        ? nothing
        : html`<ul class="ended">
            ${ended.map(
              ({ id, provider, name, total, currency, status }) => html`<li data-proposal=${id}>
                ${[provider.name, name, amountWords(total, currency, words), wordOf(words.opportunity.proposalStatus, status)].join(' · ')}
              </li>`,
            )}
          </ul>`
    }`;
  }

  #table(shown: readonly Proposal[], opportunity: Opportunity, words: Words): TemplateResult {
    const { quote, lowest, quoteLine } = words.opportunity;
    const low = cheapest(shown);
    const row = (key: string, name: string, cell: (proposal: Proposal) => unknown): TemplateResult =>
      html`<tr data-row=${key}>
        <th scope="row">${name}</th>
        ${shown.map((proposal) => html`<td data-proposal=${proposal.id} data-status=${proposal.status}>${cell(proposal)}</td>`)}
      </tr>`;
    const money = (amount: string, { currency }: Proposal): string => amountWords(amount, currency, words);
    return html`<table>
      <thead>
        <tr>
          <th scope="col"><span class="hidden">${quote.provider}</span></th>
          ${shown.map(
            ({ id, provider, name }) =>
              html`<th scope="col" data-provider=${provider.org} data-proposal=${id}>${provider.name}<small dir="auto">${name}</small></th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${row(
          'total',
          quote.total,
          (one) => html`${money(one.total, one)}${one.id === low ? html`<span class="tag">${lowest}</span>` : nothing}
            ${one.status === 'paid' ? html`<span class="tag">${words.opportunity.proposalStatus.paid}</span>` : nothing}`,
        )}
        ${row('list', quote.listTotal, (one) => {
          const saved = savedBy(one);
          return html`${money(one.listTotal, one)}
          ${saved === undefined ? nothing : html`<span class="saved">${quote.saved(money(saved, one))}</span>`}`;
        })}
        ${row(
          'lines',
          quote.lines,
          (one) =>
            html`<ul class="quote">
              ${one.lines.map(
                ({ product, spec = '', quantity, amount }) =>
                  html`<li><span dir="auto">${quoteLine(product, spec, quantity)}</span><span>${money(amount, one)}</span></li>`,
              )}
            </ul>`,
        )}
        ${row('product', quote.product, ({ product }) => product.name)}
        ${row('contract', quote.contract, ({ contract }) =>
          contract === undefined ? quote.none : fileLinks([contract], words, (file) => this.#tell('fetch-file', file)),
        )}
        ${row('remark', quote.remark, ({ remark }) => html`<span class="remark" dir="auto">${remark ?? quote.none}</span>`)}
        ${row('sentAt', quote.sentAt, ({ sentAt }) => dayAndTime(sentAt, words))}
        ${this.#acts(shown, opportunity, words)}
      </tbody>
    </table>`;
  }

  /** The buyer pays one, its provider withdraws it. */
  #acts(shown: readonly Proposal[], { actions }: Opportunity, words: Words): TemplateResult | typeof nothing {
    const pays = actions.includes('revoke');
    const withdraws = actions.includes('withdraw');
    if (!pays && !withdraws) return nothing;
    const { opportunity } = words;
    return html`<tr data-row="acts">
      <th scope="row"></th>
      ${shown.map((proposal) => {
        if (proposal.status !== 'open') return html`<td></td>`;
        const task: OpportunityTask = { action: 'withdraw', proposalId: proposal.id };
        return html`<td data-proposal=${proposal.id}>
          ${
            pays
              ? html`<button class="button small" data-act="pay" @click=${() => this.#tell('pay-proposal', proposal)}>
                  ${opportunity.pay}
                </button>`
              : html`<button class="button danger small" data-act="withdraw" @click=${() => this.#tell('task', task)}>
                  ${opportunity.actions.withdraw}
                </button>`
          }
        </td>`;
      })}
    </tr>`;
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(
      new CustomEvent(name, { detail, bubbles: name === 'pay-proposal', composed: name === 'pay-proposal' }),
    );
  }
}
