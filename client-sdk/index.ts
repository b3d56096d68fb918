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
export type { LiveCalls, NewCall } from './core/call-api.ts';
export type {
  LiveOpportunity,
  NewDemand,
  NewProposal,
  NewRecord,
  Opportunities,
  OpportunityCommand,
  OpportunityInput,
  Plaza,
  PlazaFilter,
} from './core/opportunity-api.ts';
export type { FileInfo } from '../shared/contract/files.ts';
export type { Clock } from './core/clock.ts';
export { RoomError } from '../shared/contract/errors.ts';
export { streamToCall } from './core/room-calls.ts';
export type { Connection, ConnectionAuth, ConnectionListener, Transport } from './core/transport.ts';
export { newClientId } from './session/chance.ts';
export { createClient } from './session/client.ts';
export { localOutboxStorage, memoryStorage } from './session/outbox-storage.ts';
export { socketIoTransport, type SocketIoOptions } from './transport/socket-io-transport.ts';
