import { css } from 'lit';

export const publishStyles = css`
  .publish {
    height: 100%;
    background: var(--surface);
    overflow-y: auto;
  }
  form {
    max-width: 720px;
    margin: 0 auto;
    padding: 20px 24px 32px;
  }
  header {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  h1 {
    font-size: 18px;
    line-height: 26px;
    font-weight: 600;
  }
  .explain {
    margin-bottom: 12px;
    font-size: 13px;
    line-height: 18px;
    color: var(--muted);
  }
  .field .explain {
    margin-bottom: 4px;
  }
  fieldset {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 0 16px;
    min-width: 0;
    margin: 0 0 16px;
    padding: 16px 18px 6px;
    border: 1px solid var(--line);
    border-radius: 12px;
  }
  fieldset > * {
    min-width: 0;
  }
  legend {
    padding: 0 6px;
    margin-left: -6px;
    font-weight: 600;
  }
  [data-part='title'],
  [data-part='details'],
  [data-part='kind'],
  [data-part='to'],
  [data-part='buyer'],
  [data-part='region'],
  .check,
  fieldset > .explain {
    grid-column: 1 / -1;
  }
  .choices {
    border: 1px solid var(--line);
    border-radius: 8px;
  }
  .choice,
  .check {
    display: flex;
    align-items: baseline;
    gap: 10px;
    cursor: pointer;
  }
  .choice {
    padding: 8px 12px;
  }
  .choice + .choice {
    border-top: 1px solid var(--line);
  }
  .choice:hover {
    background: var(--raised);
  }
  .choice input,
  .check input {
    flex: none;
    accent-color: var(--accent);
  }
  .check {
    margin-bottom: 6px;
  }
  .code {
    display: flex;
    align-items: center;
    gap: 12px;
    margin: -6px 0 14px;
    font-size: 13px;
    line-height: 18px;
    color: var(--muted);
  }
  .code .fault {
    margin: 0;
  }
  .refused {
    margin-bottom: 12px;
    padding: 8px 12px;
    border-radius: 8px;
    background: color-mix(in srgb, var(--danger) 12%, var(--surface));
    color: var(--danger);
    font-size: 13px;
    line-height: 18px;
  }
  footer {
    display: flex;
    justify-content: flex-end;
  }
  footer .button {
    min-width: 120px;
  }
  @container (max-width: 559px) {
    fieldset {
      grid-template-columns: 1fr;
      padding-inline: 12px;
    }
    form {
      padding: 14px 14px 28px;
    }
    footer .button {
      flex: 1;
      min-height: 42px;
    }
  }
  :host {
    container-type: inline-size;
  }
`;
