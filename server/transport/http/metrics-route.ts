import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { RoomError } from '../../../shared/contract/errors.ts';
import type { Settings } from '../../app/settings.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { sendProblem } from '../problem.ts';

export interface MetricsRouteParts {
  settings: Pick<Settings, 'metricsToken' | 'production'>;
  metrics: Pick<Metrics, 'contentType' | 'text'>;
  /** @throws {RoomError} `rate_limited` for somebody who has tried too often */
  onRefused(request: IncomingMessage): void;
  log: Log;
}

/**
 * Answers `/metrics`, for an HTTP server with or without Express. With a token to whoever shows it; without one to this machine alone, and in production to nobody: a proxy on
 * the same machine would make everybody look like this machine.
 */
export function metricsRoute({ settings, metrics, onRefused, log }: MetricsRouteParts) {
  const { metricsToken, production } = settings;
  const isKnown = metricsToken === undefined ? undefined : sameAs(metricsToken);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (isKnown === undefined && (production || !isFromHere(request))) {
      sendProblem(response, { code: 'not_found', message: 'There is nothing at this address.' });
      return;
    }
    try {
      if (isKnown?.(bearerIn(request)) === false) {
        onRefused(request);
        throw new RoomError('unauthenticated', 'The metrics are for who has METRICS_TOKEN.');
      }
      const text = await metrics.text();
      response.writeHead(200, { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' }).end(text);
    } catch (error) {
      if (error instanceof RoomError) {
        sendProblem(response, error.toWire());
        return;
      }
      log.error({ err: error }, 'the metrics could not be read');
      sendProblem(response, {
        code: 'unavailable',
        message: 'The metrics cannot be read right now.',
        retryAfterMs: 1000,
      });
    }
  };
}

const bearerIn = ({ headers }: IncomingMessage): string =>
  /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in a time that tells nothing of how much of it is right. */
function sameAs(token: string): (shown: string) => boolean {
  const right = digest(token);
  return (shown) => timingSafeEqual(digest(shown), right);
}

const here = new BlockList();
here.addSubnet('127.0.0.0', 8, 'ipv4');
here.addAddress('::1', 'ipv6');
const PASSED_ON = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'];

function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const { remoteAddress = '' } = socket;
  const isThisMachine =
    isIP(remoteAddress) !== 0 && here.check(remoteAddress, isIP(remoteAddress) === 6 ? 'ipv6' : 'ipv4');
  return isThisMachine && PASSED_ON.every((name) => headers[name] === undefined);
}
