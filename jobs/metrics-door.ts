import type { ServerResponse } from 'node:http';
import { listen } from '../server/app/front-door.ts';
import { type Settings, SettingsError } from '../server/app/settings.ts';
import { createRates } from '../server/registry/rates.ts';
import type { Log } from '../server/telemetry/log.ts';
import type { Metrics } from '../server/telemetry/metrics.ts';
import { clientAddress } from '../server/transport/client-address.ts';
import { metricsRoute } from '../server/transport/http/metrics-route.ts';
import { sendProblem } from '../server/transport/problem.ts';
import { HANDSHAKE_DEADLINE_MS } from '../shared/contract/limits.ts';

/** Where a process that serves no clients shows its metrics. */
export interface MetricsDoor {
  readonly url: string;
  /** From now on there is something to show. */
  open(metrics: Metrics): void;
  close(): void;
}

/**
 * Begins to listen on `METRICS_PORT`, for `/metrics` and `/healthz`.
 * @throws {SettingsError} when it cannot be listened on
 */
export async function openMetricsDoor(port: number, settings: Settings, log: Log): Promise<MetricsDoor> {
  const { host, rateLimitFactor, trustProxy } = settings;
  const door = await listen({ port, host, headersMs: HANDSHAKE_DEADLINE_MS }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingsError(`METRICS_PORT cannot be listened on: choose another, or unset it (${reason})`);
  });
  const rates = createRates(rateLimitFactor, () => Date.now());
  const addressOf = clientAddress(trustProxy);
  return {
    url: door.url,
    open(metrics) {
      const show = metricsRoute({
        settings,
        metrics,
        onRefused: (request) => rates.take('handshake', addressOf(request)),
        log,
      });
      door.open((request, response) => {
        const path = request.url?.split('?')[0];
        if (request.method === 'GET' && path === '/metrics') void show(request, response);
        else if (request.method === 'GET' && path === '/healthz') sendAlive(response);
        else sendProblem(response, { code: 'not_found', message: 'There is nothing at this address.' });
      });
    },
    close() {
      door.http.close();
      door.http.closeAllConnections();
    },
  };
}

function sendAlive(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}');
}
