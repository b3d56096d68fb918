import type { CallParty } from '../../shared/contract/calls.ts';
import type { DirectoryModels, StaffDoc } from '../directory/directory-store.ts';
import type { By } from '../numbers/vault-store.ts';
import type { OpportunityRoom, ProjectRoom, RoomDoc } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';

/** A side of a call, as the vault writes down who uses a number. */
export const byOfParty = ({ userId: id, side, org }: CallParty): By => ({ id, side, org });

export type Leg = 'caller' | 'callee';

/** Where people are rung: ids of numbers in the vault, which rooms and the directory hold. */
export class CallNumbers {
  readonly #parts: { rooms: Pick<RoomStore, 'get'>; directory: Pick<DirectoryModels, 'staff'> };

  constructor(parts: { rooms: Pick<RoomStore, 'get'>; directory: Pick<DirectoryModels, 'staff'> }) {
    this.#parts = parts;
  }

  /** The number of one side of a call in a room; undefined where none is known. */
  async of(room: RoomDoc, { side, org, userId }: CallParty, leg: Leg): Promise<string | undefined> {
    if (side === 'buyer') return room.kind === 'project' ? this.#ofBuyer(room) : heldFor(room, null);
    const left = room.kind === 'opportunity' ? heldFor(room, org ?? '') : undefined;
    // Who is called, is called where their company said it can be reached; who calls has their own phone at hand.
    return leg === 'callee' ? (left ?? (await this.#ofStaff(userId))) : ((await this.#ofStaff(userId)) ?? left);
  }

  /** The contact's, else that of the demand form; until there is one in a project that delivers a deal, that of the deal's demand. */
  async #ofBuyer({ project: { contactNumberId, demand, opportunityId } }: ProjectRoom): Promise<string | undefined> {
    const own = contactNumberId ?? demand?.numberId;
    if (own !== undefined || opportunityId === undefined) return own;
    const before = await this.#parts.rooms.get(opportunityId);
    return before?.kind === 'opportunity' ? heldFor(before, null) : undefined;
  }

  async #ofStaff(userId: string): Promise<string | undefined> {
    const { staff } = this.#parts.directory;
    return (await staff.findById(userId).lean<StaffDoc>())?.numberId ?? undefined;
  }
}

const heldFor = ({ numbers }: OpportunityRoom, org: string | null): string | undefined =>
  numbers.find((held) => held.org === org)?.numberId;
