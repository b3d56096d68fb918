import { ERROR_CODES, type ErrorCode } from '../../shared/contract/errors.ts';
import type { Json } from './json-schemas.ts';

/** One response for each status, with the codes that it stands for. */
export function refusals(codes: readonly ErrorCode[]): Json {
  const responses: Record<string, unknown> = {};
  const statuses = new Set(codes.map((code) => ERROR_CODES[code].status));
  for (const status of [...statuses].sort((a, b) => a - b)) {
    const own = [...new Set(codes)].filter((code) => ERROR_CODES[code].status === status);
    responses[String(status)] = {
      description: own.map((code) => `${code}: ${ERROR_CODES[code].title}.`).join(' '),
      ...(own.some((code) => ERROR_CODES[code].retry)
        ? { headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } } }
        : {}),
      content: {
        'application/problem+json': {
          schema: { allOf: [{ $ref: '#/components/schemas/Error' }], properties: { code: { enum: own } } },
        },
      },
    };
  }
  return responses;
}
