import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import express, { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import { RoomError, type WireError } from '../../../shared/contract/errors.ts';
import { CALLBACK_ANSWER_MS, CALLBACK_MAX_BYTES } from '../../../shared/contract/limits.ts';
import { type CallBridge, CallbackRefused } from '../../calls/bridges/call-bridge.ts';
import type { Calls } from '../../calls/calls.ts';
import { hearAll } from '../../calls/hear-all.ts';
import type { Clock } from '../../clock.ts';
import { toWireError } from '../../registry/execute.ts';
import type { InFlight } from '../../registry/in-flight.ts';
import type { Rates } from '../../registry/rates.ts';
import type { Figures } from '../../telemetry/figures.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AddressOf } from '../client-address.ts';
import { sendProblem } from '../problem.ts';

/** Where carriers tell what becomes of calls. */
export const CALLBACKS_PATH = '/callbacks/calls';

export interface CallRoutesParts {
  /** Undefined where nothing joins phones: nothing is at the address then. */
  bridge: Pick<CallBridge, 'name' | 'read'> | undefined;
  calls: Pick<Calls, 'hear'>;
  /** True while there has been no database for some time: nobody waits for it then. */
  isDatabaseLost(): boolean;
  inFlight: InFlight;
  /** The real clock. */
  clock: Pick<Clock, 'after'>;
  rates: Rates;
  addressOf: AddressOf;
  figures: Figures;
  log: Log;
}

interface Locals {
  /** Milliseconds of `performance.now`. */
  begun: number;
  correlationId: string;
}

const NAME = `POST ${CALLBACKS_PATH}`;

/** What a carrier is told of a callback that is no good; how it should have been, a forger need not know. */
const NO_CALLBACK = 'This is no callback of the carrier.';

/**
 * Takes carriers' callbacks. One that is answered with 200 is on disk; any other answer makes a carrier that repeats them repeat it. Addresses, headers and bodies hold
 * numbers and keys: none of them is logged or answered, nor is an id that comes with them taken over.
 */
export function callRoutes(parts: CallRoutesParts): Router {
  const router = Router();
  if (parts.bridge === undefined) return router;
  const begin: RequestHandler<object, unknown, unknown, unknown, Locals> = (_request, response, next) => {
    response.locals.begun = performance.now();
    response.locals.correlationId = randomUUID();
    response.setHeader('X-Request-Id', response.locals.correlationId);
    next();
  };
  const raw = express.raw({ type: () => true, limit: CALLBACK_MAX_BYTES, inflate: false });
  router.post(CALLBACKS_PATH, begin, raw, hear(parts, parts.bridge), onFault(parts));
  return router;
}

function hear(
  parts: CallRoutesParts,
  bridge: Pick<CallBridge, 'name' | 'read'>,
): RequestHandler<object, unknown, unknown, unknown, Locals> {
  const { calls, isDatabaseLost, inFlight, clock, figures, log } = parts;
  return async (request, response) => {
    const { begun, correlationId } = response.locals;
    const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
    const { events, answer: wanted } = bridge.read({ url: request.originalUrl, headers: request.headers, body });
    const answer = await inFlight.run(async () => {
      try {
        if (isDatabaseLost()) throw notNow();
        await inTime(hearAll(calls, events, correlationId), clock);
        return { ok: true } as const;
      } catch (error) {
        return {
          ok: false,
          error: toWireError(error, { command: NAME, user: undefined, correlationId }, log),
        } as const;
      }
    });
    figures.answered(NAME, answer.ok ? 'ok' : answer.error.code, performance.now() - begun);
    if (answer.ok)
      response.writeHead(200, { 'Content-Type': wanted.type, 'Cache-Control': 'no-store' }).end(wanted.body);
    else sendProblem(response, answer.error);
  };
}

const notNow = (): RoomError =>
  new RoomError('unavailable', 'This cannot be stored right now: tell it again.', { retryAfterMs: 1000 });

/** Does not wait longer than carriers do. The work goes on: told again, it changes nothing. */
function inTime(work: Promise<void>, clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(CALLBACK_ANSWER_MS, () => reject(notNow()));
    work.finally(cancel).then(resolve, reject);
  });
}

/**
 * Answers what was no callback. Who sends such pays for it as strangers do for calls without a token, and is told so once it is too much; a carrier behind the
 * same address does not pay for them.
 */
function onFault(parts: CallRoutesParts): ErrorRequestHandler<object, unknown, unknown, unknown, Locals> {
  const { figures } = parts;
  return (error: unknown, request, response, next) => {
    const { begun, correlationId } = response.locals;
    // Nobody is there any more.
    if (response.headersSent || response.destroyed) {
      next(error);
      return;
    }
    const problem = problemOf(error, parts, request, correlationId);
    figures.answered(NAME, problem.code, performance.now() - begun);
    sendProblem(response, problem);
  };
}

function problemOf(
  error: unknown,
  { bridge, rates, addressOf, log }: CallRoutesParts,
  request: IncomingMessage,
  correlationId: string,
): WireError {
  const refusal = refusalOf(error);
  if (refusal === undefined) return toWireError(error, { command: NAME, user: undefined, correlationId }, log);
  try {
    rates.take('handshake', addressOf(request));
  } catch (excess) {
    if (!(excess instanceof RoomError)) throw excess;
    return excess.toWire();
  }
  // Within the rates, so that nobody fills the log: a key or token that was set wrongly shows here.
  log.warn({ bridge: bridge?.name, reason: refusal.reason, correlationId }, 'a callback was refused');
  return refusal.error;
}

/** What is wrong with a request, as far as the request is what is wrong. */
function refusalOf(error: unknown): { reason: string; error: WireError } | undefined {
  if (error instanceof CallbackRefused) {
    const code = error.status === 403 ? 'forbidden' : 'invalid';
    return { reason: error.message, error: { code, message: NO_CALLBACK } };
  }
  // Express's body parser names what it complains of.
  const type = error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : undefined;
  switch (type) {
    case undefined:
      return undefined;
    case 'entity.too.large':
      return { reason: 'too large', error: { code: 'too_large', message: NO_CALLBACK } };
    case 'encoding.unsupported':
      return { reason: 'encoded', error: { code: 'unsupported_type', message: NO_CALLBACK } };
    default:
      return { reason: 'not whole', error: { code: 'invalid', message: NO_CALLBACK } };
  }
}
