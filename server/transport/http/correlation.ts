import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What gateways and portals use: UUIDs, hexadecimal, ULIDs. Too long for a telephone number, and nothing that a log could be forged with. */
const REQUEST_ID = /^[0-9A-Za-z_-]{16,64}$/;
/** W3C Trace Context: version, trace, span, flags; of later versions, more. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** The id under which a request is found in the log and on what it stored: its sender's own, where that is well-formed, else a new one. It proves nothing of who sent it. */
export function correlationIdOf({ headers }: IncomingMessage): string {
  const own = headers['x-request-id'];
  if (typeof own === 'string' && REQUEST_ID.test(own)) return own;
  const { traceparent } = headers;
  const trace = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  return trace ?? randomUUID();
}

/** Answers with it too, whatever the answer is. */
export function correlate(request: IncomingMessage, response: ServerResponse): string {
  const id = correlationIdOf(request);
  response.setHeader('X-Request-Id', id);
  return id;
}
