import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Proposal } from '../../shared/contract/proposals.ts';
import type { DeliveryRoom } from '../element/delivery-room.ts';
import { formStyles } from '../element/flow/flow-styles.ts';
import { backIcon } from '../element/icons.ts';
import { type Words, wordsFor } from '../element/language/words.ts';
import type { Customer } from '../element/opportunity/demand-draft.ts';
import type { DeskPlace } from '../element/opportunity/desk-list.ts';
import { avatarStyles, basics, initialsOf, theme } from '../element/theme.ts';
import { type Client, createClient, localOutboxStorage, RoomError } from '../index.ts';
import { portalStyles } from './portal-styles.ts';

/** What a portal knows of its marketplace beside the rooms. */
interface Market {
  readonly categories: readonly string[];
  readonly regions: readonly string[];
  readonly providers: readonly { readonly org: string; readonly name: string }[];
  readonly customers: readonly Customer[];
}

const NO_MARKET: Market = { categories: [], regions: [], providers: [], customers: [] };

type View = 'room' | 'plaza' | 'publish';

/** A portal's page around a room, for the demonstration: who is logged in, their rooms, and the one that is open; or the plaza, or the publication of a demand. */
export class PortalPage extends LitElement {
  static override readonly styles = [theme, basics, avatarStyles, formStyles, portalStyles];

  /** Whose page it is: the name by which the demonstration gives out tokens. */
  @property() as = '';
  @property({ attribute: 'room-id' }) roomId = '';
  @property() locale = '';
  @property() show: View = 'room';
  @property({ type: Object }) market: Market = NO_MARKET;

  /** On a phone one of the two is shown. */
  @state() private front: 'main' | 'list' = 'main';
  @state() private client: Client | undefined;
  @state() private paying: Proposal | undefined;
  @query('delivery-room') private room!: DeliveryRoom | null;
  #release: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    const client = createClient({
      url: location.origin,
      getToken: () => fetchToken(this.as),
      storage: localOutboxStorage(),
    });
    this.client = client;
    // Who is logged in is known with the first token.
    this.#release = client.on('state', () => this.requestUpdate());
    client.connect();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#release?.();
    void this.client?.close();
    this.client = undefined;
  }

  override render(): unknown {
    const words = wordsFor(this.locale);
    const { client } = this;
    return html`<div class="shield page" lang=${words.tag} data-show=${this.front}>
      <div class="side">
        ${this.#me(words)} ${this.#ways(words)}
        <h2>${words.rooms}</h2>
        <delivery-room-list
          .client=${client}
          .locale=${words.tag}
          .selected=${this.show === 'room' ? this.roomId : ''}
          @select-room=${this.#select}
          @unread-change=${this.#countUnread}
        ></delivery-room-list>
        <delivery-room-queue
          .client=${client}
          .locale=${words.tag}
          .selected=${this.roomId}
          @select-room=${this.#select}
        ></delivery-room-queue>
        <delivery-room-desks
          .client=${client}
          .locale=${words.tag}
          .selected=${this.show === 'room' ? this.roomId : ''}
          @select-room=${this.#select}
          @select-desk=${this.#selectDesk}
        ></delivery-room-desks>
        <demo-clock .client=${client} .locale=${words.tag}></demo-clock>
      </div>
      ${this.#main(words)}
      <portal-checkout
        .as=${this.as}
        .locale=${words.tag}
        .proposal=${this.paying}
        @end=${() => {
          this.paying = undefined;
        }}
      ></portal-checkout>
    </div>`;
  }

  #main(words: Words): TemplateResult {
    const { client, market } = this;
    const back = html`<button
      class="back"
      slot="header-start"
      title=${words.backToRooms}
      aria-label=${words.backToRooms}
      @click=${this.#showList}
    >
      ${backIcon}
    </button>`;
    switch (this.show) {
      case 'plaza':
        return html`<delivery-room-plaza
          class="main"
          .client=${client}
          .locale=${words.tag}
          .categories=${market.categories}
          .regions=${market.regions}
          @select-room=${this.#select}
          >${back}</delivery-room-plaza
        >`;
      case 'publish':
        return html`<delivery-room-publish
          class="main"
          .client=${client}
          .locale=${words.tag}
          .categories=${market.categories}
          .regions=${market.regions}
          .providers=${market.providers}
          .customers=${market.customers}
          @published=${this.#select}
          >${back}</delivery-room-publish
        >`;
      case 'room':
        return html`<delivery-room
          class="main"
          .client=${client}
          .roomId=${this.roomId}
          .locale=${words.tag}
          @select-room=${this.#select}
          @pay-proposal=${({ detail }: CustomEvent<Proposal>) => {
            this.paying = detail;
          }}
          >${back}</delivery-room
        >`;
    }
  }

  #me(words: Words): unknown {
    const me = this.client?.me;
    const chinese = words.tag === 'zh-CN';
    const other = new URLSearchParams(location.search);
    other.set('lang', chinese ? 'en' : 'zh-CN');
    return html`<div class="me" data-side=${me?.side ?? nothing}>
      <span class="avatar" aria-hidden="true">${initialsOf(me?.name ?? '')}</span>
      <div>
        <strong>${me?.name ?? ''}</strong>
        <small>${me?.side === undefined ? '' : words.sides[me.side]}</small>
      </div>
      <a class="link" href=${`?${other.toString()}`} lang=${chinese ? 'en' : 'zh-CN'}>${chinese ? 'English' : '中文'}</a>
    </div>`;
  }

  /** Where else this person can go: demands are published by buyers and providers' admins, the plaza is for admins and operators. */
  #ways({ market }: Words): TemplateResult | typeof nothing {
    const { side, roles = [] } = this.client?.me ?? {};
    const admin = side === 'provider' && roles.includes('provider_admin');
    const views: View[] = [
      ...(admin || side === 'operator' ? (['plaza'] as const) : []),
      ...(admin || side === 'buyer' ? (['publish'] as const) : []),
    ];
    if (views.length === 0) return nothing;
    return html`<div class="ways">
      ${views.map(
        (view) => html`<button
          class="button small"
          data-view=${view}
          aria-pressed=${this.show === view}
          @click=${() => this.#go(view)}
        >
          ${view === 'plaza' ? market.plaza.open : market.publish.open}
        </button>`,
      )}
    </div>`;
  }

  #go(view: View): void {
    this.show = view;
    this.front = 'main';
  }

  readonly #select = ({ detail }: CustomEvent<string>): void => {
    this.roomId = detail;
    this.#go('room');
  };

  readonly #selectDesk = ({ detail: { roomId, stream } }: CustomEvent<DeskPlace>): void => {
    this.roomId = roomId;
    this.#go('room');
    void this.updateComplete.then(() => this.room?.showStream(stream));
  };

  readonly #showList = (): void => {
    this.front = 'list';
  };

  readonly #countUnread = ({ detail }: CustomEvent<number>): void => {
    document.title = detail > 0 ? `(${detail}) Delivery Rooms` : 'Delivery Rooms';
  };
}

/** Asks the demonstration for a token, as a portal's page asks its own backend. */
async function fetchToken(as: string): Promise<string> {
  const response = await fetch(`/demo/token?${new URLSearchParams({ as }).toString()}`);
  if (!response.ok) {
    const gone = response.status === 404;
    throw new RoomError(gone ? 'unauthenticated' : 'unavailable', `No token: status ${response.status}`);
  }
  const { token } = (await response.json()) as { token: string };
  return token;
}
