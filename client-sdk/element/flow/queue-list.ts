import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { Project } from '../../../shared/contract/projects.ts';
import type { CommandInput, CommandOutput } from '../../../shared/contract/registry.ts';
import { type Client, type Identity, type ProjectCommand, RoomError } from '../../index.ts';
import { reasonOf, wordOf, type Words, wordsFor } from '../language/words.ts';
import { basics, theme } from '../theme.ts';
import { dayAndTime } from '../time-words.ts';
import type { Doer } from './act-form.ts';
import { formStyles } from './flow-styles.ts';
import type { FlowTask } from './flow-task.ts';

type Waiting = CommandOutput<'queue.list'>['items'][number];

/** Rooms that change together are one reason to look. */
const LOOK_AFTER_MS = 400;
/** The inbox tells of a room's newest entry alone: a message can stand before what changed the queue. */
const LOOK_AFTER_TALK_MS = 5_000;
const TASK: FlowTask = { type: 'project', action: 'dispatch' };

/**
 * The projects that wait for a provider or for staff, as far as they are the caller's to dispatch: first in, first out, each
 * with its reason. Shows nothing to whoever has no queue.
 * @fires select-room - {string} a room's id
 */
export class DeliveryRoomQueue extends LitElement {
  static override readonly styles = [
    theme,
    basics,
    formStyles,
    css`
      .queue {
        height: 100%;
        background: transparent;
      }
      h2 {
        display: flex;
        align-items: baseline;
        gap: 8px;
        padding: 8px 12px 4px;
        font-size: 12px;
        color: var(--muted);
      }
      .count {
        min-width: 18px;
        padding: 0 5px;
        border-radius: 9px;
        background: var(--warn);
        color: var(--surface);
        font-size: 11px;
        line-height: 18px;
        font-weight: 600;
        text-align: center;
      }
      li {
        display: flex;
        align-items: center;
        gap: 8px;
        padding: 6px 12px;
      }
      li > div {
        flex: 1;
        min-width: 0;
      }
      strong {
        display: block;
        font-weight: 600;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .place {
        flex: none;
        min-width: 22px;
        color: var(--muted);
        font-variant-numeric: tabular-nums;
      }
      small,
      .empty {
        display: block;
        font-size: 12px;
        line-height: 16px;
        color: var(--muted);
      }
      .empty {
        padding: 4px 12px;
      }
      .link {
        max-width: 100%;
        color: inherit;
      }
    `,
  ];

  @property({ attribute: false }) client: Client | undefined;
  @property() locale = '';
  @property({ reflect: true }) theme: 'auto' | 'light' | 'dark' = 'auto';
  /** The room that is open, which tells of itself and not by the inbox. */
  @property() selected = '';

  @state() private items: readonly Waiting[] = [];
  @state() private nextCursor: string | undefined;
  @state() private failure: RoomError | undefined;
  /** The project that is being dispatched. */
  @state() private project: Project | undefined;
  #release: (() => void)[] = [];
  #looking: { readonly timer: ReturnType<typeof setTimeout>; readonly at: number } | undefined;
  #asked = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#watch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unwatch();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('client') && !changed.has('selected')) return;
    this.#unwatch();
    this.#watch();
  }

  #watch(): void {
    const { client, selected } = this;
    if (client === undefined || !this.isConnected) return;
    this.#release = [
      client.on('state', ({ status }) => {
        if (status === 'online') void this.#load();
      }),
      client.on('inbox', ({ last }) => {
        const talk = last.kind === 'message' || last.kind === 'edit' || last.kind === 'recall';
        this.#lookIn(talk ? LOOK_AFTER_TALK_MS : LOOK_AFTER_MS);
      }),
    ];
    if (selected !== '') this.#release.push(client.room(selected).on('project', () => this.#lookIn(LOOK_AFTER_MS)));
    if (client.state.status === 'online') void this.#load();
  }

  #unwatch(): void {
    for (const release of this.#release.splice(0)) release();
    clearTimeout(this.#looking?.timer);
    this.#looking = undefined;
  }

  /** Looks after so many milliseconds, or sooner where that was wanted before. */
  #lookIn(ms: number): void {
    const at = Date.now() + ms;
    if (this.#looking !== undefined && this.#looking.at <= at) return;
    clearTimeout(this.#looking?.timer);
    const timer = setTimeout(() => {
      this.#looking = undefined;
      void this.#load();
    }, ms);
    this.#looking = { timer, at };
  }

  async #load(cursor?: string): Promise<void> {
    const { client } = this;
    if (client === undefined || !hasQueue(client.me)) return;
    const asked = ++this.#asked;
    try {
      const page = await client.call('queue.list', cursor === undefined ? {} : { cursor });
      if (asked !== this.#asked) return;
      this.items = cursor === undefined ? page.items : [...this.items, ...page.items];
      this.nextCursor = page.nextCursor;
      this.failure = undefined;
    } catch (fault) {
      // A connection that is gone says so itself, and the next one asks again.
      if (fault instanceof RoomError && fault.code !== 'unavailable') this.failure = fault;
    }
  }

  override render(): unknown {
    const words = wordsFor(this.locale);
    const { items, nextCursor, failure, client } = this;
    if (client === undefined || !hasQueue(client.me)) return nothing;
    const { delivery } = words;
    return html`<section class="shield queue" lang=${words.tag} aria-label=${delivery.queue}>
      <h2>${delivery.queue}${items.length === 0 ? nothing : html` <span class="count">${items.length}</span>`}</h2>
      ${failure === undefined ? nothing : html`<p class="empty" role="alert">${reasonOf(words, failure)}</p>`}
      ${items.length === 0 && failure === undefined ? html`<p class="empty">${delivery.queueEmpty}</p>` : nothing}
      <ol>
        ${items.map((item) => this.#item(item, words))}
      </ol>
      ${
        nextCursor === undefined
          ? nothing
          : html`<button class="link empty" @click=${() => this.#load(nextCursor)}>${words.loadOlder}</button>`
      }
      <delivery-room-act
        .task=${this.project === undefined ? undefined : TASK}
        .project=${this.project}
        .words=${words}
        .client=${client}
        .doer=${this.project === undefined ? undefined : doerFor(client, this.project.id)}
        @done=${() => this.#load()}
        @end=${this.#end}
      ></delivery-room-act>
    </section>`;
  }

  #item({ projectId, orderId, reason, role, since, place }: Waiting, words: Words): TemplateResult {
    const { delivery } = words;
    const why = role === undefined ? words.queued[reason] : `${words.queued[reason]}: ${wordOf(words.roles, role)}`;
    return html`<li data-project=${projectId}>
      <span class="place" title=${delivery.place(place)}
        ><span aria-hidden="true">${place}</span><span class="hidden">${delivery.place(place)}</span></span
      >
      <div>
        <strong><button class="link" @click=${() => this.#open(projectId)}>${orderId}</button></strong>
        <small>${why}</small>
        <small><time datetime=${since}>${delivery.waitsSince(dayAndTime(since, words))}</time></small>
      </div>
      <button class="button small" data-act="dispatch" @click=${() => this.#begin(projectId)}>${delivery.dispatch}</button>
    </li>`;
  }

  async #projectOf(projectId: string): Promise<Project | undefined> {
    try {
      return (await this.client?.call('project.get', { projectId }))?.project;
    } catch (fault) {
      if (!(fault instanceof RoomError)) throw fault;
      this.failure = fault;
      this.#lookIn(LOOK_AFTER_MS);
      return undefined;
    }
  }

  async #begin(projectId: string): Promise<void> {
    this.project = await this.#projectOf(projectId);
  }

  async #open(projectId: string): Promise<void> {
    const project = await this.#projectOf(projectId);
    if (project !== undefined) this.dispatchEvent(new CustomEvent('select-room', { detail: project.roomId }));
  }

  readonly #end = (): void => {
    this.project = undefined;
  };
}

/** Who dispatches: a provider's admin to staff, a vendor to providers, an operator of the platform to either. */
export function hasQueue(me: Identity | undefined): boolean {
  if (me?.side === 'operator') return true;
  const roles = me?.roles ?? [];
  if (me?.side === 'provider') return roles.includes('provider_admin');
  return me?.side === 'vendor' && (roles.includes('vendor_admin') || roles.includes('project_manager'));
}

/** Acts on a project whose room is not open. */
function doerFor(client: Client, projectId: string): Doer {
  return {
    async act(act) {
      return (await client.call('node.act', { ...act, projectId })).project;
    },
    async change<Name extends ProjectCommand>(name: Name, input: Omit<CommandInput<Name>, 'projectId'>) {
      // Every input of these commands is what the caller gives and the project's id.
      return (await client.call(name, { ...input, projectId } as CommandInput<Name>)).project;
    },
  };
}
