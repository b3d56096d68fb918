import type { Json } from './json-schemas.ts';

/** An error as it travels: over Socket.IO in an ack or in `connect_error.data`, over HTTP as the fields of a problem document. */
export function errorSchema(codes: readonly string[]): Json {
  return {
    type: 'object',
    required: ['code', 'message'],
    properties: {
      code: { type: 'string', enum: codes },
      message: { type: 'string' },
      details: { description: 'For invalid: path and reason of each fault. For conflict: the present state.' },
      retryAfterMs: { type: 'integer', minimum: 1, description: 'Milliseconds after which the same call may succeed.' },
    },
  };
}
