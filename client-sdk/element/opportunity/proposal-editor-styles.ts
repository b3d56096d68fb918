import { css } from 'lit';

export const proposalEditorStyles = css`
  dialog {
    width: min(860px, calc(100vw - 32px));
  }
  .pair {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 0 16px;
  }
  .lines {
    display: grid;
    gap: 6px;
  }
  .line {
    display: grid;
    grid-template-columns: 3fr 2fr 1fr 1.5fr 1.5fr 1.5fr 28px;
    gap: 6px;
    align-items: center;
  }
  .heads {
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .line .name {
    display: none;
  }
  .line .x {
    width: 28px;
    height: 28px;
  }
  input.number,
  .money {
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .money {
    font-size: 13px;
  }
  .under {
    display: flex;
    align-items: baseline;
    justify-content: space-between;
    gap: 12px;
    margin-top: 8px;
  }
  .totals {
    padding-right: 34px;
    font-variant-numeric: tabular-nums;
  }
  .totals s {
    margin-right: 8px;
    color: var(--muted);
  }
  .totals b {
    font-size: 16px;
    font-weight: 600;
  }
  @media (max-width: 519px) {
    dialog {
      width: 100vw;
    }
  }
  @media (max-width: 719px) {
    .pair {
      grid-template-columns: 1fr;
    }
    .heads {
      display: none;
    }
    .line {
      grid-template-columns: 1fr 1fr 1fr;
      padding: 8px;
      border: 1px solid var(--line);
      border-radius: 8px;
    }
    .line .name {
      display: block;
      font-size: 12px;
      line-height: 16px;
      color: var(--muted);
    }
    .line [data-cell='product'] {
      grid-column: 1 / -1;
    }
    .line [data-cell='spec'] {
      grid-column: 1 / 3;
    }
    .line .money {
      align-self: end;
      padding-bottom: 9px;
    }
    .line .x {
      grid-column: 3;
      justify-self: end;
    }
    .totals {
      padding-right: 0;
    }
  }
`;
