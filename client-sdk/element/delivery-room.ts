import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Call } from '../../shared/contract/calls.ts';
import type { Entry, MessageEntry } from '../../shared/contract/entries.ts';
import {
  type Client,
  type ClientOptions,
  type ClientState,
  createClient,
  type LiveRoom,
  localOutboxStorage,
  RoomError,
  type RoomSnapshot,
  type StreamView,
} from '../index.ts';
import { CallDesk } from './call/call-desk.ts';
import { callLine } from './call/call-words.ts';
import { deliveryRoomStyles } from './delivery-room-styles.ts';
import { eventLine, type NamedFile } from './event-line.ts';
import { flowStyles } from './flow/flow-steps.ts';
import { downloadStyles, formStyles } from './flow/flow-styles.ts';
import { download, uploaderTo } from './flow/room-files.ts';
import type { UploadFile } from './flow/tray.ts';
import { type ComposerTask, Drafts } from './drafts.ts';
import { closeIcon } from './icons.ts';
import { reasonOf, type Words, wordsFor } from './language/words.ts';
import { engagementStyles } from './opportunity/engagement-list.ts';
import { isNote } from './opportunity/opportunity-streams.ts';
import { peopleList, peopleStyles, withPresence } from './people-view.ts';
import { Reading } from './reading.ts';
import type { RoomComposer } from './room-composer.ts';
import { roomHeader } from './room-header.ts';
import { RoomSubject } from './room-subject.ts';
import type { MessageActionDetail, RoomTimeline } from './room-timeline.ts';
import { avatarStyles, basics, theme } from './theme.ts';

/**
 * One room, to be put into a page: `<delivery-room room-id base-url>` with `tokenProvider`, or with a `client` that the
 * page has made and shares between rooms. The class defines no element; `define.ts` does.
 * @fires select-room - {string} another room is wanted: that of the delivery project that a demand has become
 * @fires pay-proposal - {Proposal} the buyer of a demand chose a proposal to pay, which is the portal's to do
 */
export class DeliveryRoom extends LitElement {
  static override readonly styles = [
    theme,
    basics,
    avatarStyles,
    formStyles,
    downloadStyles,
    flowStyles,
    peopleStyles,
    engagementStyles,
    deliveryRoomStyles,
  ];

  @property({ attribute: 'room-id' }) roomId = '';
  /** The service's origin; the page's own unless given. */
  @property({ attribute: 'base-url' }) baseUrl = '';
  /** A language tag; the page's, or the browser's, unless given. */
  @property() locale = '';
  @property({ reflect: true }) theme: 'auto' | 'light' | 'dark' = 'auto';
  @property({ attribute: false }) tokenProvider: ClientOptions['getToken'] | undefined;
  @property({ attribute: false }) client: Client | undefined;

  @state() private snapshot: RoomSnapshot | undefined;
  @state() private connection: ClientState | undefined;
  @state() private stream = 'public';
  @state() private task: ComposerTask | undefined;
  @state() private notice: RoomError | undefined;
  @state() private loadingOlder = false;
  @state() private detailsOpen = false;
  @state() private announced = '';
  @query('delivery-room-timeline') private timeline!: RoomTimeline | null;
  @query('delivery-room-composer') private composer!: RoomComposer | null;

  #room: LiveRoom | undefined;
  #client: Client | undefined;
  #ownsClient = false;
  #release: (() => void)[] = [];
  #atEnd = true;
  /** The stream that is to be shown as soon as it is there. */
  #wanted: string | undefined;
  #chosen = false;
  readonly #reading = new Reading();
  readonly #drafts = new Drafts(() => this.requestUpdate());
  readonly #subject = new RoomSubject(this, (file) => this.#fetch(file));
  readonly #calls = new CallDesk(this, () => this.#uncover());

  /** Shows a stream of the room, now or as soon as it is there. */
  showStream(stream: string): void {
    this.#wanted = stream;
    if (this.snapshot !== undefined) this.#choose(this.snapshot);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#looked);
    if (this.hasUpdated) this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.#looked);
    this.#close();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const another = ['roomId', 'client', 'tokenProvider', 'baseUrl'] as const;
    if (!another.some((name) => changed.has(name))) return;
    this.#close();
    this.#open();
  }

  #open(): void {
    if (!this.isConnected || this.roomId === '' || this.#room !== undefined) return;
    const client = this.client ?? this.#ownClient();
    if (client === undefined) return;
    this.#client = client;
    const room = client.room(this.roomId);
    this.#room = room;
    this.#release = [
      client.on('state', (connection) => {
        this.connection = connection;
      }),
      room.on('change', (snapshot) => this.#changed(snapshot)),
      room.on('entry', ({ entry }) => this.#announce(entry)),
      room.on('call', (call) => this.#announceCall(call)),
    ];
    this.#subject.attach(client, room);
    this.#calls.attach(client, room);
    this.connection = client.state;
    this.#changed(room.snapshot);
    client.connect();
    // How it ends is in the snapshot.
    room.open().catch(() => undefined);
  }

  #ownClient(): Client | undefined {
    if (this.tokenProvider === undefined) return undefined;
    this.#ownsClient = true;
    return createClient({
      url: this.baseUrl || location.origin,
      getToken: this.tokenProvider,
      storage: localOutboxStorage(),
    });
  }

  #close(): void {
    for (const release of this.#release.splice(0)) release();
    this.#subject.detach();
    this.#calls.detach();
    this.#room?.close();
    if (this.#ownsClient) void this.#client?.close();
    this.#room = undefined;
    this.#client = undefined;
    this.#ownsClient = false;
    this.snapshot = undefined;
    this.stream = 'public';
    this.task = undefined;
    this.notice = undefined;
    this.announced = '';
    this.#atEnd = true;
    this.#chosen = false;
    this.#reading.clear();
    this.#drafts.clear();
  }

  get #words(): Words {
    return wordsFor(this.locale);
  }

  get #view(): StreamView | undefined {
    return this.snapshot?.streams[this.stream];
  }

  #changed(snapshot: RoomSnapshot): void {
    this.snapshot = snapshot;
    for (const { entries } of Object.values(snapshot.streams)) this.#subject.heard(entries.at(-1)?.at);
    this.#choose(snapshot);
    this.#looked();
  }

  /** What is shown once the room is there, and when what was shown is not there any more. */
  #choose({ streams, opportunity }: RoomSnapshot): void {
    const names = Object.keys(streams);
    if (names.length === 0) return;
    const wanted =
      this.#wanted ??
      (this.#chosen ? undefined : this.#subject.firstStream(Object.values(streams), opportunity !== undefined));
    this.#chosen = true;
    if (wanted !== undefined && names.includes(wanted)) {
      this.#wanted = undefined;
      this.#show(wanted);
    } else if (!names.includes(this.stream)) this.#show(names[0] ?? 'public');
  }

  /** What came in is marked as read if the reader sees it. */
  readonly #looked = (): void => {
    const visible = document.visibilityState === 'visible' && !this.#covered;
    const views = Object.values(this.snapshot?.streams ?? {});
    const { moved, read } = this.#reading.look(views, { stream: this.stream, visible, end: this.#atEnd });
    if (read !== undefined) this.#room?.markRead(read.stream, read.seq);
    if (!moved) return;
    this.requestUpdate();
    void this.#drawn().then(this.#looked);
  };

  async #drawn(): Promise<void> {
    await this.updateComplete;
    await this.timeline?.updateComplete;
  }

  /** True where the details lie over the messages. */
  get #covered(): boolean {
    return this.detailsOpen && this.clientWidth < 900;
  }

  /** A screen reader hears what comes in, and never the history. */
  #announce(entry: Entry): void {
    if (entry.actor.id === this.#client?.me?.userId || entry.stream !== this.stream || entry.kind === 'call') return;
    if (entry.kind === 'message') this.announced = `${entry.actor.name}: ${entry.body.text ?? ''}`;
    else if (entry.kind !== 'edit' && entry.kind !== 'recall') this.announced = eventLine(entry, this.#words);
  }

  /** Of a call every step is told, whichever stream is shown: a phone rings. */
  #announceCall(call: Call): void {
    this.announced = callLine(call, this.#words);
  }

  readonly #chose = (stream: string): void => {
    this.#wanted = undefined;
    this.#show(stream);
  };

  #show(stream: string): void {
    this.#reading.forget(this.stream);
    this.stream = stream;
    this.task = undefined;
    this.notice = undefined;
    this.#atEnd = true;
    this.#looked();
  }

  override render(): unknown {
    const words = this.#words;
    const { snapshot } = this;
    return html`<div class="shield room" part="room" lang=${words.tag}>
      ${roomHeader({
        snapshot,
        connection: this.connection,
        detailsOpen: this.detailsOpen,
        words,
        toggleDetails: this.#toggleDetails,
      })}
      <delivery-room-connection
        .state=${this.connection}
        .words=${words}
        @retry=${() => this.#client?.connect()}
      ></delivery-room-connection>
      ${snapshot?.room === undefined ? this.#noRoom(words) : this.#body(snapshot, words)}
      ${this.#subject.dialogs(snapshot, words)} ${this.#calls.dialog(snapshot, words, this.#subject.ahead)}
      <div class="hidden" role="log" aria-live="polite">${this.announced}</div>
    </div>`;
  }

  #noRoom(words: Words): TemplateResult {
    const { snapshot } = this;
    const failed = snapshot?.status === 'failed' && snapshot.error !== undefined ? snapshot.error : undefined;
    const text =
      snapshot?.status === 'revoked'
        ? words.revoked
        : failed !== undefined
          ? words.roomFailed(reasonOf(words, failed))
          : words.opening;
    return html`<div class="no-room" role="status">${text}</div>`;
  }

  #body(snapshot: RoomSnapshot, words: Words): TemplateResult {
    const { room, online } = snapshot;
    const me = this.#client?.me?.userId;
    return html`<div class="body">
      <section class="talk">
        ${this.#subject.bar(snapshot, words)} ${this.#calls.bar(snapshot, words, this.#subject.ahead)}
        ${this.#subject.tabs(snapshot, { selected: this.stream, words, show: this.#chose })}
        ${this.#panel(snapshot, words)}
      </section>
      <aside ?data-open=${this.detailsOpen} aria-label=${snapshot.opportunity === undefined ? words.details : words.opportunity.details} @keydown=${this.#closeByKey}>
        <button class="close" title=${words.closeDetails} aria-label=${words.closeDetails} @click=${this.#toggleDetails}>
          ${closeIcon}
        </button>
        <h2>${words.people} <small>${words.onlineCount(online.length)}</small></h2>
        ${peopleList(withPresence(room?.members ?? [], online), me, words, (person) =>
          this.#calls.button(snapshot, person, words),
        )}
        ${this.#subject.details(snapshot, words)}
      </aside>
    </div>`;
  }

  #panel(snapshot: RoomSnapshot, words: Words): TemplateResult {
    const view = this.#view;
    const typing = snapshot.typing[this.stream] ?? [];
    const isDemand = snapshot.opportunity !== undefined;
    const hint = this.#subject.hint(isDemand, this.stream, words);
    const tabbed = Object.keys(snapshot.streams).length > 1;
    return html`<div
      class="panel"
      id="panel"
      data-stream=${this.stream}
      role=${tabbed ? 'tabpanel' : nothing}
      aria-labelledby=${tabbed ? `tab-${this.stream}` : nothing}
    >
      ${hint === undefined ? nothing : html`<p class="hint" ?data-calm=${!isNote(this.stream)}>${hint}</p>`}
      <delivery-room-timeline
        .view=${view}
        .calls=${snapshot.calls}
        .words=${words}
        .userId=${this.#client?.me?.userId}
        .unreadAfter=${this.#reading.unreadAfter(this.stream)}
        .names=${namesIn(snapshot)}
        .loadingOlder=${this.loadingOlder}
        @message-action=${this.#messageAction}
        @load-older=${this.#loadOlder}
        @retry-message=${({ detail }: CustomEvent<string>) => this.#attempt(() => this.#room?.retry(detail))}
        @discard-message=${({ detail }: CustomEvent<string>) => this.#room?.discard(detail)}
        @at-end=${this.#atEndChanged}
        @fetch-file=${({ detail }: CustomEvent<NamedFile>) => this.#fetch(detail)}
        @call-back=${({ detail }: CustomEvent<Call>) => this.#calls.callBack(detail)}
        @view-proposals=${this.#subject.showProposals}
      ></delivery-room-timeline>
      <p class="typing" aria-hidden="true">
        ${
          typing.length > 0
            ? html`<span class="dots"><i></i><i></i><i></i></span>${words.typing(typing.map(({ name }) => name))}`
            : nothing
        }
      </p>
      ${
        this.notice === undefined
          ? nothing
          : html`<p class="notice" role="alert">
              <span>${reasonOf(words, this.notice)}</span>
              <button title=${words.cancel} aria-label=${words.cancel} @click=${() => this.#note(undefined)}>
                ${closeIcon}
              </button>
            </p>`
      }
      ${
        view?.canWrite === true
          ? html`<delivery-room-composer
              .words=${words}
              .stream=${this.stream}
              .note=${isNote(this.stream)}
              .placeholder=${this.#subject.placeholder(isDemand, this.stream, words)}
              .draft=${this.#drafts.textOf(this.stream, this.task)}
              .task=${this.task}
              .tray=${this.#drafts.trayOf(this.stream)}
              .upload=${this.#upload}
              .progress=${this.#drafts.trayOf(this.stream).items}
              @draft=${({ detail }: CustomEvent<string>) => this.#drafted(detail)}
              @submit-text=${({ detail }: CustomEvent<string>) => this.#submit(detail)}
              @cancel-task=${this.#endTask}
              @edit-last=${this.#editLast}
            ></delivery-room-composer>`
          : html`<p class="read-only">${this.#subject.readOnly(snapshot, this.stream, words)}</p>`
      }
    </div>`;
  }

  #drafted(text: string): void {
    this.#drafts.set(this.stream, this.task, text);
    if (this.task?.type !== 'edit') this.#room?.typing(this.stream, text !== '');
    this.requestUpdate();
  }

  #submit(text: string): void {
    const { task, stream } = this;
    if (task?.type === 'edit') {
      this.#endTask();
      if (text !== task.entry.body.text) this.#attempt(() => this.#room?.edit(task.entry.id, text));
      return;
    }
    const tray = this.#drafts.trayOf(stream);
    const { ids, names } = tray;
    this.#attempt(() => {
      // A message has words; files alone say their names.
      const sent = this.#room?.send(text.trim() === '' ? names.join(', ') : text, {
        stream,
        ...(task === undefined ? {} : { replyTo: task.entry.id }),
        ...(ids.length === 0 ? {} : { attachments: ids }),
      });
      tray.clear();
      // A refusal is shown at the message itself.
      sent?.settled.catch(() => undefined);
      this.#drafts.drop(stream, undefined);
      this.#endTask();
      this.#reading.forget(stream);
      this.timeline?.toEnd();
      return undefined;
    });
  }

  /** Does what can fail at once or later, and shows why it did. */
  #attempt(act: () => unknown): void {
    this.#note(undefined);
    Promise.resolve()
      .then(act)
      .catch((fault: unknown) => {
        if (fault instanceof RoomError) this.#note(fault);
        else throw fault;
      });
  }

  get #upload(): UploadFile | undefined {
    const client = this.#client;
    return client === undefined ? undefined : uploaderTo(client, this.roomId, this.stream);
  }

  #fetch(file: NamedFile): void {
    const client = this.#client;
    if (client !== undefined) this.#attempt(() => download(client, file));
  }

  #note(error: RoomError | undefined): void {
    this.notice = error;
  }

  #messageAction({ detail: { action, entry } }: CustomEvent<MessageActionDetail>): void {
    if (action === 'recall') this.#attempt(() => this.#room?.recall(entry.id));
    else this.#begin({ type: action, entry });
  }

  #begin(task: ComposerTask): void {
    this.task = task;
    if (task.type === 'edit') this.#drafts.set(this.stream, task, task.entry.body.text ?? '');
  }

  readonly #endTask = (): void => {
    if (this.task?.type === 'edit') this.#drafts.drop(this.stream, this.task);
    this.task = undefined;
    this.requestUpdate();
    this.composer?.focus();
  };

  readonly #editLast = (): void => {
    const me = this.#client?.me?.userId;
    const last = this.#view?.entries.findLast(
      (entry): entry is MessageEntry =>
        entry.kind === 'message' && entry.actor.id === me && entry.recalledAt === undefined,
    );
    if (last !== undefined) this.#begin({ type: 'edit', entry: last });
  };

  readonly #loadOlder = (): void => {
    if (this.loadingOlder) return;
    this.loadingOlder = true;
    this.#attempt(async () => {
      try {
        await this.#room?.older(this.stream);
      } finally {
        this.loadingOlder = false;
      }
    });
  };

  readonly #atEndChanged = ({ detail }: CustomEvent<boolean>): void => {
    this.#atEnd = detail;
    this.#looked();
  };

  readonly #toggleDetails = (): void => {
    this.detailsOpen = !this.detailsOpen;
    this.#looked();
  };

  /** What has begun is seen where the messages are. */
  #uncover(): void {
    if (this.#covered) this.#toggleDetails();
  }

  readonly #closeByKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.detailsOpen) this.#toggleDetails();
  };
}

/** Everybody's name by user id, as far as the room has told it. */
function namesIn({ room, online, streams }: RoomSnapshot): Map<string, string> {
  const names = new Map<string, string>();
  for (const { entries } of Object.values(streams)) for (const { actor } of entries) names.set(actor.id, actor.name);
  for (const { userId, name } of [...(room?.members ?? []), ...online]) names.set(userId, name);
  return names;
}
