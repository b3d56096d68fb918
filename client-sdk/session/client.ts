import type { Entry } from '../../shared/contract/entries.ts';
import type { FileInfo } from '../../shared/contract/files.ts';
import type { ServerEventName, ServerEvents } from '../../shared/contract/events.ts';
import type { Opportunity } from '../../shared/contract/opportunities.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type {
  Client,
  ClientEvents,
  ClientOptions,
  ClientState,
  Identity,
  LiveRoom,
  UploadOptions,
} from '../core/api.ts';
import { type ConnectionState, looksTheSame, publicState } from '../core/connection-state.ts';
import { Emitter } from '../core/emitter.ts';
import { asRoomError } from '../core/failure.ts';
import { uploadFile } from '../transport/file-upload.ts';
import { socketIoTransport } from '../transport/socket-io-transport.ts';
import { systemRandom } from './chance.ts';
import { RoomShell, type RoomShellOptions } from './live-room.ts';
import { OpportunitiesShell } from './opportunities.ts';
import { memoryStorage } from './outbox-storage.ts';
import { OutboxSender } from './outbox-sender.ts';
import { pageSignals } from './page-signals.ts';
import { Session } from './session.ts';
import { systemClock } from './system-clock.ts';

const DEADLINE_MS = 10_000;
const LIVENESS_MS = 20_000;

/** Makes a client. Nothing is started, and no global is touched, before `connect`. */
export function createClient(options: ClientOptions): Client {
  return new ClientShell(options);
}

class ClientShell implements Client {
  readonly #emitter: Emitter<ClientEvents>;
  readonly #session: Session;
  readonly #outbox: OutboxSender;
  readonly #rooms = new Map<string, RoomShell>();
  readonly opportunities: OpportunitiesShell;
  readonly #roomOptions: RoomShellOptions;
  readonly #url: string;
  readonly #waitingCalls = new Set<() => void>();
  #state: ClientState = { status: 'idle' };

  constructor(options: ClientOptions) {
    const { clock = systemClock, random = systemRandom, storage = memoryStorage } = options;
    this.#url = options.url.replace(/\/+$/, '');
    this.#emitter = new Emitter((fault) => this.#listenerFailed(fault));
    this.#session = new Session(
      {
        url: this.#url,
        getToken: options.getToken,
        transport: options.transport ?? socketIoTransport(),
        clock,
        random,
        signals: options.signals ?? pageSignals,
        deadlineMs: options.deadlineMs ?? DEADLINE_MS,
      },
      {
        changed: (state, before) => this.#connectionChanged(state, before),
        event: (name, payload) => this.#eventCame(name, payload),
        error: (error) => this.#emitter.emit('error', error),
      },
    );
    this.#outbox = new OutboxSender(
      { session: this.#session, clock, random, storage },
      {
        maySend: (roomId) => this.#rooms.get(roomId)?.maySend ?? true,
        acknowledged: (entry: Entry) => this.#rooms.get(entry.roomId)?.acknowledged(entry) ?? false,
        changed: (roomIds) => {
          for (const roomId of roomIds) this.#rooms.get(roomId)?.outboxChanged();
        },
        error: (error) => this.#emitter.emit('error', error),
      },
    );
    const livenessMs = options.livenessMs ?? LIVENESS_MS;
    this.#roomOptions = { session: this.#session, outbox: this.#outbox, clock, random, livenessMs };
    this.opportunities = new OpportunitiesShell({
      session: this.#session,
      clock,
      random,
      room: (roomId) => this.room(roomId),
      came: (opportunity) => this.#opportunityCame(opportunity),
      onFault: (fault) => this.#listenerFailed(fault),
    });
  }

  get state(): ClientState {
    return this.#state;
  }

  get me(): Identity | undefined {
    return this.#session.me;
  }

  connect(): void {
    this.#session.connect();
  }

  async close(): Promise<void> {
    for (const room of this.#rooms.values()) room.end();
    this.opportunities.end();
    this.#session.close();
    await this.#outbox.close();
    this.#emitter.clear();
  }

  async call<Name extends CommandName>(
    name: Name,
    input: CommandInput<Name>,
    { deadlineMs }: { deadlineMs?: number } = {},
  ): Promise<CommandOutput<Name>> {
    if (this.#state.status === 'connecting') await this.#connected(deadlineMs ?? DEADLINE_MS);
    const output = await this.#session.request(name, input, deadlineMs);
    // A room that is open shows what a command on what it is about answered, without waiting for the event.
    if ('project' in output && 'version' in output.project) {
      this.#rooms.get(output.project.roomId)?.projectCame(output.project);
    }
    if ('opportunity' in output) this.#opportunityCame(output.opportunity);
    if ('call' in output) this.#rooms.get(output.call.roomId)?.callCame(output.call);
    return output;
  }

  async upload(options: UploadOptions): Promise<FileInfo> {
    const token = await this.#session.usableToken();
    try {
      return await uploadFile(this.#url, token, options);
    } catch (fault) {
      if (asRoomError(fault, 'internal').code !== 'unauthenticated') throw fault;
      return uploadFile(this.#url, await this.#session.usableToken(token), options);
    }
  }

  async fileLink(fileId: string): Promise<{ url: string; expiresAt: string }> {
    const { url, expiresAt } = await this.call('file.link', { fileId });
    return { url: `${this.#url}${url}`, expiresAt };
  }

  on<Name extends keyof ClientEvents>(name: Name, listener: (payload: ClientEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  room(roomId: string): LiveRoom {
    const known = this.#rooms.get(roomId);
    if (known) return known;
    const room = new RoomShell(roomId, this.#roomOptions, (fault) => this.#listenerFailed(fault));
    this.#rooms.set(roomId, room);
    return room;
  }

  /** Between `connect` and the connection a page may call already; its deadline counts from then. */
  #connected(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        cancel();
        this.#waitingCalls.delete(go);
        resolve();
      };
      const cancel = this.#roomOptions.clock.after(deadlineMs, go);
      this.#waitingCalls.add(go);
    });
  }

  #connectionChanged(state: ConnectionState, before: ConnectionState): void {
    if (looksTheSame(before, state)) return;
    this.#state = publicState(state);
    if (before.status === 'online' && state.status !== 'online') {
      for (const room of this.#rooms.values()) room.disconnected();
    }
    if (before.status !== 'online' && state.status === 'online') {
      for (const room of this.#rooms.values()) room.connected();
      void this.#outbox.connected(this.#session.me?.userId ?? '');
    }
    if (state.status !== 'connecting') {
      for (const go of this.#waitingCalls) go();
    }
    this.#emitter.emit('state', this.#state);
  }

  #eventCame<Name extends ServerEventName>(name: Name, payload: ServerEvents[Name]): void {
    const event = { name, payload } as {
      [N in ServerEventName]: { name: N; payload: ServerEvents[N] };
    }[ServerEventName];
    const room = 'roomId' in event.payload ? this.#rooms.get(event.payload.roomId) : undefined;
    switch (event.name) {
      case 'entry':
        room?.entryCame(event.payload);
        break;
      case 'receipt':
        room?.receiptCame(event.payload);
        break;
      case 'typing':
        room?.typingCame(event.payload);
        break;
      case 'presence':
        room?.presenceCame(event.payload);
        break;
      case 'project':
        room?.projectCame(event.payload);
        break;
      case 'opportunity':
        this.#opportunityCame(event.payload);
        break;
      case 'access.revoked':
        room?.revoked(event.payload);
        break;
      case 'inbox':
        this.#emitter.emit('inbox', event.payload);
        break;
      case 'desk':
        this.#emitter.emit('desk', event.payload);
        break;
      case 'connection.cut':
        this.#emitter.emit('cut', event.payload);
        break;
      case 'auth.expiring':
        this.#emitter.emit('tokenExpiring', event.payload);
        break;
      case 'server.draining':
        this.#emitter.emit('draining', event.payload);
        break;
    }
  }

  /** How a demand stands, out of an event or an answer: its room and whoever watches it are told. */
  #opportunityCame(opportunity: Opportunity): void {
    this.#rooms.get(opportunity.roomId)?.opportunityCame(opportunity);
    this.opportunities.came(opportunity);
  }

  /** A listener of the page threw: the page hears of it, and the SDK goes on. A throwing `error` listener is not told again. */
  #listenerFailed(fault: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#emitter.emit('error', asRoomError(fault, 'internal'));
    this.#failing = false;
  }
  #failing = false;
}
