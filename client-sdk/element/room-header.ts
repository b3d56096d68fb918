import { html, nothing, type TemplateResult } from 'lit';
import type { ClientState, RoomSnapshot } from '../index.ts';
import { peopleIcon } from './icons.ts';
import type { Words } from './language/words.ts';

export interface RoomHeader {
  readonly snapshot: RoomSnapshot | undefined;
  readonly connection: ClientState | undefined;
  readonly detailsOpen: boolean;
  readonly words: Words;
  toggleDetails(): void;
}

/** What the room is, how the connection to it stands, and where there is no room for them, the way to people and flow. */
export function roomHeader({ snapshot, connection, detailsOpen, words, toggleDetails }: RoomHeader): TemplateResult {
  const project = snapshot?.project;
  const opportunity = snapshot?.opportunity;
  const about = opportunity === undefined ? words.details : words.opportunity.details;
  const online = snapshot?.online.length ?? 0;
  const live = connection?.status === 'online' && snapshot?.status === 'open';
  return html`<header>
    <slot name="header-start"></slot>
    <div class="title">
      <h1>${snapshot?.room?.title ?? ''}</h1>
      <p>
        ${
          project === undefined
            ? nothing
            : html`<span class="status" data-status=${project.status}>${words.projectStatus[project.status]}</span>
                ${project.overdue ? html`<span class="status" data-status="overdue">${words.overdue}</span>` : nothing}
                <span class="order">${words.order(project.orderId)}</span>`
        }
        ${
          opportunity === undefined
            ? nothing
            : html`<span class="status" data-status=${opportunity.status}>${words.opportunity.status[opportunity.status]}</span>
                <span class="order">${words.opportunity.kinds[opportunity.kind]}</span>`
        }
      </p>
    </div>
    <span class="live" data-live=${live ? '' : nothing}>${liveWord(connection, snapshot, words)}</span>
    <button
      class="people-button"
      aria-expanded=${detailsOpen}
      title=${about}
      aria-label=${`${about}, ${words.onlineCount(online)}`}
      @click=${toggleDetails}
    >
      ${peopleIcon}<span>${online}</span>
    </button>
  </header>`;
}

function liveWord(connection: ClientState | undefined, snapshot: RoomSnapshot | undefined, words: Words): string {
  if (connection?.status === 'connecting') return words.connecting;
  if (connection?.status !== 'online') return words.disconnected;
  if (snapshot?.status === 'open') return words.live;
  return snapshot?.status === 'resuming' ? words.resuming : '';
}
