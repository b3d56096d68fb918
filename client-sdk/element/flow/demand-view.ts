import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { CommandOutput } from '../../../shared/contract/registry.ts';
import { type Client, RoomError } from '../../index.ts';
import { closeIcon } from '../icons.ts';
import { reasonOf, wordOf, type Words } from '../language/words.ts';
import { basics } from '../theme.ts';
import { actDialogStyles } from './act-dialog-styles.ts';
import { fileLinks } from './file-links.ts';
import { downloadStyles, formStyles } from './flow-styles.ts';
import { whenClosed } from './form-dialog.ts';

type Demand = NonNullable<CommandOutput<'demand.get'>['demand']>;

const FIELDS = ['contactName', 'email', 'address', 'details'] as const;

/**
 * The demand as the buyer submitted it, as far as its reader may know it.
 * @fires end - the dialog was closed
 * @fires fetch-file - {NamedFile} an attachment was chosen
 */
export class DemandView extends LitElement {
  static override readonly styles = [
    basics,
    formStyles,
    downloadStyles,
    actDialogStyles,
    css`
      dl {
        margin: 0 0 12px;
      }
      dt {
        font-size: 12px;
        color: var(--muted);
      }
      dd {
        margin: 0 0 10px;
        white-space: pre-wrap;
      }
    `,
  ];

  /** Of the project whose demand is shown; nothing is shown without one. */
  @property({ attribute: false }) projectId: string | undefined;
  @property({ attribute: false }) words: Words | undefined;
  @property({ attribute: false }) client: Client | undefined;
  @state() private demand: Demand | RoomError | null | undefined;
  @query('dialog') private dialog!: HTMLDialogElement | null;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('projectId')) return;
    this.demand = undefined;
    if (this.projectId !== undefined) void this.#load(this.projectId);
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('projectId') && this.dialog?.open === false) this.dialog.showModal();
  }

  async #load(projectId: string): Promise<void> {
    let demand: Demand | RoomError | null;
    try {
      demand = (await this.client?.call('demand.get', { projectId }))?.demand ?? null;
    } catch (fault) {
      demand = fault instanceof RoomError ? fault : new RoomError('internal', String(fault));
    }
    if (this.projectId === projectId) this.demand = demand;
  }

  override render(): unknown {
    const { words, projectId } = this;
    if (words === undefined || projectId === undefined) return nothing;
    const { delivery } = words;
    return html`<dialog
      lang=${words.tag}
      aria-labelledby="title"
      @close=${whenClosed(() => this.dispatchEvent(new CustomEvent('end')))}
      @keydown=${(event: KeyboardEvent) => {
        // The room's own Escape closes what lies under the dialog.
        if (event.key === 'Escape') event.stopPropagation();
      }}
    >
      <form method="dialog" @submit=${this.#close}>
        <header>
          <h2 id="title">${delivery.demand}</h2>
          <button class="x" autofocus title=${words.closeDetails} aria-label=${words.closeDetails}>${closeIcon}</button>
        </header>
        <div class="body">${this.#body(words)}</div>
      </form>
    </dialog>`;
  }

  #body(words: Words): TemplateResult {
    const { demand } = this;
    const { delivery } = words;
    if (demand === undefined) return html`<p class="explain" role="status">${delivery.loadingChoices}</p>`;
    if (demand === null) return html`<p class="explain">${delivery.noDemand}</p>`;
    if (demand instanceof RoomError) return html`<p class="refused" role="alert">${reasonOf(words, demand)}</p>`;
    return html`<dl>
        ${FIELDS.map((name) =>
          demand[name] === undefined
            ? nothing
            : html`<dt>${wordOf(delivery.fields, name)}</dt>
                <dd data-field=${name} dir="auto">${demand[name]}</dd>`,
        )}
      </dl>
      ${fileLinks(demand.attachments, words, (file) => {
        this.dispatchEvent(new CustomEvent('fetch-file', { detail: file }));
      })}`;
  }

  readonly #close = (event: Event): void => {
    event.preventDefault();
    this.dialog?.close();
  };
}
