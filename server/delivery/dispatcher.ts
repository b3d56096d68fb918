import { RoomError } from '../../shared/contract/errors.ts';
import type { QueuedReason } from '../../shared/contract/projects.ts';
import type { Role } from '../../shared/contract/primitives.ts';
import { chooseStaff, type StaffCandidate } from '../../shared/model/flow/choose-staff.ts';
import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import type { Clock } from '../clock.ts';
import type { DirectoryModels, OrgDoc, ProductDoc, StaffDoc } from '../directory/directory-store.ts';
import { KIND, type WaitingPlace } from '../rooms/project-state.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import { assignProvider } from './assign-provider.ts';
import type { Deliveries, Need } from './deliveries.ts';
import type { Places } from './places.ts';
import { kindsOf, type Queued, queuedOf, toldOtherwise } from './queues.ts';
import type { Seen } from './sweeps.ts';

export interface DispatcherParts {
  rooms: RoomStore;
  deliveries: Deliveries;
  places: Places;
  directory: DirectoryModels;
  clock: Clock;
  timeZone: string;
  /** A number from 0 (included) to 1 (excluded). */
  dice: () => number;
  /** True from when on nothing more is begun: what is left is for others. */
  stopping: () => boolean;
  /** Told of each project that got somebody. */
  onSeen?: ((seen: Seen) => void) | undefined;
  onError: (error: unknown, about: { correlationId: string | undefined }) => void;
}

/** Projects of a queue whose dispatch is being stored. */
const AT_A_TIME = 16;

/** A place that was taken for a project. */
interface Found {
  /** Stores the project with it. */
  store(): Promise<void>;
}

/** A stretch of queue work: whose places are looked for. */
type Work = Need | { readonly for: 'all providers' } | { readonly for: 'all staff' };

/**
 * Serves the queues, first in, first out (domain.md, section 6). A project that finds nobody keeps its place, is told why, and holds up no other:
 * the next may want another role or another provider. Stretches run beside each other, so that a sweep over all does not hold up a new order;
 * the places' claims and the project's compare-and-set see to it that everybody is dispatched once and no maximum is exceeded, whoever serves.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** The last stretch that was asked for, by what it serves. */
  readonly #stretches = new Map<string, { begun: boolean; served: Promise<number> }>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /**
   * Resolves with the number of projects that were dispatched when all of it is served; what fails is told of and left to the next sweep.
   * @param cause the correlation id of what asks for it; of several that ask for one stretch, the first one's
   */
  async serve(works: readonly Work[], cause: string | undefined): Promise<number> {
    const counts = await Promise.all(works.map((work) => this.#serve(work, cause)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when nothing is left to serve. */
  async close(): Promise<void> {
    while (this.#stretches.size > 0) await Promise.all([...this.#stretches.values()].map(({ served }) => served));
  }

  #serve(work: Work, cause: string | undefined): Promise<number> {
    const key = JSON.stringify(work);
    const last = this.#stretches.get(key);
    // A stretch that has not begun will see what made this call necessary; one that has may have passed it by.
    if (last?.begun === false) return last.served;
    const stretch = { begun: false, served: Promise.resolve(0) };
    stretch.served = Promise.resolve(last?.served)
      .then(() => {
        stretch.begun = true;
        return this.#do(work, cause);
      })
      .catch((error: unknown) => {
        this.#parts.onError(error, { correlationId: cause });
        return 0;
      })
      .finally(() => {
        if (this.#stretches.get(key) === stretch) this.#stretches.delete(key);
      });
    this.#stretches.set(key, stretch);
    return stretch.served;
  }

  async #do(work: Work, cause: string | undefined): Promise<number> {
    switch (work.for) {
      case 'product':
        return this.#serveProviders([KIND.providerFor(work.productId)], cause);
      case 'provider':
        return this.#serveProviders(await this.#productsOf(work.org), cause);
      case 'staff':
        return this.#serveStaff(await kindsOf(this.#parts.rooms.model, KIND.staffOf(work.org)), cause);
      case 'all providers':
        return this.#serveProviders(await kindsOf(this.#parts.rooms.model, KIND.providers), cause);
      case 'all staff':
        return this.#serveStaff(await kindsOf(this.#parts.rooms.model, KIND.staff), cause);
    }
  }

  async #productsOf(org: string): Promise<string[]> {
    const products = await this.#parts.directory.products
      .find({ 'providers.org': org }, { _id: 1 })
      .lean<Pick<ProductDoc, '_id'>[]>();
    return products.map(({ _id }) => KIND.providerFor(_id));
  }

  async #serveProviders(kinds: readonly string[], cause: string | undefined): Promise<number> {
    const { directory } = this.#parts;
    const products = new Map<string, ProductDoc['providers']>();
    return this.#serveInTurn(kinds, cause, {
      async prepare({ kind, productId }) {
        if (products.has(kind)) return;
        const product = await directory.products.findById(productId).lean<ProductDoc>();
        products.set(kind, product?.providers ?? []);
      },
      find: (queued) => this.#findProvider(queued, cause, products.get(queued.waiting.kind) ?? []),
    });
  }

  async #serveStaff(kinds: readonly string[], cause: string | undefined): Promise<number> {
    const { directory } = this.#parts;
    const people = new Map<string, StaffDoc[]>();
    return this.#serveInTurn(kinds, cause, {
      async prepare({ kind, org, role }) {
        if (people.has(kind)) return;
        people.set(kind, org === null || role === null ? [] : await staffOfRole(directory, org, role));
      },
      find: (queued) => this.#findStaff(queued, cause, people.get(queued.waiting.kind) ?? []),
    });
  }

  /**
   * Serves who waits for some kinds of place, in their order. Places are taken one after the other; what is taken is stored several at a time. After one
   * that found nobody no other of its kind is looked for or even read, however many there are: what becomes free meanwhile is for the first of the next
   * stretch, and not for whoever comes now. Those who have not been told that reason yet are told.
   */
  async #serveInTurn(
    kinds: readonly string[],
    cause: string | undefined,
    how: {
      /** Reads what is needed to choose. */
      prepare(waiting: WaitingPlace): Promise<void>;
      /** Takes a place. */
      find(queued: Queued): Promise<QueuedReason | Found>;
    },
  ): Promise<number> {
    const inVain = new Map<string, QueuedReason>();
    const underWay = new Set<Promise<void>>();
    let given = 0;
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // Somebody else was faster: it waits for this no more. Anything else must not hold up those behind it.
        if (!(error instanceof RoomError && (error.code === 'conflict' || error.code === 'read_only')))
          this.#parts.onError(error, { correlationId: cause });
      }
    };
    const { model } = this.#parts.rooms;
    const store = async (work: () => Promise<void>): Promise<void> => {
      const storing = attempt(work).finally(() => underWay.delete(storing));
      underWay.add(storing);
      if (underWay.size >= AT_A_TIME) await Promise.race(underWay);
    };
    for await (const queued of queuedOf(model, kinds, (kind) => inVain.has(kind))) {
      if (this.#parts.stopping()) break;
      await attempt(async () => {
        await how.prepare(queued.waiting);
        const outcome = await how.find(queued);
        if (typeof outcome === 'string') inVain.set(queued.waiting.kind, outcome);
        else {
          await store(async () => {
            await outcome.store();
            this.#parts.onSeen?.({ room: queued._id, correlationId: cause, cause: queued.cause });
            given += 1;
          });
        }
      });
    }
    // Who has a place by then does not wait any more.
    await Promise.all(underWay);
    for (const [kind, reason] of inVain) {
      for await (const queued of toldOtherwise(model, kind, reason)) {
        if (this.#parts.stopping()) break;
        await store(() => this.#tell(queued, reason, cause));
      }
    }
    await Promise.all(underWay);
    return given;
  }

  async #tell({ _id, waiting: { visit } }: Queued, reason: QueuedReason, cause: string | undefined): Promise<void> {
    await this.#parts.deliveries.apply(_id, { type: 'queue', reason, visit }, SYSTEM_ACTOR, { cause });
  }

  async #findProvider(
    { _id: roomId, waiting: { visit } }: Queued,
    cause: string | undefined,
    providers: ProductDoc['providers'],
  ): Promise<QueuedReason | Found> {
    const { deliveries, directory, places, dice } = this.#parts;
    let reason: QueuedReason = 'no_provider';
    const place = await places.take(
      roomId,
      providers.map(({ org }) => ({ provider: org })),
      (loads) => {
        const choice = assignProvider(
          providers.map((provider, index) => ({ ...provider, load: loads[index] ?? 0 })),
          dice,
        );
        if ('queued' in choice) {
          reason = choice.queued;
          return undefined;
        }
        return providers.findIndex(({ org }) => org === choice.org);
      },
    );
    if (place === undefined) return reason;
    const store = async (): Promise<void> => {
      const org = providers[place.chosen]?.org ?? '';
      const provider = { org, name: await nameOfOrg(directory, org), free: true };
      const event = { type: 'assign_provider', provider, visit } as const;
      this.#follow((await deliveries.apply(roomId, event, SYSTEM_ACTOR, { cause })).needs, cause);
    };
    return { store: () => place.keepWhile(store) };
  }

  async #findStaff(
    { _id: roomId, waiting: { visit, departmentFirst } }: Queued,
    cause: string | undefined,
    people: readonly StaffDoc[],
  ): Promise<QueuedReason | Found> {
    const { deliveries, places, clock, timeZone, dice } = this.#parts;
    let reason: QueuedReason = 'no_staff_with_role';
    const place = await places.take(
      roomId,
      people.map(({ _id }) => ({ staff: _id })),
      (loads) => {
        const choice = chooseStaff(
          people.map((person, index) => candidateOf(person, loads[index] ?? 0)),
          { now: clock.now(), timeZone, departmentFirst },
          dice,
        );
        if ('queued' in choice) {
          reason = choice.queued;
          return undefined;
        }
        return people.findIndex(({ _id }) => _id === choice.staff.userId);
      },
    );
    if (place === undefined) return reason;
    const store = async (): Promise<void> => {
      const person = people[place.chosen];
      if (person === undefined) throw new Error('somebody was chosen who is not there');
      const { _id: userId, name, org, roles, dept } = person;
      const staff = { userId, name, org, roles, ...(dept === null ? {} : { dept }), free: true };
      const event = { type: 'dispatch_staff', staff, visit } as const;
      this.#follow((await deliveries.apply(roomId, event, SYSTEM_ACTOR, { cause })).needs, cause);
    };
    return { store: () => place.keepWhile(store) };
  }

  /** What follows from a dispatch is served behind it: awaited here it could wait for itself. */
  #follow(needs: readonly Need[], cause: string | undefined): void {
    for (const need of needs) void this.#serve(need, cause);
  }
}

export async function nameOfOrg({ orgs }: DirectoryModels, org: string): Promise<string> {
  return (await orgs.findById(org).lean<OrgDoc>())?.name ?? org;
}

const staffOfRole = ({ staff }: DirectoryModels, org: string, role: Role): Promise<StaffDoc[]> =>
  staff.find({ org, roles: role, active: true }).lean<StaffDoc[]>().exec();

export function candidateOf({ _id, dept, maxLoad, accepting, leave }: StaffDoc, load: number): StaffCandidate {
  return { userId: _id, dept, maxLoad, load, accepting, leave };
}
