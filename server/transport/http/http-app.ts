import { randomUUID } from 'node:crypto';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import helmet from 'helmet';
import { ERROR_CODES, RoomError, type WireError } from '../../../shared/contract/errors.ts';
import { PAYLOAD_MAX_BYTES } from '../../../shared/contract/limits.ts';
import { commands, isCommandName } from '../../../shared/contract/registry.ts';
import type { Settings } from '../../app/settings.ts';
import type { Tokens } from '../../auth/tokens.ts';
import { type Execute, internal } from '../../registry/execute.ts';
import type { InFlight } from '../../registry/in-flight.ts';
import type { Log } from '../../telemetry/log.ts';
import { isAllowedOrigin } from '../origin.ts';

export interface HttpAppParts {
  settings: Settings;
  tokens: Tokens;
  execute: Execute;
  inFlight: InFlight;
  /** Resolves when the service can serve; rejects with the reason when not. */
  ready(): Promise<void>;
  log: Log;
  /** The demonstration's pages, in development. */
  demo?: Router;
}

/** Serves the registry over HTTP, and what operators and portals ask beside it. */
export function createHttpApp(parts: HttpAppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet());
  app.use(crossOrigin(parts.settings.allowedOrigins));

  app.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });
  app.get('/readyz', async (_request, response) => {
    try {
      await parts.ready();
      response.json({ ok: true });
    } catch (error) {
      sendProblem(response, { code: 'unavailable', message: error instanceof Error ? error.message : 'Not ready.' });
    }
  });

  if (parts.demo !== undefined) app.use(parts.demo);
  app.post('/v1/:name', express.json({ limit: PAYLOAD_MAX_BYTES, type: 'application/json' }), command(parts));
  app.use((_request, response) =>
    sendProblem(response, { code: 'not_found', message: 'There is nothing at this address.' }),
  );
  app.use(onError(parts.log));
  return app;
}

function command({ tokens, execute, inFlight, log }: HttpAppParts): RequestHandler {
  return async (request, response) => {
    const { name } = request.params;
    if (typeof name !== 'string' || !isCommandName(name) || commands[name].connectionBound === true) {
      sendProblem(response, { code: 'not_found', message: 'There is no such command over HTTP.' });
      return;
    }
    const caller = await tokens.verify(bearer(request));
    if (request.body === undefined && Number(request.headers['content-length'] ?? 0) > 0) {
      throw new RoomError('unsupported_type', 'Send the input as application/json.');
    }
    const answer = await inFlight.track(execute(name, request.body, { caller, log, correlationId: randomUUID() }));
    if (answer.ok) response.json(answer.data);
    else sendProblem(response, answer.error);
  };
}

function bearer(request: Request): string | undefined {
  return /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Answers with a problem document that holds the error's own fields (RFC 9457). */
export function sendProblem(response: Response, error: WireError): void {
  const { status, title } = ERROR_CODES[error.code];
  if (error.retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(error.retryAfterMs / 1000));
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ title, status, detail: error.message, ...error }));
}

function crossOrigin(allowed: readonly string[]): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    if (!isAllowedOrigin(request, allowed)) {
      sendProblem(response, { code: 'forbidden', message: 'This origin is not allowed.' });
      return;
    }
    if (origin !== undefined) {
      response.setHeader('Access-Control-Allow-Origin', origin);
      response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type');
      response.setHeader('Access-Control-Max-Age', '600');
      response.vary('Origin');
    }
    if (request.method === 'OPTIONS') response.status(204).end();
    else next();
  };
}

function onError(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) next(error);
    else sendProblem(response, problemOf(error, log));
  };
}

/** What body-parser says of a body, in the contract's words. */
function problemOf(error: unknown, log: Log): WireError {
  if (error instanceof RoomError) return error.toWire();
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large')
    return { code: 'too_large', message: `A body is at most ${PAYLOAD_MAX_BYTES} bytes.` };
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return { code: 'unsupported_type', message: 'Send the input as UTF-8 JSON.' };
  if (typeof type === 'string') return { code: 'invalid', message: 'The body is not valid JSON.' };
  if (error instanceof URIError) return { code: 'not_found', message: 'There is nothing at this address.' };
  const id = randomUUID();
  log.error({ err: error, correlationId: id }, 'a fault of ours');
  return internal(id);
}
