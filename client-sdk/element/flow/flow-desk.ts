import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';
import type { Project } from '../../../shared/contract/projects.ts';
import type { Client, LiveRoom } from '../../index.ts';
import type { NamedFile } from '../event-line.ts';
import type { Words } from '../language/words.ts';
import { aheadBy, OFFICE_TIME_ZONE } from './due-words.ts';
import { flowSteps, projectButtons } from './flow-steps.ts';
import type { FlowTask } from './flow-task.ts';
import { officeZone } from './office-zone.ts';
import { uploaderTo } from './room-files.ts';

/** The part of a room's element that shows its project's flow, and what is being done to it. */
export class FlowDesk implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #download: (file: NamedFile) => void;
  #client: Client | undefined;
  #room: LiveRoom | undefined;
  #task: FlowTask | undefined;
  #demandShown = false;
  #timeZone = OFFICE_TIME_ZONE;
  #ahead = 0;

  constructor(host: ReactiveControllerHost, download: (file: NamedFile) => void) {
    this.#host = host;
    this.#download = download;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.detach();
  }

  attach(client: Client, room: LiveRoom): void {
    this.#client = client;
    this.#room = room;
    void officeZone(client).then((timeZone) => {
      if (this.#client !== client || timeZone === this.#timeZone) return;
      this.#timeZone = timeZone;
      this.#host.requestUpdate();
    });
  }

  detach(): void {
    this.#client = undefined;
    this.#room = undefined;
    this.#task = undefined;
    this.#demandShown = false;
    this.#ahead = 0;
  }

  /** An entry shows what the service's clock has reached at least. */
  heard(at: string | undefined): void {
    if (at !== undefined) this.#ahead = Math.max(this.#ahead, aheadBy(at, Date.now()));
  }

  /** Milliseconds that the service's clock is ahead of the reader's. */
  get ahead(): number {
    return this.#ahead;
  }

  step(project: Project, words: Words): TemplateResult | typeof nothing {
    if (project.current === null) return nothing;
    return html`<delivery-room-step
      .project=${project}
      .words=${words}
      .me=${this.#client?.me}
      .timeZone=${this.#timeZone}
      .ahead=${this.#ahead}
      @task=${({ detail }: CustomEvent<FlowTask>) => this.#begin(detail)}
    ></delivery-room-step>`;
  }

  details(project: Project, words: Words): TemplateResult {
    const now = Date.now() + this.#ahead;
    return html`${projectButtons(project, this.#client?.me, words, (task) => this.#begin(task))}
      <h2>${words.flow}</h2>
      ${project.status === 'completed' ? html`<p class="run">${words.delivery.flowDone}</p>` : nothing}
      ${project.status === 'cancelled' ? html`<p class="run">${words.delivery.flowClosed}</p>` : nothing}
      ${flowSteps({ project, words, now, download: this.#download, viewDemand: () => this.#showDemand(true) })}`;
  }

  dialog(project: Project | undefined, words: Words): TemplateResult | typeof nothing {
    const client = this.#client;
    const room = this.#room;
    if (client === undefined || room === undefined) return nothing;
    return html`<delivery-room-act
      .task=${project === undefined ? undefined : this.#task}
      .project=${project}
      .words=${words}
      .client=${client}
      .doer=${room}
      .upload=${uploaderTo(client, room.roomId, 'public')}
      @end=${() => this.#begin(undefined)}
    ></delivery-room-act>
      <delivery-room-demand
        .projectId=${this.#demandShown ? project?.id : undefined}
        .words=${words}
        .client=${client}
        @fetch-file=${({ detail }: CustomEvent<NamedFile>) => this.#download(detail)}
        @end=${() => this.#showDemand(false)}
      ></delivery-room-demand>`;
  }

  #showDemand(shown: boolean): void {
    this.#demandShown = shown;
    this.#host.requestUpdate();
  }

  #begin(task: FlowTask | undefined): void {
    this.#task = task;
    this.#host.requestUpdate();
  }
}
