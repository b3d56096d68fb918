import { randomUUID } from 'node:crypto';
import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandArgs } from '../../shared/contract/registry.ts';
import type { OpportunitySettings } from '../../shared/model/opportunity/opportunity.ts';
import { beginOpportunity, type Publication } from '../../shared/model/opportunity/publish.ts';
import type { DirectoryModels, OrgDoc } from '../directory/directory-store.ts';
import type { Caller } from '../registry/call.ts';
import { flowActorOf } from '../rooms/access.ts';
import type { Outbox } from '../rooms/outbox.ts';
import { opportunityFields } from '../rooms/opportunity-state.ts';
import type { OpportunityRoom } from '../rooms/room-doc.ts';
import { outboxOf, type RoomStore } from '../rooms/room-store.ts';
import { seatsOf } from '../rooms/seats.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import type { ContactNumbers } from './contact-numbers.ts';
import { errorOf, type Opportunities } from './opportunities.ts';
import { opportunityItems } from './opportunity-entries.ts';

type Input = CommandArgs<'opportunity.create'>;

export interface PublicationsParts {
  rooms: RoomStore;
  outbox: Outbox;
  directory: DirectoryModels;
  opportunities: Opportunities;
  numbers: ContactNumbers;
  settings: OpportunitySettings;
  /** Buyers publish with a phone and the code that was sent to it. */
  buyersVerify: boolean;
}

/** Publishes demands: one for each `clientId` of a publisher, however often, by whatever server it is asked for. */
export class Publications {
  readonly #parts: PublicationsParts;

  constructor(parts: PublicationsParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the demand stands with its first entries in the timeline. A call that was cut off half way is made good by the next one.
   * @param cause the correlation id of the call
   * @returns the demand's id, which is its room's
   * @throws {RoomError} `forbidden` to who may not publish, `invalid` with each fault
   */
  async publish(input: Input, caller: Caller, cause: string): Promise<string> {
    const { rooms, outbox } = this.#parts;
    const key = keyOf(caller, input.clientId);
    const stored = (await this.#byKey(key)) ?? (await this.#store(key, input, caller, cause));
    rooms.learn(stored);
    await outbox.carry(stored);
    return stored._id;
  }

  #byKey(key: string): Promise<OpportunityRoom | null> {
    return this.#parts.rooms.model.findOne({ publishedAs: key }).lean<OpportunityRoom>().exec();
  }

  async #store(key: string, input: Input, caller: Caller, cause: string): Promise<OpportunityRoom> {
    const { rooms, numbers, buyersVerify } = this.#parts;
    const { phone, code } = input;
    if (buyersVerify && caller.side === 'buyer') requirePhone(input);
    const target = await this.#target(input, caller);
    // Its rules first: a code is used up by looking at it.
    this.#begin(input, caller, target, false);
    const roomId = randomUUID();
    const create = async (isVerified: boolean, held: OpportunityRoom['numbers']): Promise<OpportunityRoom> => {
      const begun = this.#begin(input, caller, target, isVerified);
      const room = newRoom(roomId, { key, input, held, cause, ...begun });
      await rooms.model.create(room);
      return room;
    };
    try {
      if (phone === undefined) return await create(false, []);
      const isVerified = code !== undefined && (await numbers.verified(phone, code, caller.userId));
      return await numbers.with(phone, { roomId, by: caller }, (numberId) =>
        create(isVerified, [{ org: null, numberId }]),
      );
    } catch (error) {
      // Another call with the same clientId was faster, and may have used the code up: its demand is the demand.
      const first = isDuplicateKey(error) || error instanceof RoomError ? await this.#byKey(key) : null;
      if (first === null) throw error;
      return first;
    }
  }

  #begin(input: Input, caller: Caller, target: Publication['target'], phoneVerified: boolean) {
    const { opportunities, settings } = this.#parts;
    const { kind, category, subCategory, title, details, budget, region, buyer, to, shareContact } = input;
    const context = opportunities.context(flowActorOf(caller));
    const begun = beginOpportunity(
      {
        kind,
        demand: {
          category,
          ...(subCategory === undefined ? {} : { subCategory }),
          title,
          details,
          ...(budget === undefined ? {} : { budget: budgetOf(budget) }),
          region,
        },
        ...(buyer === undefined ? {} : { buyer }),
        ...(target === undefined ? {} : { target }),
        ...(to === undefined ? {} : { to }),
        shareContact,
        phoneVerified,
      },
      settings,
      context,
    );
    if (!begun.ok) throw errorOf(begun);
    return { begun, now: context.now };
  }

  /** At which company it is aimed: undefined for none, null where the directory knows none of that id. */
  async #target({ org, to }: Input, caller: Caller): Promise<Publication['target']> {
    const aimedAt = org ?? (caller.side === 'provider' && to === 'self' ? caller.org : undefined);
    if (aimedAt === undefined) return undefined;
    const found = await this.#parts.directory.orgs.findById(aimedAt).lean<OrgDoc>();
    return found === null ? null : { org: aimedAt, name: found.name };
  }
}

/** @throws {RoomError} `invalid` with what is missing */
function requirePhone({ phone, code }: Input): void {
  const details = [
    ...(phone === undefined ? [{ path: 'phone', reason: 'is required: a demand is published with a phone' }] : []),
    ...(code === undefined ? [{ path: 'code', reason: 'is required: phone.sendCode sends one to the phone' }] : []),
  ];
  if (details.length > 0)
    throw new RoomError('invalid', 'A demand is published with a phone that is verified by a code.', { details });
}

const keyOf = ({ side, org, userId }: Caller, clientId: string): string =>
  JSON.stringify([side, org ?? null, userId, clientId]);

function budgetOf({ min, max, currency }: NonNullable<Input['budget']>) {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }), currency };
}

function newRoom(
  _id: string,
  {
    key,
    input: { contactName, email },
    held,
    cause,
    begun,
    now,
  }: {
    key: string;
    input: Input;
    held: OpportunityRoom['numbers'];
    cause: string;
    begun: Parameters<typeof opportunityItems>[0];
    now: number;
  },
): OpportunityRoom {
  const at = new Date(now);
  const room = {
    _id,
    kind: 'opportunity' as const,
    publishedAs: key,
    buyer: { ...begun.opportunity.buyer },
    ...opportunityFields(begun.opportunity, { members: [] }),
    contact: {
      ...(contactName === undefined ? {} : { name: contactName }),
      ...(email === undefined ? {} : { email }),
    },
    numbers: held,
    activity: { buyer: at, provider: at, operator: at },
    outbox: outboxOf(opportunityItems(begun, now), cause),
    cause,
    version: 1,
    // Nobody can know it yet, so nobody has to learn of a change; and the service's clock is not the database's.
    changedAt: new Date(0),
    createdAt: at,
  };
  return { ...room, seats: seatsOf(room) };
}
