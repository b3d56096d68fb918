import type { ServerEvents } from '../../shared/contract/events.ts';
import { channelOf } from '../live/channels.ts';
import type { Hearers } from '../live/others.ts';
import type { Packet } from '../live/packet.ts';
import type { Typist } from '../live/typing.ts';
import { PUBLIC_STREAM } from '../rooms/access.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import type { EntryDoc } from '../timeline/entry-store.ts';
import { Frames } from './frames.ts';
import type { Names } from './names.ts';
import type { RedisLink } from './redis-link.ts';

/** Says to other servers what has happened at this process, whether clients are connected to it or not. What is said while Redis is away is lost. */
export class Teller {
  readonly frames: Frames;
  readonly #link: RedisLink;
  readonly #names: Names;

  constructor(parts: { link: RedisLink; names: Names; server: string }) {
    this.#link = parts.link;
    this.#names = parts.names;
    this.frames = new Frames(parts.server);
  }

  entry({ roomId, stream, seq, tally, ownTally, actor, holder, kind }: EntryDoc, packet: Packet): void {
    if (!this.#link.up) return;
    const told = { seq, tally, author: actor.id, ownTally, holder };
    this.#say(roomId, stream, this.frames.entry(told, kind === 'recall', packet.text, packet.bytes));
  }

  event(roomId: string, stream: string, packet: Packet, to: Hearers): void {
    if (this.#link.up) this.#say(roomId, stream, this.frames.event(to, packet.text, packet.bytes));
  }

  typing(roomId: string, stream: string, typist: Typist, typing: boolean): void {
    this.#say(roomId, stream, this.frames.typing(typist, typing));
  }

  /** The room is another than before: who is in it, what they may do, where the flow stands. */
  changed({ _id, version }: Pick<RoomDoc, '_id' | 'version'>): void {
    this.#say(_id, PUBLIC_STREAM, this.frames.changed(version));
  }

  /** Something that every server follows has changed. */
  wake(): void {
    this.#link.publish(this.#names.everyone, this.frames.wake());
  }

  cut(user: string, told: ServerEvents['connection.cut']): void {
    this.#link.publish(this.#names.everyone, this.frames.cut(user, told));
  }

  renewed(): void {
    this.#link.publish(this.#names.everyone, this.frames.renewed());
  }

  #say(roomId: string, stream: string, message: string): void {
    this.#link.publish(this.#names.channel(channelOf(roomId, stream)), message);
  }
}
