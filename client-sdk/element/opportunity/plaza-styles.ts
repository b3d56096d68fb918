import { css } from 'lit';

export const plazaStyles = css`
  :host {
    container-type: inline-size;
  }
  .plaza {
    height: 100%;
    background: var(--sunken);
    overflow-y: auto;
  }
  .column {
    max-width: 860px;
    margin: 0 auto;
    padding: 20px 24px 32px;
  }
  header {
    display: flex;
    align-items: center;
    gap: 4px 12px;
  }
  h1 {
    font-size: 18px;
    line-height: 26px;
    font-weight: 600;
  }
  .hours {
    flex: 1;
    font-size: 13px;
    color: var(--muted);
    font-variant-numeric: tabular-nums;
  }
  .explain,
  .empty {
    margin: 4px 0 12px;
    font-size: 13px;
    line-height: 18px;
    color: var(--muted);
  }
  .empty {
    padding: 32px 0;
    text-align: center;
  }
  .filters {
    display: flex;
    flex-wrap: wrap;
    gap: 12px;
    margin-bottom: 14px;
  }
  .filters label {
    display: flex;
    align-items: center;
    gap: 8px;
    font-size: 13px;
    color: var(--muted);
  }
  .filters select {
    width: auto;
    min-width: 140px;
    padding: 4px 10px;
    color: var(--text);
    font-size: 14px;
  }
  .card {
    display: flex;
    align-items: flex-start;
    gap: 16px;
    margin-bottom: 10px;
    padding: 14px 16px;
    border: 1px solid var(--line);
    border-radius: 12px;
    background: var(--surface);
  }
  .what {
    flex: 1;
    min-width: 0;
  }
  h2 {
    margin-bottom: 2px;
    font-size: 15px;
    line-height: 22px;
    font-weight: 600;
  }
  .details {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    margin-top: 6px;
    overflow: hidden;
  }
  .card small {
    display: block;
    margin-top: 6px;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .refused,
  .grabbed {
    display: flex;
    align-items: center;
    gap: 12px;
    margin-bottom: 12px;
    padding: 8px 12px;
    border-radius: 8px;
    font-size: 13px;
    line-height: 18px;
  }
  .grabbed span {
    flex: 1;
  }
  .refused {
    background: color-mix(in srgb, var(--danger) 12%, var(--surface));
    color: var(--danger);
  }
  .grabbed {
    background: color-mix(in srgb, var(--good) 14%, var(--surface));
  }
  @container (max-width: 559px) {
    .column {
      padding: 12px 14px 28px;
    }
    header {
      flex-wrap: wrap;
    }
    .hours {
      order: 1;
      flex-basis: 100%;
    }
    h1 {
      flex: 1;
    }
    .card {
      flex-direction: column;
      gap: 10px;
    }
    .card > .button {
      align-self: stretch;
      min-height: 40px;
    }
  }
`;
