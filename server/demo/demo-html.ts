import { CATEGORIES, CUSTOMERS, REGIONS } from './demands.ts';
import { DEMO_PEOPLE, type DemoPersonName, MORE_LINKS, RIVALS } from './people.ts';

const SPECIAL: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => SPECIAL[character] ?? '');

export type DemoLanguage = 'en' | 'zh-CN';
/** What the page shows beside the list of rooms. */
export type DemoView = 'room' | 'plaza' | 'publish';

/**
 * What the demonstration's pages may do: run the script that carries the nonce and what it imports, use styles that carry
 * it, and talk to their own server. Everything else is refused, `style` attributes and `eval` too.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; ');
}

/** Two speech bubbles, as the page needs an icon and a policy that lets no file of an icon in. */
const ICON =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#2f5be0"/>' +
      '<path d="M4 5h8v5H8l-2.5 2v-2H4z" fill="#fff"/></svg>',
  );

function page(options: { language: DemoLanguage; title: string; nonce: string; css: string; body: string }): string {
  const { language, title, nonce, css, body } = options;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${ICON}">
<style nonce="${nonce}">${css}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** What a portal knows beside the rooms: whose demands can be published, for whom, and about what. */
const MARKET = JSON.stringify({
  categories: CATEGORIES,
  regions: REGIONS,
  providers: RIVALS.map(({ orgId: org, name }) => ({ org, name })),
  customers: CUSTOMERS,
});

/** The shell of the room's page. The script fills it in; who is looking and which room are said by attributes. */
export function roomHtml(options: {
  person: DemoPersonName;
  roomId: string;
  /** What is shown first. */
  show: DemoView;
  language: DemoLanguage;
  script: string;
  nonce: string;
}): string {
  const { person, roomId, show, language, script, nonce } = options;
  return page({
    language,
    title: 'Delivery Rooms',
    nonce,
    css: 'html,body{margin:0;height:100%}body{background:Canvas;color:CanvasText}',
    body: `<portal-page as="${person}" room-id="${escapeHtml(roomId)}" show="${show}" locale="${language}" market="${escapeHtml(MARKET)}"></portal-page>
<noscript>This page needs JavaScript.</noscript>
<script type="module" nonce="${nonce}" src="${escapeHtml(script)}"></script>`,
  });
}

const INDEX_CSS = `
body{margin:0;font:16px/1.5 system-ui,sans-serif;background:Canvas;color:CanvasText}
main{max-width:640px;margin:0 auto;padding:48px 24px}
h1{font-size:24px;margin:0 0 8px}
ul{list-style:none;margin:24px 0;padding:0}
li{display:flex;align-items:baseline;gap:12px;padding:12px 0;border-top:1px solid color-mix(in srgb,CanvasText 15%,Canvas)}
li span{flex:1;opacity:.7}
a{color:LinkText}
`;

export function indexHtml(nonce: string): string {
  const people = Object.entries(DEMO_PEOPLE).map(([as, { name, who }]) => linkItem(`as=${as}`, name, who));
  const more = MORE_LINKS.map(({ query, as, who }) => linkItem(query, DEMO_PEOPLE[as].name, who));
  return page({
    language: 'en',
    title: 'Delivery Rooms: demonstration',
    nonce,
    css: INDEX_CSS,
    body: `<main>
<h1>Delivery Rooms</h1>
<p>A delivery project and a demand with three competing providers, each seen by its parties. Open two or three of them side by side and talk.</p>
<ul>
${people.join('\n')}
</ul>
<p>And beside the rooms:</p>
<ul>
${more.join('\n')}
</ul>
</main>`,
  });
}

function linkItem(query: string, name: string, who: string): string {
  const href = escapeHtml(`/demo/room?${query}`);
  return `<li><a href="${href}">${escapeHtml(name)}</a><span>${escapeHtml(who)}</span><a href="${href}&amp;lang=zh-CN" lang="zh-CN">中文</a></li>`;
}
