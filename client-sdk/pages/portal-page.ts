import { css, html, LitElement, nothing } from 'lit';
import { property, state } from 'lit/decorators.js';
import { backIcon } from '../element/icons.ts';
import { type Words, wordsFor } from '../element/language/words.ts';
import { avatarStyles, basics, initialsOf, theme } from '../element/theme.ts';
import { type Client, createClient, localOutboxStorage, RoomError } from '../index.ts';

/** A portal's page around a room, for the demonstration: who is logged in, their rooms, and the one that is open. */
export class PortalPage extends LitElement {
  static override readonly styles = [
    theme,
    basics,
    avatarStyles,
    css`
      :host {
        height: 100dvh;
      }
      .page {
        display: flex;
        height: 100%;
        background: var(--sunken);
      }
      .side {
        flex: none;
        display: flex;
        flex-direction: column;
        width: 280px;
        border-right: 1px solid var(--line);
      }
      .me {
        display: flex;
        align-items: center;
        gap: 12px;
        padding: 14px 16px;
      }
      .me div {
        flex: 1;
        min-width: 0;
      }
      .me strong {
        display: block;
        font-weight: 600;
      }
      .me small {
        display: block;
        font-size: 12px;
        line-height: 16px;
        color: var(--muted);
      }
      .me a {
        font-size: 12px;
        text-decoration: none;
      }
      h2 {
        padding: 8px 20px 4px;
        font-size: 12px;
        color: var(--muted);
      }
      delivery-room-list {
        flex: 1;
        padding: 0 8px 16px;
        overflow-y: auto;
      }
      delivery-room-queue {
        flex: none;
        max-height: 45%;
        padding: 0 8px 12px;
        overflow-y: auto;
      }
      delivery-room {
        flex: 1;
        min-width: 0;
        height: 100%;
      }
      .back {
        display: none;
        place-items: center;
        width: 32px;
        height: 32px;
        margin-left: -6px;
        border-radius: 8px;
      }
      @media (max-width: 719px) {
        .side {
          width: 100%;
          border: 0;
        }
        .back {
          display: grid;
        }
        .page[data-show='room'] .side,
        .page[data-show='list'] delivery-room {
          display: none !important;
        }
      }
    `,
  ];

  /** Whose page it is: the name by which the demonstration gives out tokens. */
  @property() as = '';
  @property({ attribute: 'room-id' }) roomId = '';
  @property() locale = '';

  @state() private show: 'room' | 'list' = 'room';
  @state() private client: Client | undefined;
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
    return html`<div class="shield page" lang=${words.tag} data-show=${this.show}>
      <div class="side">
        ${this.#me(words)}
        <h2>${words.rooms}</h2>
        <delivery-room-list
          .client=${this.client}
          .locale=${words.tag}
          .selected=${this.roomId}
          @select-room=${this.#select}
          @unread-change=${this.#countUnread}
        ></delivery-room-list>
        <delivery-room-queue
          .client=${this.client}
          .locale=${words.tag}
          .selected=${this.roomId}
          @select-room=${this.#select}
        ></delivery-room-queue>
      </div>
      <delivery-room .client=${this.client} .roomId=${this.roomId} .locale=${words.tag}>
        <button
          class="back"
          slot="header-start"
          title=${words.backToRooms}
          aria-label=${words.backToRooms}
          @click=${this.#showList}
        >
          ${backIcon}
        </button>
      </delivery-room>
    </div>`;
  }

  #me(words: Words): unknown {
    const me = this.client?.me;
    const chinese = words.tag === 'zh-CN';
    const other = new URLSearchParams({ as: this.as, lang: chinese ? 'en' : 'zh-CN' });
    return html`<div class="me" data-side=${me?.side ?? nothing}>
      <span class="avatar" aria-hidden="true">${initialsOf(me?.name ?? '')}</span>
      <div>
        <strong>${me?.name ?? ''}</strong>
        <small>${me?.side === undefined ? '' : words.sides[me.side]}</small>
      </div>
      <a class="link" href=${`?${other.toString()}`} lang=${chinese ? 'en' : 'zh-CN'}>${chinese ? 'English' : '中文'}</a>
    </div>`;
  }

  readonly #select = ({ detail }: CustomEvent<string>): void => {
    this.roomId = detail;
    this.show = 'room';
  };

  readonly #showList = (): void => {
    this.show = 'list';
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
