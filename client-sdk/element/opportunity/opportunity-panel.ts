import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';
import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import type { Client } from '../../index.ts';
import type { NamedFile } from '../event-line.ts';
import { uploaderTo } from '../flow/room-files.ts';
import type { Words } from '../language/words.ts';
import { engagementList } from './engagement-list.ts';
import type { OpportunityTask } from './opportunity-task.ts';

/** The part of a room's element that shows its demand, and what is being done to it. */
export class OpportunityPanel implements ReactiveController {
  readonly #host: ReactiveControllerHost & EventTarget;
  readonly #download: (file: NamedFile) => void;
  #client: Client | undefined;
  #task: OpportunityTask | undefined;
  /** Which of the larger dialogs is open. */
  #open: 'proposals' | 'editor' | undefined;

  constructor(host: ReactiveControllerHost & EventTarget, download: (file: NamedFile) => void) {
    this.#host = host;
    this.#download = download;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.detach();
  }

  attach(client: Client): void {
    this.#client = client;
  }

  detach(): void {
    this.#client = undefined;
    this.#task = undefined;
    this.#open = undefined;
  }

  /** @param ahead milliseconds that the service's clock is ahead of the reader's */
  bar(opportunity: Opportunity, words: Words, ahead: number): TemplateResult {
    return html`<delivery-room-opportunity
      .opportunity=${opportunity}
      .words=${words}
      .me=${this.#client?.me}
      .ahead=${ahead}
      @task=${({ detail }: CustomEvent<OpportunityTask>) => this.#begin(detail)}
      @propose=${() => this.#show('editor')}
      @view-proposals=${this.showProposals}
      @select-room=${({ detail }: CustomEvent<string>) =>
        this.#host.dispatchEvent(new CustomEvent('select-room', { detail }))}
    ></delivery-room-opportunity>`;
  }

  details(opportunity: Opportunity, words: Words, ahead: number): TemplateResult | typeof nothing {
    if (opportunity.engagements === undefined) return nothing;
    return html`<h2>${words.opportunity.providers}</h2>
      ${engagementList(opportunity, { words, now: Date.now() + ahead })}`;
  }

  dialogs(opportunity: Opportunity | undefined, words: Words): TemplateResult | typeof nothing {
    const client = this.#client;
    if (client === undefined || opportunity === undefined) return nothing;
    const { id, actions, engagement } = opportunity;
    const lane = engagement?.streams.find((stream) => stream.startsWith('lane:'));
    return html`<delivery-room-proposals
        .opportunity=${this.#open === 'proposals' ? opportunity : undefined}
        .words=${words}
        .client=${client}
        @fetch-file=${({ detail }: CustomEvent<NamedFile>) => this.#download(detail)}
        @task=${({ detail }: CustomEvent<OpportunityTask>) => this.#begin(detail)}
        @end=${() => this.#show(undefined)}
      ></delivery-room-proposals>
      <delivery-room-propose
        .opportunityId=${this.#open === 'editor' ? id : undefined}
        .allowed=${actions.includes('propose')}
        .words=${words}
        .client=${client}
        .upload=${lane === undefined ? undefined : uploaderTo(client, opportunity.roomId, lane)}
        @end=${() => this.#show(undefined)}
      ></delivery-room-propose>
      <delivery-room-opportunity-act
        .task=${this.#task}
        .opportunity=${opportunity}
        .words=${words}
        .client=${client}
        @end=${() => this.#begin(undefined)}
      ></delivery-room-opportunity-act>`;
  }

  readonly showProposals = (): void => this.#show('proposals');

  #show(open: 'proposals' | 'editor' | undefined): void {
    this.#open = open;
    this.#host.requestUpdate();
  }

  #begin(task: OpportunityTask | undefined): void {
    this.#task = task;
    this.#host.requestUpdate();
  }
}
