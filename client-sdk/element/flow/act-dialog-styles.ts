import { css } from 'lit';

export const actDialogStyles = css`
  dialog {
    width: min(520px, calc(100vw - 32px));
    max-width: none;
    max-height: min(86vh, 760px);
    margin: auto;
    padding: 0;
    border: 1px solid var(--line);
    border-radius: 14px;
    background: var(--surface);
    color: var(--text);
    box-shadow: 0 16px 48px rgb(0 0 0 / 28%);
    overflow: hidden;
  }
  dialog::backdrop {
    background: rgb(10 14 24 / 45%);
  }
  form {
    display: flex;
    flex-direction: column;
    max-height: inherit;
    margin: 0;
  }
  header {
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 14px 12px 10px 20px;
  }
  h2 {
    flex: 1;
    font-size: 16px;
    line-height: 22px;
    font-weight: 600;
  }
  .x {
    display: grid;
    place-items: center;
    flex: none;
    width: 32px;
    height: 32px;
    border-radius: 8px;
    color: var(--muted);
  }
  .x:hover {
    background: var(--raised);
    color: var(--text);
  }
  .body {
    flex: 1;
    min-height: 0;
    padding: 0 20px 4px;
    overflow-y: auto;
  }
  .at {
    font-weight: 600;
  }
  .explain {
    margin-bottom: 12px;
    font-size: 13px;
    line-height: 18px;
    color: var(--muted);
  }
  .place,
  .refused {
    margin-bottom: 12px;
    padding: 8px 12px;
    border-radius: 8px;
    font-size: 13px;
    line-height: 18px;
  }
  .place {
    background: var(--note);
    border: 1px solid var(--note-line);
  }
  .refused {
    background: color-mix(in srgb, var(--danger) 12%, var(--surface));
    color: var(--danger);
  }
  footer {
    display: flex;
    justify-content: flex-end;
    gap: 8px;
    padding: 12px 20px 16px;
    border-top: 1px solid var(--line);
  }
  .choices {
    max-height: 240px;
    border: 1px solid var(--line);
    border-radius: 8px;
    overflow-y: auto;
  }
  .choice {
    display: flex;
    align-items: center;
    gap: 10px;
    padding: 8px 12px;
    cursor: pointer;
  }
  .choice + .choice {
    border-top: 1px solid var(--line);
  }
  .choice:hover {
    background: var(--raised);
  }
  .choice[data-not] {
    color: var(--muted);
    cursor: default;
  }
  .choice span {
    flex: 1;
    min-width: 0;
  }
  .choice input {
    accent-color: var(--accent);
  }
  .pick {
    position: relative;
    cursor: pointer;
  }
  .pick:focus-within {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  @media (max-width: 519px) {
    dialog {
      width: 100vw;
      max-height: 92vh;
      margin: auto 0 0;
      border-width: 1px 0 0;
      border-radius: 16px 16px 0 0;
    }
    footer .button {
      flex: 1;
      min-height: 42px;
    }
  }
`;
