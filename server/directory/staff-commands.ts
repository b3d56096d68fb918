import { z } from 'zod';
import type { StaffMember } from '../../shared/contract/directory.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Caller, Handlers } from '../registry/call.ts';
import { decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { staffLoads } from '../rooms/loads.ts';
import type { DirectoryParts } from './directory-commands.ts';
import type { StaffDoc } from './directory-store.ts';
import { staffFreesCapacity } from './frees-capacity.ts';

const cursorShape = z.tuple([z.string()]);

/** Reading and changing a company's people, beside `staff.put`, with which a portal keeps them in step. */
export function staffCommands({
  directory: { staff },
  rooms,
  onCapacity,
}: DirectoryParts): Pick<Handlers, 'staff.list' | 'staff.update'> {
  async function shown(people: readonly StaffDoc[]): Promise<StaffMember[]> {
    const loads = await staffLoads(
      rooms,
      people.map(({ _id }) => _id),
    );
    return people.map((person) => staffView(person, loads.get(person._id) ?? 0));
  }

  return {
    async 'staff.list'({ org, role, cursor, limit }, { caller }) {
      const of = org ?? caller.org;
      if (of === undefined) {
        throw new RoomError('invalid', 'org: a company must be named', {
          details: [{ path: 'org', reason: 'a company must be named' }],
        });
      }
      if (!administers(caller, of)) throw new RoomError('forbidden', "A company's people are listed by its admin.");
      const [after] = cursor === undefined ? [''] : decodeCursor(cursor, cursorShape);
      const found = await staff
        .find({ org: of, ...(role === undefined ? {} : { roles: role }), _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(limit + 1)
        .lean<StaffDoc[]>();
      const page = found.slice(0, limit);
      const end = page.at(-1);
      return {
        items: await shown(page),
        ...(found.length > limit && end !== undefined ? { nextCursor: encodeCursor([end._id]) } : {}),
      };
    },

    async 'staff.update'({ userId, accepting, leave, ...adminsOnly }, { caller, correlationId }) {
      const person = await staff.findById(userId).lean<StaffDoc>();
      if (person === null || !mayKnow(caller, person)) throw unknownPerson();
      if (!administers(caller, person.org)) {
        if (caller.userId !== userId)
          throw new RoomError('forbidden', "Somebody else's entry is changed by their admin.");
        if (Object.values(adminsOnly).some((value) => value !== undefined))
          throw new RoomError('forbidden', 'You may change accepting and leave; the rest is changed by your admin.');
      }
      const { maxLoad, tags, dept } = adminsOnly;
      const set = {
        ...(accepting === undefined ? {} : { accepting }),
        ...(leave === undefined ? {} : { leave }),
        ...(maxLoad === undefined ? {} : { maxLoad }),
        ...(tags === undefined ? {} : { tags }),
        ...(dept === undefined ? {} : { dept }),
      };
      // Of that company still: the right to change was decided for it.
      const before = await staff
        .findOneAndUpdate(
          { _id: userId, org: person.org },
          { $set: set, $inc: { version: 1 }, $currentDate: { changedAt: true } },
          { returnDocument: 'before' },
        )
        .lean<StaffDoc>();
      if (before === null) throw unknownPerson();
      const after: StaffDoc = { ...before, ...set };
      if (staffFreesCapacity(before, after)) await onCapacity(after.org, correlationId);
      const loads = await staffLoads(rooms, [userId]);
      return { staff: staffView(after, loads.get(userId) ?? 0) };
    },
  };
}

const unknownPerson = (): RoomError => new RoomError('not_found', 'There is no such person.');

/** Says whether a caller runs a company's side of the directory. A company that is vendor and provider has one staff, under either hat. */
function administers({ side, org, roles }: Caller, of: string): boolean {
  if (side === 'operator' || side === 'service') return true;
  return org === of && roles.includes(side === 'provider' ? 'provider_admin' : 'vendor_admin');
}

const mayKnow = (caller: Caller, person: StaffDoc): boolean =>
  administers(caller, person.org) || caller.org === person.org;

function staffView(person: StaffDoc, load: number): StaffMember {
  const { _id, org, name, roles, dept, maxLoad, accepting, leave, tags, active } = person;
  return { userId: _id, org, name, roles, dept, maxLoad, load, accepting, leave, tags, active };
}
