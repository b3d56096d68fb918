import { type CommandSpec, COMMON_ERRORS } from '../../../shared/contract/command.ts';
import { ERROR_CODES } from '../../../shared/contract/errors.ts';
import { events } from '../../../shared/contract/events.ts';
import { commands } from '../../../shared/contract/registry.ts';
import { type Json, JsonSchemas } from '../../registry/json-schemas.ts';

export const DOCS_STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { overflow: auto; padding: .75rem; border: 1px solid #8884; border-radius: 6px; }
h2 { margin-top: 2.5rem; } h3 { margin: 1.5rem 0 .25rem; } p { margin: .25rem 0; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem 1rem .2rem 0; }
`;

/** The contract as a page for people: no script, nothing from elsewhere. */
export function docsPage(): string {
  const schemas = new JsonSchemas('draft-2020-12');
  const served = Object.entries(commands).map(([name, command]) => commandSection(name, command, schemas));
  const sent = Object.entries(events).map(
    ([name, { summary, payload }]) =>
      `<h3 id="event-${name}"><code>${name}</code></h3><p>${escape(summary)}</p>${schema('Payload', schemas.of(payload, 'output'))}`,
  );
  const codes = Object.entries(ERROR_CODES).map(
    ([code, { status, title, retry }]) =>
      `<tr><td><code>${code}</code></td><td>${status}</td><td>${escape(title)}</td><td>${retry ? 'later' : 'no'}</td></tr>`,
  );
  const shapes = Object.entries(schemas.named).map(
    ([name, shape]) => `<h3 id="shape-${name}">${name}</h3>${schema('Shape', { ...(shape as Json) })}`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Delivery Rooms: the contract</title>
<meta name="viewport" content="width=device-width"><style>${DOCS_STYLE}</style></head><body>
<h1>Delivery Rooms: the contract</h1>
<p>Over HTTP: <code>POST /v1/&lt;command&gt;</code> with the input as JSON and <code>Authorization: Bearer &lt;token&gt;</code>.
Over Socket.IO: <code>socket.emit(command, input, ack)</code> with the token as <code>auth.token</code>.
For machines: <a href="/openapi.json">/openapi.json</a>, <a href="/asyncapi.json">/asyncapi.json</a>.</p>
<h2>Commands</h2>${served.join('')}<h2>Events</h2>${sent.join('')}
<h2>Errors</h2><table><tr><th>code</th><th>HTTP</th><th>meaning</th><th>again?</th></tr>${codes.join('')}</table>
<h2>Shapes</h2>${shapes.join('')}</body></html>`;
}

function commandSection(name: string, spec: CommandSpec, schemas: JsonSchemas): string {
  const where = spec.connectionBound === true ? 'Socket.IO only' : 'Socket.IO and HTTP';
  return `<h3 id="${name}"><code>${name}</code></h3><p>${escape(spec.summary)}</p>
<p>${where}. For: ${spec.callers.join(', ')}. Errors: ${[...new Set([...COMMON_ERRORS, ...spec.errors])].join(', ')}.</p>
${schema('Input', schemas.of(spec.input, 'input'))}${schema('Output', schemas.of(spec.output, 'output'))}`;
}

const schema = (title: string, json: Json): string =>
  `<details><summary>${title}</summary><pre>${escape(JSON.stringify(json, null, 2))}</pre></details>`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
