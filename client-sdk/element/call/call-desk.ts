import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';
import type { Call } from '../../../shared/contract/calls.ts';
import type { Person } from '../../../shared/contract/primitives.ts';
import { isOver } from '../../../shared/model/call/call.ts';
import { type Client, type LiveRoom, type RoomSnapshot, streamToCall } from '../../index.ts';
import { phoneIcon } from '../icons.ts';
import type { Words } from '../language/words.ts';
import type { CallTask } from './call-dialog.ts';
import { legFor } from './call-words.ts';

/** The part of a room's element that shows its calls, and places them. */
export class CallDesk implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #placed: () => void;
  #client: Client | undefined;
  #room: LiveRoom | undefined;
  #task: CallTask | undefined;

  /** @param placed told that a call of the reader's is on its way */
  constructor(host: ReactiveControllerHost, placed: () => void) {
    this.#host = host;
    this.#placed = placed;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.detach();
  }

  attach(client: Client, room: LiveRoom): void {
    this.#client = client;
    this.#room = room;
  }

  detach(): void {
    this.#client = undefined;
    this.#room = undefined;
    this.#task = undefined;
  }

  /** The calls that are not over. @param ahead milliseconds that the service's clock is ahead of the reader's */
  bar({ calls }: RoomSnapshot, words: Words, ahead: number): TemplateResult {
    return html`<delivery-room-calls
      .calls=${this.#running(calls)}
      .words=${words}
      .me=${this.#client?.me}
      .doer=${this.#room?.calls}
      .ahead=${ahead}
    ></delivery-room-calls>`;
  }

  /** The button beside somebody who can be called. */
  button(snapshot: RoomSnapshot, to: Person, words: Words): TemplateResult | typeof nothing {
    const stream = streamToCall(snapshot, to);
    if (stream === undefined) return nothing;
    const said = words.calls.call(to.name);
    const isInCall = this.#running(snapshot.calls).some(
      (call) =>
        legFor(call, this.#client?.me) !== null &&
        [call.from, call.to].some(({ userId, side }) => userId === to.userId && side === to.side),
    );
    return html`<button
      class="phone"
      data-act="call"
      ?disabled=${isInCall}
      title=${isInCall ? words.calls.inCall : said}
      aria-label=${said}
      @click=${() => this.#begin({ to, stream })}
    >
      ${phoneIcon}
    </button>`;
  }

  dialog(snapshot: RoomSnapshot | undefined, words: Words, ahead: number): TemplateResult | typeof nothing {
    if (this.#room === undefined) return nothing;
    return html`<delivery-room-call
      .task=${snapshot?.me === undefined ? undefined : this.#task}
      .words=${words}
      .doer=${this.#room.calls}
      .ahead=${ahead}
      @placed=${this.#placed}
      @end=${() => this.#begin(undefined)}
    ></delivery-room-call>`;
  }

  /** Asks whether the other one of a call is to be called. */
  readonly callBack = (call: Call): void => {
    const to = legFor(call, this.#client?.me) === 'caller' ? call.to : call.from;
    this.#begin({ to, stream: call.stream });
  };

  #shownOf: readonly Call[] = [];
  #shown: readonly Call[] = [];

  /** The same array for the same calls: the bar goes by that. */
  #running(calls: readonly Call[]): readonly Call[] {
    if (calls !== this.#shownOf) {
      this.#shownOf = calls;
      this.#shown = calls.filter((call) => !isOver(call));
    }
    return this.#shown;
  }

  #begin(task: CallTask | undefined): void {
    this.#task = task;
    this.#host.requestUpdate();
  }
}
