import { randomUUID } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { RoomError } from '../../../shared/contract/errors.ts';
import {
  CONNECTIONS_PER_USER,
  CONTRACT_VERSION,
  HANDSHAKE_DEADLINE_MS,
  PAYLOAD_MAX_BYTES,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
} from '../../../shared/contract/limits.ts';
import { type CommandName, commands, isCommandName } from '../../../shared/contract/registry.ts';
import type { Settings } from '../../app/settings.ts';
import type { Tokens } from '../../auth/tokens.ts';
import { emitTo, type Hub, joinedRooms, type RoomsServer, type RoomsSocket } from '../../live/hub.ts';
import type { Expiry } from '../../live/expiry.ts';
import type { Answer, Caller, Connection } from '../../registry/call.ts';
import { type Execute, internal } from '../../registry/execute.ts';
import type { InFlight } from '../../registry/in-flight.ts';
import type { RoomDoc } from '../../rooms/room-store.ts';
import type { Log } from '../../telemetry/log.ts';
import { isAllowedOrigin } from '../origin.ts';

export interface SocketServerParts {
  settings: Settings;
  tokens: Tokens;
  execute: Execute;
  inFlight: InFlight;
  hub: Hub;
  expiry: Expiry;
  isInactive(userId: string): boolean;
  cachedRoom(roomId: string): RoomDoc | undefined;
  log: Log;
}

/** Serves the registry over Socket.IO: authentication at the handshake, one listener for every command, an ack for every answer. */
export function createSocketServer(http: HttpServer, parts: SocketServerParts): RoomsServer {
  const { settings, hub, expiry, log } = parts;
  const io: RoomsServer = new Server(http, {
    transports: [...settings.transports],
    serveClient: false,
    maxHttpBufferSize: PAYLOAD_MAX_BYTES,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    connectTimeout: HANDSHAKE_DEADLINE_MS,
    perMessageDeflate: false,
    httpCompression: false,
    cors: { origin: [...settings.allowedOrigins] },
    // CORS does not protect a WebSocket: the origin is looked at on every transport.
    allowRequest: (request, decide) => {
      const allowed = isAllowedOrigin(request, settings.allowedOrigins);
      decide(allowed ? null : 'this origin is not allowed', allowed);
    },
  });
  hub.attach(io);

  io.use((socket, next) => {
    authenticate(socket.handshake.auth, parts).then(
      (caller) => {
        socket.data.caller = caller;
        next();
      },
      (error: unknown) => next(connectError(error, log)),
    );
  });

  const onEvent = function (this: RoomsSocket, name: unknown, ...args: unknown[]): void {
    const last = args.at(-1);
    const ack = typeof last === 'function' ? last : undefined;
    answer(parts, this, name, args[0] === ack ? undefined : args[0]).then(
      (result) => ack?.(result),
      (error: unknown) => log.error({ err: error }, 'an ack could not be sent'),
    );
  };
  const onDisconnecting = function (this: RoomsSocket): void {
    expiry.unwatch(this);
    hub.remove(this);
  };

  io.on('connection', (socket) => {
    hub.add(socket);
    // The same two functions for every connection: none costs a closure of its own.
    socket.onAny(onEvent);
    socket.on('disconnecting', onDisconnecting);
    expiry.watch(socket);
    release(socket);
  });
  return io;
}

async function authenticate(
  auth: Record<string, unknown>,
  { tokens, hub, settings, isInactive }: SocketServerParts,
): Promise<Caller> {
  const version = auth['v'];
  if (version !== undefined && version !== CONTRACT_VERSION) {
    throw new RoomError('unsupported_version', `This server speaks version ${CONTRACT_VERSION} of the contract.`, {
      details: { supported: [CONTRACT_VERSION] },
    });
  }
  const caller = await tokens.verify(auth['token']);
  if (isInactive(caller.userId)) throw new RoomError('unauthenticated', 'This account is not active any more.');
  const most = CONNECTIONS_PER_USER * settings.rateLimitFactor;
  if (most > 0 && hub.connectionsOf(caller.userId) >= most) {
    throw new RoomError('rate_limited', `At most ${most} connections a user: close one first.`, { retryAfterMs: 5000 });
  }
  return caller;
}

function connectError(error: unknown, log: Log): Error {
  const known = error instanceof RoomError;
  if (!known) log.error({ err: error }, 'a handshake failed');
  const data = known ? error.toWire() : internal(randomUUID());
  return Object.assign(new Error(data.message), { data });
}

async function answer(parts: SocketServerParts, socket: RoomsSocket, name: unknown, input: unknown): Promise<Answer> {
  if (typeof name !== 'string' || !isCommandName(name)) {
    return { ok: false, error: { code: 'not_found', message: 'There is no such command.' } };
  }
  const { caller } = socket.data;
  const connection = commands[name].connectionBound === true ? connectionOf(parts, socket) : undefined;
  return parts.inFlight.track(
    parts.execute(name satisfies CommandName, input, {
      caller,
      ...(connection === undefined ? {} : { connection }),
      log: parts.log,
      correlationId: randomUUID(),
    }),
  );
}

function connectionOf({ hub, expiry, cachedRoom }: SocketServerParts, socket: RoomsSocket): Connection {
  return {
    id: socket.id,
    isOpen: () => socket.connected,
    joinedRooms: () => joinedRooms(socket),
    enter: (roomId, streams) => hub.enter(socket, roomId, streams),
    leave: (roomId) => {
      hub.leave(socket, roomId);
    },
    renew(caller) {
      hub.renew(socket, caller, cachedRoom);
      expiry.watch(socket);
    },
  };
}

/** Lets go of what the handshake needed and a live connection does not: the request, its headers and the token. */
function release(socket: RoomsSocket): void {
  socket.handshake.auth = {};
  socket.handshake.headers = {};
  Object.assign(socket.conn, { request: null });
}

/** Tells every connection that this server stops at an instant. */
export function announceDraining(io: RoomsServer, at: string): void {
  emitTo(io, 'server.draining', { at });
}
