import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Rates } from '../registry/rates.ts';
import type { Storage } from '../storage/connect.ts';
import type { Figures } from '../telemetry/figures.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { AddressOf } from '../transport/client-address.ts';
import { metricsRoute } from '../transport/http/metrics-route.ts';
import type { Context } from './context.ts';
import { processReadings, serverReadings, type ServerReadingsParts } from './readings.ts';
import type { Settings } from './settings.ts';

export interface ShowMetricsParts {
  settings: Settings;
  figures: Figures;
  context: Context;
  storage: Storage;
  /** Absent where there is no Redis. */
  redis: { readonly up: boolean } | undefined;
  server: ServerReadingsParts;
  rates: Rates;
  addressOf: AddressOf;
}

/** The metrics of a server, until they are closed. */
export function showMetrics({
  settings,
  figures,
  context,
  storage,
  redis,
  server,
  rates,
  addressOf,
}: ShowMetricsParts): {
  route(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): void;
} {
  const { log, onError } = context;
  const metrics = createMetrics({
    figures,
    process: processReadings(context, storage, redis),
    server: serverReadings(server),
    onError,
  });
  const onRefused = (request: IncomingMessage): void => rates.take('handshake', addressOf(request));
  return { route: metricsRoute({ settings, metrics, onRefused, log }), close: () => metrics.close() };
}
