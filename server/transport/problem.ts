import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import { ERROR_CODES, type WireError } from '../../shared/contract/errors.ts';

interface Problem {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A problem document that holds the error's own fields (RFC 9457). */
function problemOf(error: WireError): Problem {
  const { status, title } = ERROR_CODES[error.code];
  const body = JSON.stringify({ title, status, detail: error.message, ...error });
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      'Cache-Control': 'no-store',
      ...(error.retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfterMs / 1000)) }),
      ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    },
    body,
  };
}

/** Answers a request with an error of the contract. */
export function sendProblem(response: ServerResponse, error: WireError): void {
  const { status, headers, body } = problemOf(error);
  response.writeHead(status, headers).end(body);
}

/** Answers a handshake with an error of the contract, whether it is a polling request or a WebSocket upgrade that has no response object. */
export function refuseHandshake(request: IncomingMessage, error: WireError): void {
  const response = 'res' in request ? request.res : undefined;
  if (response instanceof ServerResponse) {
    sendProblem(response, error);
    return;
  }
  const { status, headers, body } = problemOf(error);
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  request.socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`, ...lines, '', body].join('\r\n'));
}
