import { css } from 'lit';

export const portalStyles = css`
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
  .ways {
    display: flex;
    gap: 8px;
    padding: 0 16px 8px;
  }
  .ways .button {
    flex: auto;
    padding-inline: 6px;
    white-space: nowrap;
  }
  .ways .button[aria-pressed='true'] {
    border-color: var(--accent);
    color: var(--accent);
  }
  h2 {
    padding: 8px 20px 4px;
    font-size: 12px;
    color: var(--muted);
  }
  delivery-room-list {
    flex: 1;
    min-height: 96px;
    padding: 0 8px 16px;
    overflow-y: auto;
  }
  delivery-room-queue,
  delivery-room-desks {
    flex: none;
    max-height: 35%;
    padding: 0 8px 12px;
    overflow-y: auto;
  }
  .main {
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
    .page[data-show='main'] .side,
    .page[data-show='list'] .main {
      display: none !important;
    }
  }
`;
