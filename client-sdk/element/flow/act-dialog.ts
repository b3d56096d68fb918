import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Project } from '../../../shared/contract/projects.ts';
import { type Client, RoomError } from '../../index.ts';
import { wordOf, type Words } from '../language/words.ts';
import { basics } from '../theme.ts';
import { actDialogStyles } from './act-dialog-styles.ts';
import {
  ActDraft,
  checkTask,
  currentOf,
  type Doer,
  dispatchesToProvider,
  fieldsOf,
  perform,
  staffNodes,
} from './act-form.ts';
import { type Choice, providerChoices, staffChoices } from './choices.ts';
import { type FieldFaults, fieldFaults, faultsOf, refusalWords } from './faults.ts';
import { fieldRow } from './fields.ts';
import { formStyles } from './flow-styles.ts';
import { focusFault, formDialog, refusalNotice } from './form-dialog.ts';
import { officeZone } from './office-zone.ts';
import { actionOf, type FlowTask, inPlaceOf, isStillAllowed, keyOf, taskLabel, turnWords } from './flow-task.ts';
import type { UploadFile } from './tray.ts';
import { trayStyles } from './tray-list.ts';

/**
 * Where a step or a project is acted on: what the act asks for, what it will do, and why it was refused. What was filled in
 * is kept while the element lives, so that closing it by mistake loses nothing.
 * @fires end - the dialog was closed
 * @fires done - {Project} the act was done; `end` follows
 */
export class ActDialog extends LitElement {
  static override readonly styles = [basics, formStyles, trayStyles, actDialogStyles];

  @property({ attribute: false }) task: FlowTask | undefined;
  @property({ attribute: false }) project: Project | undefined;
  @property({ attribute: false }) words: Words | undefined;
  @property({ attribute: false }) client: Client | undefined;
  /** Carries the act out; see `Doer`. */
  @property({ attribute: false }) doer: Doer | undefined;
  /** Missing where files cannot be uploaded. */
  @property({ attribute: false }) upload: UploadFile | undefined;

  @state() private busy = false;
  @state() private faults: FieldFaults = new Map();
  @state() private refusal: RoomError | undefined;
  @state() private choices: readonly Choice[] | RoomError | undefined;
  @query('dialog') private dialog!: HTMLDialogElement | null;
  readonly #drafts = new Map<string, ActDraft>();
  #choicesAsked = 0;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('task')) return;
    this.faults = new Map();
    this.refusal = undefined;
    this.choices = undefined;
    this.busy = false;
    if (this.task !== undefined) this.#askChoices();
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has('task')) return;
    if (this.task !== undefined && this.dialog?.open === false) this.dialog.showModal();
  }

  get #draft(): ActDraft | undefined {
    if (this.task === undefined || this.project === undefined) return undefined;
    const key = keyOf(this.project.id, this.task);
    const draft = this.#drafts.get(key) ?? new ActDraft();
    draft.tray.changed = () => this.requestUpdate();
    this.#drafts.set(key, draft);
    return draft;
  }

  override render(): unknown {
    const { task, project, words } = this;
    const draft = this.#draft;
    if (task === undefined || project === undefined || words === undefined || draft === undefined) return nothing;
    const label = taskLabel(task, project, this.client?.me, words);
    const action = actionOf(task);
    const allowed = isStillAllowed(task, project);
    const fields = fieldsOf(task, project);
    const danger = action === 'reject' || action === 'close' || action === 'changeProvider';
    return formDialog({
      title: label,
      words,
      label,
      busy: this.busy,
      disabled: !allowed || draft.tray.isBusy,
      danger,
      submit: () => void this.#send(),
      close: this.#close,
      closed: () => this.dispatchEvent(new CustomEvent('end')),
      body: html`${task.type === 'node' ? atStep(stepName(task.act.nodeId, project, words), label) : nothing}
        <p class="explain">${wordOf(words.delivery.explain, action)}</p>
        ${this.#place(task, project, words)} ${this.#notice(allowed, project, words)}
        ${
          fields.some(({ required }) => required) && fields.length > 1
            ? html`<p class="explain">${words.delivery.requiredMarked}</p>`
            : nothing
        }
        ${fields.map((field, index) =>
          fieldRow({
            field,
            first: index === 0,
            draft,
            fault: this.faults.get(field.name),
            words,
            upload: this.upload,
            choices: this.choices,
            roles: staffNodes(project),
            changed: () => this.#filledIn(field.name),
          }),
        )}`,
    });
  }

  /** Says that the reader acts in another's place, where they do. */
  #place(task: FlowTask, project: Project, words: Words): TemplateResult | typeof nothing {
    const { delivery, sides } = words;
    const me = this.client?.me;
    if (task.type === 'project')
      return me?.side === 'operator' ? html`<p class="place">${delivery.forceProject}</p>` : nothing;
    const place = inPlaceOf(task, project, me);
    if (place === undefined) return nothing;
    return html`<p class="place">${'side' in place ? delivery.force(sides[place.side]) : delivery.inPlaceOf(place.late)}</p>`;
  }

  #notice(allowed: boolean, project: Project, words: Words): TemplateResult {
    const { delivery } = words;
    const { refusal } = this;
    const lines: string[] = [];
    if (refusal !== undefined && this.faults.size === 0) lines.push(refusalWords(refusal, words));
    if (this.faults.size > 0) lines.push(delivery.faultCount(this.faults.size));
    if (!allowed) {
      if (refusal === undefined) lines.push(delivery.movedOn);
      lines.push(standing(project, words));
    }
    return refusalNotice(lines);
  }

  #filledIn(name: string): void {
    if (this.faults.has(name)) {
      const left = new Map(this.faults);
      left.delete(name);
      this.faults = left;
      if (left.size === 0) this.refusal = undefined;
    }
    if (name === 'nodeId') this.#askChoices();
    this.requestUpdate();
  }

  async #send(): Promise<void> {
    const { task, project, words, doer } = this;
    const draft = this.#draft;
    if (task === undefined || project === undefined || words === undefined || doer === undefined || !draft) return;
    if (this.busy || draft.tray.isBusy || !isStillAllowed(task, project)) return;
    this.refusal = undefined;
    if (this.#show(fieldFaults(checkTask(task, project, draft), words))) return;
    this.busy = true;
    try {
      const done = await perform(doer, task, project, draft);
      this.#drafts.delete(keyOf(project.id, task));
      this.dispatchEvent(new CustomEvent('done', { detail: done }));
      if (this.task === task) this.#close();
    } catch (fault) {
      if (this.task !== task) return;
      if (!(fault instanceof RoomError)) throw fault;
      this.refusal = fault;
      this.#show(this.#placed(fieldFaults(faultsOf(fault), words), task, project));
    } finally {
      if (this.task === task) this.busy = false;
    }
  }

  /** Faults of fields that this dialog does not have are said by the refusal itself. */
  #placed(faults: FieldFaults, task: FlowTask, project: Project): FieldFaults {
    const names = new Set(fieldsOf(task, project).map(({ name }) => name));
    return new Map([...faults].filter(([name]) => names.has(name)));
  }

  /** Shows what does not fit and goes to the first of it; answers whether there is anything. */
  #show(faults: FieldFaults): boolean {
    this.faults = faults;
    if (faults.size > 0) {
      void this.updateComplete.then(() => focusFault(this.renderRoot));
    }
    return faults.size > 0;
  }

  #askChoices(): void {
    const { client, task, project } = this;
    if (client === undefined || project === undefined || task?.type !== 'project') return;
    const asked = ++this.#choicesAsked;
    this.choices = undefined;
    void this.#load(client, task.action, project)
      .catch((fault: unknown) => (fault instanceof RoomError ? fault : new RoomError('internal', String(fault))))
      .then((choices) => {
        if (asked === this.#choicesAsked) this.choices = choices;
      });
  }

  async #load(client: Client, action: string, project: Project): Promise<readonly Choice[]> {
    if (action === 'changeProvider' || (action === 'dispatch' && dispatchesToProvider(project)))
      return providerChoices(client, project);
    const nodes = staffNodes(project);
    const chosen = nodes.find(({ id }) => id === this.#draft?.value('nodeId')) ?? nodes[0];
    const role =
      action === 'dispatch' ? currentOf(project)?.role : action === 'changeOperator' ? chosen?.role : undefined;
    return role === undefined
      ? []
      : staffChoices(client, project, role, { now: Date.now(), timeZone: await officeZone(client) });
  }

  readonly #close = (): void => this.dialog?.close();
}

/** Which step it is, unless the button says that already. */
const atStep = (step: string, label: string): TemplateResult | typeof nothing =>
  step.toLowerCase() === label.toLowerCase() ? nothing : html`<p class="at">${step}</p>`;

const stepName = (nodeId: string, { nodes }: Project, words: Words): string =>
  wordOf(words.nodeNames, nodes.find(({ id }) => id === nodeId)?.name ?? '');

/** Where the project stands now, for who came too late. */
function standing(project: Project, words: Words): string {
  const node = currentOf(project);
  if (node === undefined || project.status !== 'executing')
    return words.delivery.nowStatus(words.projectStatus[project.status]);
  return words.delivery.nowAt(wordOf(words.nodeNames, node.name), turnWords(project, words));
}
