import { css } from 'lit';

/** The room answers to its own width, not the window's: it may stand in a column of another page. */
export const deliveryRoomStyles = css`
  :host {
    container-type: size;
    min-height: 320px;
    height: 600px;
  }
  .room {
    display: flex;
    flex-direction: column;
    height: 100%;
    background: var(--surface);
    overflow: hidden;
  }
  header {
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 10px 16px;
    border-bottom: 1px solid var(--line);
  }
  .title {
    flex: 1;
    min-width: 0;
  }
  h1 {
    font-size: 16px;
    line-height: 22px;
    font-weight: 600;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .title p {
    display: flex;
    gap: 8px;
    min-height: 18px;
    font-size: 12px;
    line-height: 18px;
    color: var(--muted);
  }
  .order {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .status {
    flex: none;
    padding: 0 8px;
    border-radius: 9px;
    background: color-mix(in srgb, var(--accent) 14%, var(--surface));
    color: var(--accent);
    font-weight: 500;
  }
  .status[data-status='completed'],
  .status[data-status='won'] {
    background: color-mix(in srgb, var(--good) 14%, var(--surface));
    color: var(--good);
  }
  .status[data-status='paused'],
  .status[data-status='quoted'],
  .status[data-status='overdue'] {
    background: color-mix(in srgb, var(--warn) 14%, var(--surface));
    color: var(--warn);
  }
  .status:is([data-status='cancelled'], [data-status='revoked'], [data-status='closed']) {
    background: var(--raised);
    color: var(--muted);
  }
  .live {
    display: flex;
    align-items: center;
    gap: 6px;
    font-size: 12px;
    color: var(--muted);
    white-space: nowrap;
  }
  .live::before {
    content: '';
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: var(--warn);
  }
  .live[data-live]::before {
    background: var(--good);
  }
  .people-button {
    display: none;
    align-items: center;
    gap: 6px;
    padding: 6px 10px;
    border-radius: 8px;
    background: var(--raised);
    font-size: 13px;
  }
  .no-room {
    flex: 1;
    display: grid;
    place-items: center;
    padding: 24px;
    color: var(--muted);
    text-align: center;
  }
  .body {
    position: relative;
    flex: 1;
    display: flex;
    min-height: 0;
  }
  .talk {
    flex: 1;
    display: flex;
    flex-direction: column;
    min-width: 0;
  }
  aside {
    flex: none;
    width: 264px;
    padding: 8px 16px 24px;
    border-left: 1px solid var(--line);
    background: var(--surface);
    overflow-y: auto;
  }
  aside .close {
    display: none;
  }
  h2 {
    display: flex;
    align-items: baseline;
    gap: 8px;
    margin: 12px 0 8px;
    font-size: 13px;
    font-weight: 600;
  }
  h2 small {
    font-size: 12px;
    font-weight: 400;
    color: var(--muted);
  }
  .tabs {
    flex: none;
    display: flex;
    gap: 4px;
    padding: 0 12px;
    border-bottom: 1px solid var(--line);
    overflow-x: auto;
    scrollbar-width: none;
  }
  .tabs button {
    flex: none;
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 9px 12px;
    border-bottom: 2px solid transparent;
    margin-bottom: -1px;
    color: var(--muted);
    font-weight: 500;
  }
  .tabs.inner {
    background: var(--raised);
  }
  .tabs.inner button {
    padding-block: 6px;
    font-size: 13px;
  }
  .tabs button:hover {
    color: var(--text);
  }
  .tabs button[aria-selected='true'] {
    border-color: var(--accent);
    color: var(--text);
  }
  .tabs button:focus-visible {
    outline-offset: -2px;
  }
  .badge {
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
  .panel {
    flex: 1;
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  .panel delivery-room-timeline {
    flex: 1;
  }
  .hint {
    padding: 6px 16px;
    background: var(--note);
    border-bottom: 1px solid var(--note-line);
    font-size: 12px;
    line-height: 16px;
  }
  .hint[data-calm] {
    background: var(--raised);
    border-color: var(--line);
    color: var(--muted);
  }
  .typing {
    display: flex;
    align-items: center;
    gap: 8px;
    height: 18px;
    padding: 0 30px;
    font-size: 12px;
    line-height: 18px;
    color: var(--muted);
  }
  .dots {
    display: flex;
    gap: 3px;
  }
  .dots i {
    width: 5px;
    height: 5px;
    border-radius: 50%;
    background: currentColor;
    animation: dot 1.2s infinite;
  }
  .dots i:nth-child(2) {
    animation-delay: 0.2s;
  }
  .dots i:nth-child(3) {
    animation-delay: 0.4s;
  }
  @keyframes dot {
    0%,
    60%,
    100% {
      opacity: 0.3;
    }
    30% {
      opacity: 1;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .dots i {
      animation: none;
    }
  }
  .notice {
    display: flex;
    align-items: center;
    gap: 8px;
    margin: 4px 16px 0;
    padding: 6px 6px 6px 12px;
    border-radius: 8px;
    background: color-mix(in srgb, var(--danger) 12%, var(--surface));
    color: var(--danger);
    font-size: 13px;
  }
  .notice span {
    flex: 1;
  }
  .notice button {
    display: grid;
    place-items: center;
    width: 24px;
    height: 24px;
  }
  .read-only {
    padding: 12px 16px 16px;
    border-top: 1px solid var(--line);
    font-size: 13px;
    color: var(--muted);
    text-align: center;
  }
  @container (max-width: 899px) {
    .people-button {
      display: flex;
    }
    aside {
      position: absolute;
      inset: 0 0 0 auto;
      z-index: 1;
      width: min(320px, 100%);
      visibility: hidden;
      box-shadow: -8px 0 24px rgb(0 0 0 / 14%);
    }
    aside[data-open] {
      visibility: visible;
    }
    aside .close {
      position: absolute;
      top: 12px;
      right: 12px;
      display: grid;
      place-items: center;
      width: 32px;
      height: 32px;
      border-radius: 8px;
    }
  }
  @container (max-width: 519px) {
    header {
      padding: 8px 12px;
      gap: 8px;
    }
    .order {
      display: none;
    }
    .typing {
      padding: 0 24px;
    }
  }
`;
