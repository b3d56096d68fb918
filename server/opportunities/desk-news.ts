import { LRUCache } from 'lru-cache';
import type { DeskItem } from '../../shared/contract/desk.ts';
import type { Entry } from '../../shared/contract/entries.ts';
import type { Audience } from '../../shared/model/flow/audience.ts';
import { noticeWords, type OpportunityNotice } from '../../shared/model/opportunity/notices.ts';
import { engagementOf } from '../../shared/model/opportunity/opportunity.ts';
import { orgOfDesk } from '../../shared/model/opportunity/streams.ts';
import type { Handlers } from '../registry/call.ts';
import type { Notifications } from '../rooms/notifications.ts';
import type { OpportunityRoom } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import { type DeskDoc, deskItem, type Desks } from './desks.ts';

/** Desks of which it is remembered how far they were told; of a forgotten one something may be told twice. */
const TOLD_REMEMBERED = 10_000;

export interface DeskNewsParts {
  desks: Desks;
  rooms: Pick<RoomStore, 'get'>;
  notifications: Notifications;
  /** Tells the operators who are connected here. */
  tell(item: DeskItem): void;
  /** Has other servers look at once for what has changed. */
  wake(): void;
}

type Writing = 'message.send' | 'message.recall';

/** Tells operators, live and by what becomes mail, what providers ask them, and providers' admins that they were answered. */
export class DeskNews {
  readonly #parts: DeskNewsParts;
  /** The entry up to which each desk was told here. */
  readonly #told = new LRUCache<string, number>({ max: TOLD_REMEMBERED });

  constructor(parts: DeskNewsParts) {
    this.#parts = parts;
  }

  /** The same handlers; what they write to a desk is counted, and kept for mail, before they answer. Whoever sends it again makes good what a crash left undone. */
  counting<Some extends Pick<Handlers, Writing>>(handlers: Some): Some {
    const counted = async <Output extends { entry: Entry }>(output: Output, cause: string): Promise<Output> => {
      await this.#written(output.entry, cause);
      return output;
    };
    return {
      ...handlers,
      'message.send': async (args, call) => counted(await handlers['message.send'](args, call), call.correlationId),
      'message.recall': async (args, call) => counted(await handlers['message.recall'](args, call), call.correlationId),
    };
  }

  /** A desk has changed, here or at another server. An older state is passed over. */
  learn(desk: DeskDoc): void {
    if (desk.seq <= (this.#told.get(desk._id) ?? 0)) return;
    this.#told.set(desk._id, desk.seq);
    this.#parts.tell(deskItem(desk));
  }

  async #written(entry: Entry, cause: string): Promise<void> {
    const { desks, rooms, wake } = this.#parts;
    const org = orgOfDesk(entry.stream);
    const room = org === undefined ? undefined : await rooms.get(entry.roomId);
    if (org === undefined || room?.kind !== 'opportunity') return;
    const name = engagementOf(room.opportunity, org)?.provider.name ?? org;
    await this.#keep(entry, room, { org, name }, cause);
    const { desk, changed } = await desks.follow({ roomId: room._id, org, name, title: room.title });
    this.learn(desk);
    if (changed) wake();
  }

  async #keep(
    { id, kind, actor, at }: Entry,
    { _id: roomId, title }: OpportunityRoom,
    { org, name }: { org: string; name: string },
    cause: string,
  ): Promise<void> {
    if (kind !== 'message') return;
    const asks = actor.side === 'provider';
    if (!asks && actor.side !== 'operator') return;
    const what: OpportunityNotice = asks ? 'desk_question' : 'desk_answer';
    const audience: Audience = asks ? { side: 'operator' } : { side: 'provider', org, role: 'provider_admin' };
    const words = noticeWords(what, { demand: title, provider: name });
    await this.#parts.notifications.keep([{ _id: id, roomId, audience, what, words, at: new Date(at), cause }]);
  }
}
