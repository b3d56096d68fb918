import type { IncomingMessage } from 'node:http';
import { RoomError } from '../../../shared/contract/errors.ts';
import type { Tokens } from '../../auth/tokens.ts';
import type { Caller } from '../../registry/call.ts';
import type { Rates } from '../../registry/rates.ts';
import type { AddressOf } from '../client-address.ts';

export interface BearerParts {
  tokens: Tokens;
  rates: Rates;
  addressOf: AddressOf;
}

/** Who a request comes from. @throws {RoomError} `unauthenticated`; `rate_limited` for an address from which too many of those come */
export async function bearerOf({ tokens, rates, addressOf }: BearerParts, request: IncomingMessage): Promise<Caller> {
  try {
    return await tokens.verify(/^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1]);
  } catch (error) {
    // A stranger pays for every call; a bearer from the same address does not pay for them.
    if (error instanceof RoomError && error.code === 'unauthenticated') rates.take('handshake', addressOf(request));
    throw error;
  }
}
