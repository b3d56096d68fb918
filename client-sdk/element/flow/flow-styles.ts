import { css } from 'lit';

/** Buttons and fields of everything in which something is filled in. */
export const formStyles = css`
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-height: 34px;
    padding: 6px 14px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--surface);
    font-weight: 500;
    text-align: center;
  }
  .button:hover:not(:disabled) {
    background: var(--raised);
  }
  .button.main {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--accent-text);
  }
  .button.main:hover:not(:disabled) {
    background: color-mix(in srgb, var(--accent) 88%, var(--text));
  }
  .button.danger {
    color: var(--danger);
  }
  .button.main.danger {
    border-color: var(--danger);
    background: var(--danger);
    color: var(--surface);
  }
  .button.small {
    min-height: 28px;
    padding: 3px 10px;
    font-size: 13px;
  }
  .field {
    display: block;
    margin-bottom: 14px;
  }
  .field > label:not(.button),
  .field > .label {
    display: block;
    margin-bottom: 4px;
    font-size: 13px;
    font-weight: 500;
  }
  .star {
    color: var(--danger);
  }
  .field small {
    font-weight: 400;
    color: var(--muted);
  }
  input.text,
  textarea,
  select {
    appearance: none;
    display: block;
    width: 100%;
    margin: 0;
    padding: 7px 10px;
    border: 1px solid color-mix(in srgb, var(--muted) 55%, var(--surface));
    border-radius: 8px;
    background: var(--surface);
    color: inherit;
    /* 16 px, as phones zoom into anything smaller. */
    font: inherit;
    font-size: 16px;
    line-height: 22px;
  }
  select {
    padding-right: 30px;
    /* An arrow out of two gradients: a policy may allow no image. */
    background-image:
      linear-gradient(45deg, transparent 50%, var(--muted) 50%), linear-gradient(135deg, var(--muted) 50%, transparent 50%);
    background-position:
      right 16px center,
      right 11px center;
    background-size: 5px 5px;
    background-repeat: no-repeat;
  }
  textarea {
    resize: vertical;
    min-height: 84px;
    max-height: 40vh;
    field-sizing: content;
  }
  input.text:focus-visible,
  textarea:focus-visible,
  select:focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: -1px;
    border-color: var(--accent);
  }
  .field [aria-invalid='true'] {
    border-color: var(--danger);
  }
  .fault {
    margin-top: 4px;
    font-size: 13px;
    line-height: 18px;
    color: var(--danger);
  }
`;

export const downloadStyles = css`
  .files {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    margin-top: 4px;
  }
  .file {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    max-width: 100%;
    padding: 5px 10px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--surface);
    color: var(--text);
    font-size: 13px;
    line-height: 18px;
    text-align: left;
  }
  button.file:hover {
    border-color: var(--accent);
  }
  .file svg {
    flex: none;
  }
  .file span {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .file small {
    flex: none;
    color: var(--muted);
  }
`;
