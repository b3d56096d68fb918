import type { Entry } from '../../shared/contract/entries.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import { TEXT_MAX } from '../../shared/contract/limits.ts';
import type { OutboxStorage, SendOptions, SentMessage } from '../core/api.ts';
import type { Clock } from '../core/clock.ts';
import { asRoomError } from '../core/failure.ts';
import {
  acknowledge,
  again,
  attemptFailed,
  connectedAgain,
  due,
  findMessage,
  markSending,
  type Outbox,
  OUTBOX_MAX,
  type OutboxMessage,
  ownEntries,
  restore,
  type Shown,
  shownBy,
  toStored,
  without,
} from '../core/outbox.ts';
import { newUuid } from './chance.ts';
import type { Session } from './session.ts';
import { Timers } from './timers.ts';

export interface OutboxSenderOptions {
  session: Session;
  clock: Clock;
  random: () => number;
  storage: OutboxStorage;
}

/** What the outbox asks of, and tells, the client around it. */
export interface OutboxListener {
  /** False while a room that is held open has not been joined: its answer may show that a message had arrived. */
  maySend(roomId: string): boolean;
  /** The server's ack came with the entry; answers whether the room takes it in, so that the timeline will show it. */
  acknowledged(entry: Entry): boolean;
  changed(roomIds: ReadonlySet<string>): void;
  error(error: RoomError): void;
}

interface Settling {
  readonly promise: Promise<Entry>;
  readonly resolve: (entry: Entry) => void;
  readonly reject: (error: RoomError) => void;
}

const CLOSED = 'The client was closed before the message was known to be stored';

/** Sends what is in the outbox, in order, once, as often as it takes. */
export class OutboxSender {
  readonly #options: OutboxSenderOptions;
  readonly #listener: OutboxListener;
  readonly #timers: Timers;
  readonly #settling = new Map<string, Settling>();
  #outbox: Outbox = [];
  #order = 0;
  #owner: string | undefined;
  #loaded = false;
  #writes: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: OutboxSenderOptions, listener: OutboxListener) {
    this.#options = options;
    this.#listener = listener;
    this.#timers = new Timers(options.clock);
  }

  get outbox(): Outbox {
    return this.#outbox;
  }

  send(roomId: string, text: string, { stream = 'public', ...more }: SendOptions): SentMessage {
    if (this.#closed) throw new RoomError('unavailable', 'The client is closed');
    if (text.trim() === '' || text.length > TEXT_MAX || !text.isWellFormed() || text.includes('\u0000')) {
      throw new RoomError('invalid', `A message has 1 to ${TEXT_MAX} characters and more than white space`);
    }
    if (this.#outbox.length >= OUTBOX_MAX) {
      throw new RoomError('rate_limited', `${OUTBOX_MAX} messages are waiting to be sent`);
    }
    const { clock, random } = this.#options;
    const message: OutboxMessage = {
      clientId: newUuid(random),
      roomId,
      stream,
      text,
      ...more,
      createdAt: clock.now(),
      order: this.#order++,
      state: 'pending',
      attempts: 0,
      notBefore: 0,
    };
    this.#become([...this.#outbox, message]);
    this.flush();
    return { clientId: message.clientId, settled: this.#settlingOf(message.clientId).promise };
  }

  retry(roomId: string, clientId: string): SentMessage {
    const message = findMessage(this.#outbox, clientId);
    if (message?.roomId !== roomId) throw new RoomError('not_found', 'No such message is waiting');
    this.#become(again(this.#outbox, clientId));
    this.flush();
    return { clientId, settled: this.#settlingOf(clientId).promise };
  }

  discard(roomId: string, clientId: string): boolean {
    const message = findMessage(this.#outbox, clientId);
    if (message?.roomId !== roomId || message.state === 'sending' || message.state === 'sent') return false;
    this.#settle(clientId, new RoomError('conflict', 'The message was discarded'));
    this.#become(without(this.#outbox, [message]));
    this.flush();
    return true;
  }

  /** A connection is open: loads what an earlier life of the page left, once, then sends. */
  async connected(owner: string): Promise<void> {
    this.#become(connectedAgain(this.#outbox));
    if (this.#owner === undefined) {
      this.#owner = owner;
      await this.#load(owner);
    }
    this.flush();
  }

  async #load(owner: string): Promise<void> {
    const { clock, storage } = this.#options;
    try {
      const stored = await storage.load(owner);
      if (this.#closed) return;
      const written = this.#outbox;
      this.#become(restore(written, stored, clock.now()), { store: false });
      for (const message of written) this.#store((storage) => storage.put(owner, toStored(message)));
      this.#order = Math.max(this.#order, ...stored.map(({ order }) => order + 1));
    } catch (fault) {
      this.#listener.error(asRoomError(fault, 'internal'));
    } finally {
      this.#loaded = true;
    }
  }

  /** Sends whatever may be sent now. */
  flush(): void {
    const { session, clock } = this.#options;
    if (!session.online || !this.#loaded || this.#closed) return;
    const ready = due(this.#outbox, clock.now());
    for (const message of ready.messages) if (this.#listener.maySend(message.roomId)) void this.#transmit(message);
    if (ready.lookAgainAt === undefined) this.#timers.cancel('retry');
    else this.#timers.set('retry', ready.lookAgainAt - clock.now(), () => this.flush());
  }

  /** Timelines have come further: messages that they show are done, all in one step, so that none is ever seen twice. */
  shown(timelines: readonly Shown[]): void {
    const done: OutboxMessage[] = [];
    for (const timeline of timelines) {
      for (const message of shownBy(this.#outbox, timeline)) {
        done.push(message);
        const entry = ownEntries(timeline).find(({ clientId }) => clientId === message.clientId);
        if (entry) this.#settle(message.clientId, entry);
      }
    }
    if (done.length === 0) return;
    this.#become(without(this.#outbox, done));
    this.flush();
  }

  /** Sent messages of a room whose timeline is not shown (any more) need not wait for it. */
  released(roomId: string, stream?: string): void {
    const ofRoom = (message: OutboxMessage) =>
      message.roomId === roomId && (stream === undefined || message.stream === stream) && message.state === 'sent';
    this.#become(without(this.#outbox, this.#outbox.filter(ofRoom)));
  }

  /** Ends everything. Resolves when the storage has taken what was written last. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timers.cancelAll();
    for (const clientId of this.#settling.keys()) this.#settle(clientId, new RoomError('unavailable', CLOSED));
    await this.#writes;
  }

  async #transmit({ clientId, roomId, stream, text, attachments, replyTo, mentions }: OutboxMessage): Promise<void> {
    const { session, clock, random } = this.#options;
    this.#become(markSending(this.#outbox, clientId));
    try {
      const { entry } = await session.request('message.send', {
        roomId,
        stream,
        clientId,
        text,
        ...(attachments ? { attachments: [...attachments] } : {}),
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(mentions ? { mentions: [...mentions] } : {}),
      });
      this.#settle(clientId, entry);
      const acknowledged = acknowledge(this.#outbox, clientId, entry);
      this.#become(acknowledged);
      if (!this.#listener.acknowledged(entry)) this.released(roomId, stream);
    } catch (fault) {
      if (this.#closed) return;
      const error = asRoomError(fault, 'internal');
      this.#become(attemptFailed(this.#outbox, clientId, error, clock.now(), random()));
      if (findMessage(this.#outbox, clientId)?.state === 'failed') this.#settle(clientId, error);
    }
    this.flush();
  }

  #settlingOf(clientId: string): Settling {
    const known = this.#settling.get(clientId);
    if (known) return known;
    let resolve!: Settling['resolve'];
    let reject!: Settling['reject'];
    const promise = new Promise<Entry>((onEntry, onError) => {
      resolve = onEntry;
      reject = onError;
    });
    // Nobody has to wait for it: the snapshot shows the failure too.
    promise.catch(() => {});
    const settling = { promise, resolve, reject };
    this.#settling.set(clientId, settling);
    return settling;
  }

  #settle(clientId: string, outcome: Entry | RoomError): void {
    const settling = this.#settling.get(clientId);
    this.#settling.delete(clientId);
    if (outcome instanceof RoomError) settling?.reject(outcome);
    else settling?.resolve(outcome);
  }

  #become(outbox: Outbox, { store = true } = {}): void {
    const before = this.#outbox;
    if (outbox === before) return;
    this.#outbox = outbox;
    const changed = changedMessages(before, outbox);
    if (store && this.#owner !== undefined) for (const { old, now } of changed) this.#record(this.#owner, old, now);
    if (changed.length > 0) {
      this.#listener.changed(new Set(changed.map(({ old, now }) => ((now ?? old) as OutboxMessage).roomId)));
    }
  }

  /** Keeps the storage in step. Only what a later life of the page must know is written. */
  #record(owner: string, old: OutboxMessage | undefined, now: OutboxMessage | undefined): void {
    const gone = !now || now.state === 'sent';
    if (gone && old && old.state !== 'sent') this.#store((storage) => storage.remove(owner, old.clientId));
    if (!gone && (!old || (old.state === 'failed') !== (now.state === 'failed'))) {
      this.#store((storage) => storage.put(owner, toStored(now)));
    }
  }

  #store(write: (storage: OutboxStorage) => void | Promise<void>): void {
    this.#writes = this.#writes
      .then(() => write(this.#options.storage))
      .catch((fault: unknown) => this.#listener.error(asRoomError(fault, 'internal')));
  }
}

function changedMessages(
  before: Outbox,
  after: Outbox,
): { old: OutboxMessage | undefined; now: OutboxMessage | undefined }[] {
  const old = new Map(before.map((message) => [message.clientId, message]));
  const changed: { old: OutboxMessage | undefined; now: OutboxMessage | undefined }[] = [];
  for (const message of after) {
    const past = old.get(message.clientId);
    old.delete(message.clientId);
    if (past !== message) changed.push({ old: past, now: message });
  }
  for (const message of old.values()) changed.push({ old: message, now: undefined });
  return changed;
}
