import type { ServerEvents } from '../../shared/contract/events.ts';
import { PRESENCE_GRACE_MS } from '../../shared/contract/limits.ts';
import { channelOf, parseChannel } from '../live/channels.ts';
import type { Hub } from '../live/hub.ts';
import type { Inbox } from '../live/inbox.ts';
import type { Others } from '../live/others.ts';
import { Packet } from '../live/packet.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { Appender } from '../timeline/appender.ts';
import { createAdapter } from './adapter.ts';
import { type Frame, type NewsFrame, readFrame, senderOf } from './frames.ts';
import { inTime } from './in-time.ts';
import { type ClusterTiming, Members } from './members.ts';
import { Names, newServerId } from './names.ts';
import { OwnRecord } from './own-record.ts';
import type { RedisLink } from './redis-link.ts';
import { SeatNews } from './seat-news.ts';
import { SharedConnections } from './shared-connections.ts';
import { SharedPresence } from './shared-presence.ts';
import { SharedRates } from './shared-rates.ts';
import { Teller } from './teller.ts';

/** How long who opens a room waits until this server hears what is said of it. */
const LISTENING_WITHIN_MS = 500;

/** What hears of other servers. */
export interface ClusterServer {
  hub: Hub;
  appender: Pick<Appender, 'arrive'>;
  rooms: RoomStore;
  inbox: Inbox;
  /** Looks for what other servers have changed. */
  changes: { wake(): void };
  /** Looks for what other servers have written. */
  follower: { look(): Promise<void> };
  /** Hears that another server has cut off a connection of a user. */
  cuts: { hear(user: string, told: ServerEvents['connection.cut']): void };
}

export interface ClusterParts {
  link: RedisLink;
  databaseKey: Buffer;
  timing: ClusterTiming;
  /** Connections of a person at a server that are not shared. */
  unsharedConnections: number;
  onError(error: unknown): void;
}

/**
 * This server among the others on the database, with Redis between them. All that goes through Redis is either certain elsewhere (entries and rooms are in the
 * database, and looked for there as well) or of the moment (presence, typing, rates): so a Redis that is away, or loses things, delays and does not damage.
 */
export class Cluster {
  readonly rates: SharedRates;
  readonly #connections: SharedConnections;
  /** How many connections a person with so many here has at other servers, as far as it is known. */
  readonly connectionsElsewhere = (userId: string, here: number): Promise<number> =>
    this.#connections.elsewhere(userId, here);
  readonly teller: Teller;
  readonly #parts: ClusterParts;
  readonly #server = newServerId();
  readonly #names: Names;
  readonly #members: Members;
  readonly #record: OwnRecord;
  #presence: SharedPresence | undefined;
  #news: SeatNews | undefined;
  #serving: ClusterServer | undefined;
  /** Channels that are heard whether or not anybody is connected. */
  #lasting = 0;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    const { link, databaseKey, timing } = parts;
    const server = this.#server;
    const names = new Names(databaseKey);
    this.#names = names;
    this.teller = new Teller({ link, names, server });
    this.rates = new SharedRates({ link, names, now: () => performance.now() });
    this.#record = new OwnRecord({ link, names, server, goneMs: timing.goneMs });
    this.#members = new Members({
      link,
      names,
      server,
      timing,
      onBeat: (isWhole) => {
        if (!isWhole) void this.#renew();
        this.#presence?.onBeat();
      },
      onCome: (other) => this.#presence?.serverCame(other),
      onGone: (other) => this.#presence?.serverGone(other),
    });
    const members = this.#members;
    this.#connections = new SharedConnections({
      link,
      names,
      members,
      record: this.#record,
      unshared: parts.unsharedConnections,
    });
  }

  /** Socket.IO's adapter, of which there is one. */
  createAdapter(): ReturnType<typeof createAdapter> {
    return createAdapter(this.#parts.link, this.#names, (message, room) => this.#hear(message, room));
  }

  /** Told of what happens at this server. */
  readonly others: Others = {
    entry: (doc, packet) => {
      this.teller.entry(doc, packet);
      this.#news?.note(doc);
    },
    event: (roomId, stream, packet, to) => this.teller.event(roomId, stream, packet, to),
    typing: (roomId, stream, typist, typing) => this.teller.typing(roomId, stream, typist, typing),
    presence: (place, person, here) => this.#presence?.moved(place, person, here),
    placeOpen: (place, open) => this.#presence?.placeOpen(place, open),
    listening: () => this.#listening(),
    peopleKnown: (place) => this.#presence?.known(place) ?? Promise.resolve(),
    seat: (seat, taken) => {
      const channel = this.#names.seat(seat);
      if (taken) this.#parts.link.subscribe(channel, (message) => this.#hear(message));
      else this.#parts.link.unsubscribe(channel);
    },
    connections: (userId, count) => this.#connections.changed(userId, count),
  };

  /** Channels of rooms and seats that this server hears. */
  get subscriptions(): number {
    return this.#parts.link.channels - this.#lasting;
  }

  /** Says whether Redis is there. */
  get up(): boolean {
    return this.#parts.link.up;
  }

  /** Begins to hear and to beat. Called once, when the adapter is made and before anybody is let in. */
  async serve(serving: ClusterServer): Promise<void> {
    const { link, onError } = this.#parts;
    this.#serving = serving;
    const { frames } = this.teller;
    const names = this.#names;
    const { presence } = serving.hub;
    this.#presence = new SharedPresence({
      link,
      names,
      frames,
      members: this.#members,
      record: this.#record,
      presence,
      onError,
    });
    this.#news = new SeatNews({ link, names, frames, rooms: serving.rooms, onError });
    link.subscribe(names.everyone, (message) => this.#hear(message));
    this.#lasting = link.channels;
    link.watch((up) => {
      if (up) void this.#redisCame();
    });
    if (link.up) await this.#redisCame();
    this.#members.start();
  }

  /** Says goodbye: whoever was here counts as there for the grace of a reload, elsewhere. */
  async close(): Promise<void> {
    await this.#news?.close();
    this.#presence?.close();
    await this.#members.leave(PRESENCE_GRACE_MS);
    this.#parts.link.close();
  }

  async #listening(): Promise<void> {
    const { link } = this.#parts;
    if (!link.isSettled) await inTime(link.settled(), LISTENING_WITHIN_MS).catch(() => undefined);
  }

  async #redisCame(): Promise<void> {
    await this.#renew();
    await this.#members.beat();
    for (const other of this.#members.others) this.#presence?.serverCame(other);
    this.#news?.tellKept();
    // What other servers could not say meanwhile is looked for.
    this.#serving?.changes.wake();
    this.#serving?.follower.look().catch(this.#parts.onError);
  }

  async #renew(): Promise<void> {
    await this.#record.renew();
    this.teller.renewed();
  }

  /** @param room the Socket.IO room on whose channel it was said; undefined on another channel */
  #hear(message: Buffer, room?: string): void {
    if (senderOf(message) === this.#server) return;
    const frame = readFrame(message);
    const ref = room === undefined ? undefined : parseChannel(room);
    if (ref === undefined) this.#hearOfAll(frame);
    else this.#hearInRoom(frame, ref);
  }

  #hearInRoom(frame: Frame, ref: { roomId: string; stream: string }): void {
    const { hub, appender, inbox, rooms } = this.#serving ?? {};
    const { roomId, stream } = ref;
    switch (frame.kind) {
      case 'entry': {
        const { told, recalls } = frame;
        // Taken out of the reader's buffer: it may have to wait.
        const packet = Packet.received(frame.packet);
        appender?.arrive(ref, told, () => {
          hub?.sendHere(roomId, stream, packet);
          inbox?.note({ roomId, stream, seq: told.seq, recalls });
        });
        break;
      }
      case 'event':
        hub?.sendHere(roomId, stream, Packet.received(frame.packet), frame.to);
        break;
      case 'typing':
        hub?.typing.heard(roomId, stream, frame.typist, frame.typing);
        break;
      case 'moves':
        this.#presence?.heard(frame.from, channelOf(roomId, stream), frame.before, frame.now, frame.moves);
        break;
      case 'changed': {
        const known = rooms?.cached(roomId)?.version ?? 0;
        if (known < frame.version) rooms?.fresh(roomId).catch(this.#parts.onError);
        break;
      }
      default:
        throw new Error(`${frame.kind} is not said in a room`);
    }
  }

  #hearNews(frame: NewsFrame): void {
    const { inbox, rooms } = this.#serving ?? {};
    const known = rooms?.cached(frame.roomId)?.version;
    // Somebody may have come into the room with what is told.
    if (rooms === undefined || known === undefined || known >= frame.version) inbox?.note(frame);
    else
      rooms
        .fresh(frame.roomId)
        .then(() => inbox?.note(frame))
        .catch(this.#parts.onError);
  }

  #hearOfAll(frame: Frame): void {
    switch (frame.kind) {
      case 'news':
        this.#hearNews(frame);
        break;
      case 'wake':
        this.#serving?.changes.wake();
        break;
      case 'renewed':
        this.#presence?.serverCame(frame.from);
        break;
      case 'cut':
        this.#serving?.cuts.hear(frame.user, frame.told);
        break;
      default:
        throw new Error(`${frame.kind} is said in a room only`);
    }
  }
}
