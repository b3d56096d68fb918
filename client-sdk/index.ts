export type {
  Client,
  ClientEvents,
  ClientOptions,
  ClientState,
  Identity,
  LiveRoom,
  OutboxStorage,
  PageSignals,
  PendingMessage,
  PendingState,
  RoomEvents,
  RoomSnapshot,
  RoomStatus,
  SendOptions,
  SentMessage,
  StoredMessage,
  StreamView,
  TokenReason,
} from './core/api.ts';
export type { Clock } from './core/clock.ts';
export { RoomError } from './core/room-error.ts';
export type { Connection, ConnectionAuth, ConnectionListener, Transport } from './transport/transport.ts';
