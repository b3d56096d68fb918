import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Router,
} from 'express';
import helmet from 'helmet';
import { RoomError, type WireError } from '../../../shared/contract/errors.ts';
import { PAYLOAD_MAX_BYTES } from '../../../shared/contract/limits.ts';
import { type CommandName, commands, isCommandName } from '../../../shared/contract/registry.ts';
import type { Settings } from '../../app/settings.ts';
import type { Tokens } from '../../auth/tokens.ts';
import type { Caller } from '../../registry/call.ts';
import { type Execute, internal } from '../../registry/execute.ts';
import type { InFlight } from '../../registry/in-flight.ts';
import type { Rates } from '../../registry/rates.ts';
import { type Figures, type Outcome, UNKNOWN } from '../../telemetry/figures.ts';
import type { ReadGate } from '../../registry/read-gate.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AddressOf } from '../client-address.ts';
import { crossOrigin } from '../origin.ts';
import { sendProblem } from '../problem.ts';
import { bearerOf } from './bearer.ts';
import { correlate } from './correlation.ts';
import { documents } from './documents.ts';

/** `degraded`: Redis is away. This server serves its own clients all the same, and no other could do better: a balancer leaves it in. */
export type Readiness = 'ok' | 'degraded';

export interface HttpAppParts {
  settings: Pick<Settings, 'allowedOrigins'>;
  tokens: Tokens;
  execute: Execute;
  inFlight: InFlight;
  rates: Rates;
  readGate: ReadGate;
  addressOf: AddressOf;
  /** Resolves when the service can serve, with how well; rejects with the reason when it cannot. */
  ready(): Promise<Readiness>;
  figures: Figures;
  log: Log;
  /** Answers `/metrics`. */
  metrics: RequestHandler;
  /** Uploads and downloads. */
  files: Router;
  /** What carriers tell of calls. */
  callbacks: Router;
  /** The demonstration's pages, in development. */
  demo?: Router;
}

const NOT_HERE: WireError = { code: 'not_found', message: 'There is nothing at this address.' };

/** Serves the registry over HTTP, and what operators and portals ask beside it. */
export function createHttpApp(parts: HttpAppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(helmet());
  app.use(crossOrigin(parts.settings.allowedOrigins, parts.log));

  app.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });
  app.get('/readyz', async (_request, response) => {
    try {
      response.json({ ok: true, status: await parts.ready() });
    } catch (error) {
      const message = error instanceof RoomError ? error.message : 'The database does not answer.';
      sendProblem(response, { code: 'unavailable', message, retryAfterMs: 1000 });
    }
  });
  app.get('/metrics', parts.metrics);
  const counted = countPage(parts);
  app.use(documents(counted));

  if (parts.demo !== undefined) app.use(parts.demo);
  app.use(parts.files);
  app.use(parts.callbacks);
  // The bearer comes before the body: nobody makes this server read what they send before they are known.
  app.post(
    '/v1/:name',
    begin,
    authenticate(parts),
    express.json({ limit: PAYLOAD_MAX_BYTES, type: 'application/json', inflate: false }),
    command(parts),
    onCommandError(parts),
  );
  app.use(counted, (_request, response) => sendProblem(response, NOT_HERE));
  app.use(onError(parts.log));
  return app;
}

/** Refuses an address that asks for too much of what anybody may have, and lets go of its connection. */
function countPage({ rates, addressOf }: HttpAppParts): RequestHandler {
  return (request, response, next) => {
    try {
      rates.take('page', addressOf(request));
    } catch (error) {
      response.setHeader('Connection', 'close');
      throw error;
    }
    next();
  };
}

interface Locals {
  /** Milliseconds of `performance.now`. */
  begun: number;
  correlationId: string;
  name: CommandName;
  caller: Caller;
}

type CommandHandler = RequestHandler<{ name: string }, unknown, unknown, unknown, Locals>;

const begin: CommandHandler = (request, response, next) => {
  response.locals.begun = performance.now();
  response.locals.correlationId = correlate(request, response);
  next();
};

function authenticate(parts: HttpAppParts): CommandHandler {
  return async (request, response, next) => {
    const { name } = request.params;
    if (!isCommandName(name) || commands[name].connectionBound === true) {
      parts.rates.take('page', parts.addressOf(request));
      throw new RoomError('not_found', 'There is no such command over HTTP.');
    }
    response.locals.name = name;
    response.locals.caller = await bearerOf(parts, request);
    next();
  };
}

function command({ execute, inFlight, readGate, figures, log }: HttpAppParts): CommandHandler {
  return async (request, response) => {
    if (request.body === undefined && hasBody(request))
      throw new RoomError('unsupported_type', 'Send the input as application/json.');
    const { name, caller, correlationId } = response.locals;
    const run = () => execute(name, request.body, { caller, log, correlationId });
    const answer = await inFlight.run(commands[name].rate === 'read' ? () => readGate.run(caller, run) : run);
    count(figures, response.locals, answer.ok ? 'ok' : answer.error.code);
    if (answer.ok) response.setHeader('Cache-Control', 'no-store').json(answer.data);
    else sendProblem(response, answer.error);
  };
}

/** @param locals without a name where nothing is called so */
function count(figures: Figures, { name, begun = 0 }: Partial<Locals>, outcome: Outcome): void {
  figures.answered(name ?? UNKNOWN, outcome, performance.now() - begun);
}

/** Answers what went wrong before a command began. */
function onCommandError({
  figures,
  log,
}: HttpAppParts): ErrorRequestHandler<{ name: string }, unknown, unknown, unknown, Locals> {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = explain(error, response.locals.correlationId, log);
    count(figures, response.locals, problem.code);
    sendProblem(response, problem);
  };
}

const hasBody = ({ headers }: Pick<Request, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

function onError(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) next(error);
    else sendProblem(response, explain(error, correlate(request, response), log));
  };
}

/** What Express and its body parser complain of, in the contract's words. */
function explain(error: unknown, correlationId: string, log: Log): WireError {
  if (error instanceof RoomError) return error.toWire();
  if (error instanceof URIError) return NOT_HERE;
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large')
    return { code: 'too_large', message: `A body is at most ${PAYLOAD_MAX_BYTES} bytes.` };
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return { code: 'unsupported_type', message: 'Send the input as plain UTF-8 JSON.' };
  if (typeof type === 'string') return { code: 'invalid', message: 'The body is not a JSON object.' };
  log.error({ err: error, correlationId }, 'a fault of ours');
  return internal(correlationId);
}
