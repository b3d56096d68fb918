import type { WireError } from '../../shared/contract/errors.ts';
import type { Role, Side } from '../../shared/contract/primitives.ts';
import type { CommandArgs, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type { Log } from '../telemetry/log.ts';

/** Who is calling, as their token says. */
export interface Caller {
  readonly userId: string;
  readonly name: string;
  readonly side: Side;
  readonly org?: string;
  readonly roles: readonly Role[];
  readonly dept?: string;
  /** When the token is over, in milliseconds of the real clock. */
  readonly expiresAt: number;
  /** When it was issued, likewise; absent where it does not say. */
  readonly issuedAt?: number;
}

/** A live connection, as the commands that belong to one see it. */
export interface Connection {
  readonly id: string;
  /** True until the connection has ended. */
  isOpen(): boolean;
  /** Who it belongs to now: their rights may have changed since the call began. */
  caller(): Caller;
  joinedRooms(): ReadonlySet<string>;
  enter(roomId: string, streams: readonly string[]): void;
  leave(roomId: string): void;
  /** Resolves when everything that the new bearer may not read is taken away. */
  renew(caller: Caller): Promise<void>;
}

/** A place in the order in which one connection's calls arrived. */
export interface Turn {
  /** Resolves when those before it have passed theirs on. */
  comes: Promise<void>;
  pass(): void;
}

/** One call of one command. */
export interface Call {
  readonly caller: Caller;
  readonly connection?: Connection;
  /** For what goes into the timeline: what one connection sends is stored in the order in which it was sent. */
  readonly turn?: Turn;
  readonly log: Log;
  /** Follows the call from the command through the log. */
  readonly correlationId: string;
}

export type Handler<Name extends CommandName> = (args: CommandArgs<Name>, call: Call) => Promise<CommandOutput<Name>>;
export type Handlers = { readonly [Name in CommandName]: Handler<Name> };

export type Answer<Name extends CommandName = CommandName> =
  | { ok: true; data: CommandOutput<Name> }
  | { ok: false; error: WireError };
