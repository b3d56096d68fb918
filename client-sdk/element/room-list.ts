import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { RoomItem } from '../../shared/contract/rooms.ts';
import type { Client } from '../index.ts';
import { eventLine } from './event-line.ts';
import { type Words, wordsFor } from './language/words.ts';
import { applyInbox, applySnapshot, unreadOf } from './rooms-state.ts';
import { dayOrTimeOf } from './time-words.ts';
import { unreadBadge } from './stream-tabs.ts';
import { basics, theme } from './theme.ts';

/** Rooms asked for at once; a list that goes on says so with a button. */
const PAGE = 50;

/**
 * The caller's rooms, newest activity first, with what is unread in each.
 * @fires select-room - {string} a room's id
 * @fires unread-change - {number} unread entries over all rooms listed
 */
export class DeliveryRoomList extends LitElement {
  static override readonly styles = [
    theme,
    basics,
    css`
      .list {
        height: 100%;
        background: transparent;
      }
      button.room {
        display: block;
        width: 100%;
        padding: 10px 12px;
        border-radius: 10px;
      }
      button.room:hover {
        background: color-mix(in srgb, var(--text) 6%, transparent);
      }
      button.room[aria-current='true'] {
        background: color-mix(in srgb, var(--accent) 14%, transparent);
      }
      .line {
        display: flex;
        align-items: baseline;
        gap: 8px;
      }
      .line > :first-child {
        flex: 1;
        min-width: 0;
        overflow: hidden;
      }
      strong {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        font-weight: 600;
      }
      .last {
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .last,
      time {
        font-size: 12px;
        color: var(--muted);
      }
      .badge {
        flex: none;
        min-width: 18px;
        padding: 0 5px;
        border-radius: 9px;
        background: var(--accent);
        color: var(--accent-text);
        font-size: 11px;
        line-height: 18px;
        font-weight: 600;
        text-align: center;
      }
      .empty {
        padding: 12px;
        color: var(--muted);
      }
    `,
  ];

  @property({ attribute: false }) client: Client | undefined;
  @property() locale = '';
  @property({ reflect: true }) theme: 'auto' | 'light' | 'dark' = 'auto';
  /** The room that is open, which tells of itself and not by the inbox. */
  @property() selected = '';

  @state() private rooms: readonly RoomItem[] | undefined;
  @state() private nextCursor: string | undefined;
  #release: (() => void)[] = [];

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
        // Whatever happened while the connection was away was told to nobody.
        if (status === 'online') void this.#load();
      }),
      client.on('inbox', (inbox) => this.#become(applyInbox(this.rooms ?? [], inbox))),
    ];
    if (selected !== '') {
      this.#release.push(
        client.room(selected).on('change', (snapshot) => {
          const rooms = applySnapshot(this.rooms ?? [], snapshot);
          if (rooms !== undefined) this.#become(rooms);
        }),
        client.room(selected).on('revoked', ({ stream }) => {
          if (stream === undefined) void this.#load();
        }),
      );
    }
    if (client.state.status === 'online') void this.#load();
  }

  #unwatch(): void {
    for (const release of this.#release.splice(0)) release();
  }

  async #load(cursor?: string): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    try {
      const { items, nextCursor } = await client.call('room.list', {
        limit: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      this.nextCursor = nextCursor;
      const known = cursor === undefined ? [] : (this.rooms ?? []);
      const listed = new Set(items.map(({ id }) => id));
      this.#become([...known.filter(({ id }) => !listed.has(id)), ...items]);
    } catch {
      // The connection's own banner says what is wrong; the next `online` asks again.
    }
  }

  #become(rooms: readonly RoomItem[] | undefined): void {
    if (rooms === undefined) {
      void this.#load();
      return;
    }
    const open = this.selected === '' ? undefined : this.client?.room(this.selected).snapshot;
    this.rooms = (open && applySnapshot(rooms, open)) ?? rooms;
    const unread = this.rooms.reduce((sum, room) => sum + unreadOf(room), 0);
    this.dispatchEvent(new CustomEvent('unread-change', { detail: unread }));
  }

  override render(): unknown {
    const words = wordsFor(this.locale);
    const { rooms, nextCursor } = this;
    return html`<nav class="shield list" lang=${words.tag} aria-label=${words.rooms}>
      ${rooms !== undefined && rooms.length === 0 ? html`<p class="empty">${words.noRooms}</p>` : nothing}
      <ul>
        ${(rooms ?? []).map((room) => html`<li>${this.#item(room, words)}</li>`)}
      </ul>
      ${
        nextCursor === undefined
          ? nothing
          : html`<button class="room link" @click=${() => this.#load(nextCursor)}>${words.loadOlder}</button>`
      }
    </nav>`;
  }

  #item(room: RoomItem, words: Words): unknown {
    return html`<button class="room" aria-current=${room.id === this.selected} @click=${() => this.#select(room.id)}>
      <span class="line">
        <strong>${room.title}</strong>
        ${unreadBadge(unreadOf(room), words)}
      </span>
      <span class="line">
        <span class="last">${lastLine(room, words)}</span>
        <time datetime=${room.updatedAt}>${dayOrTimeOf(room.updatedAt, words)}</time>
      </span>
    </button>`;
  }

  #select(roomId: string): void {
    this.dispatchEvent(new CustomEvent('select-room', { detail: roomId }));
  }
}

function lastLine({ last }: RoomItem, words: Words): string {
  if (last === undefined) return '';
  if (last.kind === 'edit' || last.kind === 'recall') return '';
  if (last.kind !== 'message') return eventLine(last, words);
  return last.recalledAt === undefined
    ? `${last.actor.name}: ${last.body.text ?? ''}`
    : words.recalled(last.actor.name);
}
