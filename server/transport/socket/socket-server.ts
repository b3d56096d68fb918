import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server as HttpServer, ServerResponse } from 'node:http';
import { Server, type ServerOptions as SocketServerOptions } from 'socket.io';
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { RoomError } from '../../../shared/contract/errors.ts';
import {
  CONNECTIONS_PER_USER,
  CONTRACT_VERSION,
  PAYLOAD_MAX_BYTES,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
} from '../../../shared/contract/limits.ts';
import type { Settings } from '../../app/settings.ts';
import type { Tokens } from '../../auth/tokens.ts';
import { emitTo, type RoomsServer, type RoomsSocket } from '../../live/rooms-socket.ts';
import type { Barred } from '../../registry/admit.ts';
import type { Caller } from '../../registry/call.ts';
import { internal } from '../../registry/execute.ts';
import { crossOrigin } from '../origin.ts';
import { refuseHandshake } from '../problem.ts';
import { type AnswerParts, createEventListener } from './answer-call.ts';
import type { Deaf } from './deaf.ts';
import type { Strangers } from './strangers.ts';

export interface SocketServerParts extends AnswerParts {
  settings: Pick<Settings, 'transports' | 'allowedOrigins' | 'rateLimitFactor'>;
  tokens: Tokens;
  strangers: Strangers;
  deaf: Deaf<RoomsSocket>;
  barred: Barred;
  /** True once this server stops: nobody new is let in. */
  isStopping(): boolean;
  /** Of several servers; undefined for one that serves alone. */
  adapter?: SocketServerOptions['adapter'] | undefined;
  /** How many connections a person with so many here has at other servers, as far as it is known. Never rejects. */
  connectionsElsewhere?(userId: string, here: number): Promise<number>;
}

/** Engine.IO's code for what `allowRequest` refused. */
const FORBIDDEN = 4;

/** How long a client may take to answer the closing of its WebSocket, in milliseconds; after that the TCP connection is cut. */
const CLOSING_MS = 2_000;

/** Engine.IO's packet that says nothing. */
const NOOP = '6';

/** A WebSocket whose control frames count as packets that say nothing: Engine.IO does not see them, and would let a client send any number. */
class CountedWebSocket extends WebSocket {
  // Not by a listener: each connection would pay for its place.
  override emit(name: string | symbol, ...args: unknown[]): boolean {
    if (name === 'ping' || name === 'pong') super.emit('message', NOOP, false);
    return super.emit(name, ...args);
  }
}

class WebSockets extends WebSocketServer {
  constructor(options: ServerOptions) {
    // The types do not know the first option yet.
    super(Object.assign({}, options, { closeTimeout: CLOSING_MS, WebSocket: CountedWebSocket }));
  }
}

/** Serves the registry over Socket.IO: authentication at the handshake, one listener for every command, an ack for every answer. */
export function createSocketServer(http: HttpServer, parts: SocketServerParts): RoomsServer {
  const { settings, strangers, cuts, deaf, hub, expiry, log } = parts;
  const io: RoomsServer = new Server(http, {
    transports: [...settings.transports],
    serveClient: false,
    maxHttpBufferSize: PAYLOAD_MAX_BYTES,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    wsEngine: WebSockets,
    perMessageDeflate: false,
    httpCompression: false,
    ...(parts.adapter === undefined ? {} : { adapter: parts.adapter }),
    // Asked for a handshake only; requests of an open session pass the check of the origin alone.
    allowRequest(request, decide) {
      try {
        if (parts.isStopping()) throw new RoomError('unavailable', 'This server is stopping.', { retryAfterMs: 1000 });
        strangers.admit(request);
        decide(null, true);
      } catch (error) {
        const refusal = explain(error, parts);
        parts.figures.handshakes.add(refusal.code);
        refuseHandshake(request, refusal);
        decide('refused', false);
      }
    },
  });
  io.engine.use(crossOrigin(settings.allowedOrigins, log));
  io.engine.use(forgetRequest);
  io.engine.on('connection', (connection) => strangers.watch(connection));
  // What Engine.IO itself refuses: an unknown session or transport, another protocol. Our own refusals are written down where they are decided.
  io.engine.on('connection_error', ({ code, message }: { code: number; message: string }) => {
    if (code !== FORBIDDEN) log.debug({ reason: message }, 'a transport request was refused');
  });
  hub.attach(io, (socket) => deaf.look(socket));

  io.use((socket, next) => {
    strangers
      .authenticate(socket.conn, () => authenticate(socket.handshake.auth, parts))
      .then(
        (caller) => {
          socket.data.caller = caller;
          parts.figures.handshakes.add('ok');
          next();
        },
        (error: unknown) => {
          const data = explain(error, parts);
          parts.figures.handshakes.add(data.code);
          next(Object.assign(new Error(data.message), { data }));
        },
      );
  });

  // The same two functions for every connection: none costs a closure of its own.
  const onEvent = createEventListener(parts);
  const onDisconnecting = function (this: RoomsSocket, reason: string): void {
    expiry.unwatch(this);
    hub.remove(this);
    // There is no other namespace to go to; without this the connection would stay, and belong to nobody. Not now: closing it here would end it twice.
    if (reason === 'client namespace disconnect') process.nextTick(close, this.conn);
  };

  io.on('connection', (socket) => {
    hub.connected.add(socket);
    socket.onAny(onEvent);
    socket.on('disconnecting', onDisconnecting);
    cuts.tell(socket);
    expiry.watch(socket);
    letGo(socket);
    // What may have happened since the token was looked at.
    if (parts.barred(socket.data.caller) !== undefined || connectionsLeft(parts, socket.data.caller) < 0)
      socket.disconnect(true);
    else if (parts.connectionsElsewhere !== undefined) void cutExcess(parts, socket);
  });
  return io;
}

async function authenticate(auth: Record<string, unknown>, parts: SocketServerParts): Promise<Caller> {
  const version = auth['v'];
  if (version !== undefined && version !== CONTRACT_VERSION) {
    throw new RoomError('unsupported_version', `This server speaks version ${CONTRACT_VERSION} of the contract.`, {
      details: { supported: [CONTRACT_VERSION] },
    });
  }
  const caller = await parts.tokens.verify(auth['token']);
  const reason = parts.barred(caller);
  if (reason !== undefined) throw new RoomError('unauthenticated', reason);
  const elsewhere = await parts.connectionsElsewhere?.(caller.userId, parts.hub.connected.count(caller.userId));
  parts.cuts.admit(caller);
  if (connectionsLeft(parts, caller) < 1 + (elsewhere ?? 0))
    throw new RoomError('rate_limited', 'Too many connections of this user: close one first.', { retryAfterMs: 5000 });
  return caller;
}

function connectionsLeft({ hub, settings }: SocketServerParts, caller: Caller): number {
  if (settings.rateLimitFactor === 0) return Number.POSITIVE_INFINITY;
  const most = Math.max(1, Math.round(CONNECTIONS_PER_USER * settings.rateLimitFactor));
  return most - hub.connected.count(caller.userId);
}

/** Somebody may connect to several servers at once: each asks again when it has told of its own connection. */
async function cutExcess(parts: SocketServerParts, socket: RoomsSocket): Promise<void> {
  const { caller } = socket.data;
  const elsewhere = await parts.connectionsElsewhere?.(caller.userId, parts.hub.connected.count(caller.userId) - 1);
  if (connectionsLeft(parts, caller) >= (elsewhere ?? 0)) return;
  socket.disconnect(true);
  parts.figures.cuts.add('too_many_connections');
}

/** Writes down why somebody was not let in, never what they sent. */
function explain(error: unknown, { log }: SocketServerParts) {
  if (error instanceof RoomError) {
    log.info({ code: error.code, reason: error.message }, 'a handshake was refused');
    return error.toWire();
  }
  const correlationId = randomUUID();
  log.error({ err: error, correlationId }, 'a handshake failed');
  return internal(correlationId);
}

/**
 * Engine.IO's stand-in for the response to an upgrade waits for the end of the connection, and would hold the request with its headers as long:
 * 2 KB a connection. It stands last, so that the upgrade is done when `next` returns.
 */
function forgetRequest(_request: IncomingMessage, response: object, next: () => void): void {
  next();
  if (!(response instanceof ServerResponse)) Object.assign(response, { req: null });
}

const NOTHING = Object.freeze({});

/** Lets go of what the handshake needed and a live connection does not: the request, its headers and the token. */
function letGo(socket: RoomsSocket): void {
  Object.assign(socket, { handshake: NOTHING });
  Object.assign(socket.conn, { request: null });
}

const close = (connection: RoomsSocket['conn']): void => connection.close();

/** Tells every connection that this server stops at an instant. */
export function announceDraining(io: RoomsServer, at: string): void {
  // Socket.IO would tell the clients of every server.
  emitTo(io.local, 'server.draining', { at });
}
