import { nothing, type ReactiveControllerHost, type TemplateResult } from 'lit';
import type { Client, LiveRoom, RoomSnapshot, StreamView } from '../index.ts';
import type { NamedFile } from './event-line.ts';
import { FlowDesk } from './flow/flow-desk.ts';
import { wordOf, type Words } from './language/words.ts';
import { OpportunityPanel } from './opportunity/opportunity-panel.ts';
import { firstStream, hintFor, placeholderFor, streamGroups, streamName } from './opportunity/opportunity-streams.ts';
import { apart, streamTabs } from './stream-tabs.ts';

/** What a room is about, a delivery or a demand: the parts of the room's element that follow from it. */
export class RoomSubject {
  readonly #flow: FlowDesk;
  readonly #panel: OpportunityPanel;
  #client: Client | undefined;

  constructor(host: ReactiveControllerHost & EventTarget, download: (file: NamedFile) => void) {
    this.#flow = new FlowDesk(host, download);
    this.#panel = new OpportunityPanel(host, download);
  }

  attach(client: Client, room: LiveRoom): void {
    this.#client = client;
    this.#flow.attach(client, room);
    this.#panel.attach(client);
  }

  detach(): void {
    this.#client = undefined;
    this.#flow.detach();
    this.#panel.detach();
  }

  /** An entry shows what the service's clock has reached at least. */
  heard(at: string | undefined): void {
    this.#flow.heard(at);
  }

  /** Milliseconds that the service's clock is ahead of the reader's. */
  get ahead(): number {
    return this.#flow.ahead;
  }

  /** Where it stands, and what the reader may do. */
  bar({ project, opportunity }: RoomSnapshot, words: Words): TemplateResult | typeof nothing {
    if (opportunity !== undefined) return this.#panel.bar(opportunity, words, this.#flow.ahead);
    return project === undefined ? nothing : this.#flow.step(project, words);
  }

  details({ project, opportunity }: RoomSnapshot, words: Words): TemplateResult | typeof nothing {
    if (opportunity !== undefined) return this.#panel.details(opportunity, words, this.#flow.ahead);
    return project === undefined ? nothing : this.#flow.details(project, words);
  }

  dialogs(snapshot: RoomSnapshot | undefined, words: Words): TemplateResult | typeof nothing {
    return snapshot?.opportunity === undefined
      ? this.#flow.dialog(snapshot?.project, words)
      : this.#panel.dialogs(snapshot.opportunity, words);
  }

  tabs(
    { opportunity, streams }: RoomSnapshot,
    { selected, words, show }: { selected: string; words: Words; show(stream: string): void },
  ): TemplateResult | typeof nothing {
    const views = Object.values(streams);
    const side = this.#client?.me?.side;
    return streamTabs({
      groups: opportunity === undefined ? apart(views, words) : streamGroups(views, opportunity, side, words),
      selected,
      words,
      nameOf: (stream) => (opportunity === undefined ? stream : streamName(stream, opportunity, side, words)),
      hintOf: (stream) => this.hint(opportunity !== undefined, stream, words),
      show,
    });
  }

  /** Who reads what is written in a stream, where that is not everybody. */
  hint(isDemand: boolean, stream: string, words: Words): string | undefined {
    if (isDemand) return hintFor(stream, words);
    return Object.hasOwn(words.streamHints, stream) ? wordOf(words.streamHints, stream) : undefined;
  }

  placeholder(isDemand: boolean, stream: string, words: Words): string {
    if (isDemand) return placeholderFor(stream, this.#client?.me?.side, words);
    return Object.hasOwn(words.writeTo, stream) ? wordOf(words.writeTo, stream) : words.write;
  }

  /** Why nothing can be written in a stream. */
  readOnly({ room, opportunity }: RoomSnapshot, stream: string, words: Words): string {
    const status = room?.status;
    if (status === 'cancelled' || status === 'revoked' || status === 'closed') return words.closed;
    return opportunity !== undefined && stream === 'public' ? words.opportunity.newsOnly : words.readOnly;
  }

  /** The stream that a reader is shown first, where that is not the first of all. */
  firstStream(views: readonly StreamView[], isDemand: boolean): string | undefined {
    return isDemand ? firstStream(views, this.#client?.me?.side) : undefined;
  }

  readonly showProposals = (): void => this.#panel.showProposals();
}
