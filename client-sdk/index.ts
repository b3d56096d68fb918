export type {
  Client,
  ClientEvents,
  ClientOptions,
  ClientState,
  Identity,
  LiveRoom,
  NodeAct,
  OutboxStorage,
  PageSignals,
  PendingMessage,
  PendingState,
  ProjectCommand,
  RoomEvents,
  RoomSnapshot,
  RoomStatus,
  SendOptions,
  SentMessage,
  StoredMessage,
  StreamView,
  TokenReason,
  UploadOptions,
} from './core/api.ts';
export type { FileInfo } from '../shared/contract/files.ts';
export type { Clock } from './core/clock.ts';
export { RoomError } from '../shared/contract/errors.ts';
export type { Connection, ConnectionAuth, ConnectionListener, Transport } from './core/transport.ts';
export { createClient } from './session/client.ts';
export { localOutboxStorage, memoryStorage } from './session/outbox-storage.ts';
export { socketIoTransport, type SocketIoOptions } from './transport/socket-io-transport.ts';
