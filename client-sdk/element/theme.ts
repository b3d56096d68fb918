import { css, unsafeCSS } from 'lit';

const DARK = unsafeCSS(`
  --dark-surface: #16181d;
  --dark-raised: #1e2128;
  --dark-sunken: #101216;
  --dark-text: #e7e9ee;
  --dark-muted: #9aa1ae;
  --dark-line: #2d313a;
  --dark-accent: #7c9cff;
  --dark-accent-text: #0d1330;
  --dark-own: #24345f;
  --dark-own-text: #eaf0ff;
  --dark-note: #332a14;
  --dark-note-line: #6b5520;
  --dark-good: #4cc38a;
  --dark-warn: #e5b454;
  --dark-danger: #ff8585;
  --dark-buyer: #3fb8ad;
  --dark-provider: #8f9bff;
  --dark-vendor: #e5a04b;
  --dark-operator: #ef7fb0;
`);

/**
 * The look of every element. A page changes it through the custom properties `--dr-color-accent`, `--dr-color-accent-text`,
 * `--dr-color-surface`, `--dr-color-text`, `--dr-color-own`, `--dr-font` and `--dr-radius`; all else follows from `theme`
 * (`auto`, `light`, `dark`). What the page's own rules do to other elements does not reach inside: the host is shielded
 * from what would hide or distort it, and `.shield` begins anew with every inherited property. Sizes are px, as rem is the page's.
 */
export const theme = css`
  :host {
    display: block !important;
    visibility: visible !important;
    opacity: 1 !important;
    filter: none !important;
    transform: none !important;
    float: none !important;
    columns: auto !important;
  }
  :host([hidden]) {
    display: none !important;
  }
  .shield {
    all: initial;
    /* The one inherited property that the line above leaves alone. Both languages go from left to right. */
    direction: ltr;
    color-scheme: light;
    --surface: var(--dr-color-surface, var(--dark-surface, #ffffff));
    --raised: var(--dark-raised, #f5f6f8);
    --sunken: var(--dark-sunken, #eef0f3);
    --text: var(--dr-color-text, var(--dark-text, #1c2230));
    --muted: var(--dark-muted, #626b7a);
    --line: var(--dark-line, #dfe2e8);
    --accent: var(--dr-color-accent, var(--dark-accent, #2f5be0));
    --accent-text: var(--dr-color-accent-text, var(--dark-accent-text, #ffffff));
    --own: var(--dr-color-own, var(--dark-own, #dfe8ff));
    --own-text: var(--dark-own-text, #15234d);
    --note: var(--dark-note, #fff6dd);
    --note-line: var(--dark-note-line, #e8cf8a);
    --good: var(--dark-good, #1a8754);
    --warn: var(--dark-warn, #8f5a00);
    --danger: var(--dark-danger, #c02b2b);
    --buyer: var(--dark-buyer, #0f766e);
    --provider: var(--dark-provider, #4f46e5);
    --vendor: var(--dark-vendor, #a85a08);
    --operator: var(--dark-operator, #be185d);
    --radius: var(--dr-radius, 12px);
    display: block;
    box-sizing: border-box;
    color: var(--text);
    font-family: var(
      --dr-font,
      system-ui,
      -apple-system,
      'Segoe UI',
      Roboto,
      'PingFang SC',
      'Microsoft YaHei',
      'Noto Sans CJK SC',
      'WenQuanYi Zen Hei',
      sans-serif
    );
    font-size: 14px;
    line-height: 20px;
    -webkit-text-size-adjust: 100%;
    overflow-wrap: anywhere;
  }
  :host([theme='dark']) .shield {
    color-scheme: dark;
    ${DARK}
  }
  @media (prefers-color-scheme: dark) {
    :host(:not([theme='light'])) .shield {
      color-scheme: dark;
      ${DARK}
    }
  }
`;

/** What every shadow root begins with: controls that look like the rest, and a focus that is always seen. */
export const basics = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  button {
    appearance: none;
    border: 0;
    margin: 0;
    padding: 0;
    background: none;
    color: inherit;
    font: inherit;
    cursor: pointer;
    text-align: inherit;
  }
  button:disabled {
    cursor: default;
    opacity: 0.5;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  ol,
  ul {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  p,
  h1,
  h2 {
    margin: 0;
    font: inherit;
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .link {
    color: var(--accent);
    font-weight: 500;
    border-radius: 4px;
  }
  .link:hover {
    text-decoration: underline;
  }
`;

/** A person's sign: initials in the colour of their side, and a dot that says whether they are there. */
export const avatarStyles = css`
  .avatar {
    position: relative;
    flex: none;
    display: flex;
    align-items: center;
    justify-content: center;
    width: 32px;
    height: 32px;
    border-radius: 50%;
    background: color-mix(in srgb, var(--side) 16%, var(--surface));
    color: var(--side);
    font-size: 12px;
    font-weight: 600;
    line-height: 1;
    user-select: none;
  }
  [data-side] {
    --side: var(--muted);
  }
  [data-side='buyer'] {
    --side: var(--buyer);
  }
  [data-side='provider'] {
    --side: var(--provider);
  }
  [data-side='vendor'] {
    --side: var(--vendor);
  }
  [data-side='operator'] {
    --side: var(--operator);
  }
  .presence {
    position: absolute;
    right: -1px;
    bottom: -1px;
    width: 11px;
    height: 11px;
    border: 2px solid var(--surface);
    border-radius: 50%;
    background: var(--muted);
  }
  .presence[data-online] {
    background: var(--good);
  }
`;

/** Up to two letters that stand for a name: of its first and last word, or the last two of a Chinese one. */
export function initialsOf(name: string): string {
  const han = name.match(/\p{Script=Han}/gu);
  if (han !== null) return han.slice(-2).join('');
  const firsts = name.match(/(?<!\S)\S/gu) ?? [];
  const [first = ''] = firsts;
  const last = firsts.length > 1 ? (firsts.at(-1) ?? '') : '';
  return (first + last).toUpperCase();
}
