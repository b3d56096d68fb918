import { RoomError } from '../../shared/contract/errors.ts';
import type { QueuedReason } from '../../shared/contract/projects.ts';
import type { Role } from '../../shared/contract/primitives.ts';
import { chooseStaff, type StaffCandidate } from '../../shared/model/flow/choose-staff.ts';
import { SYSTEM_ACTOR, wantOf } from '../../shared/model/flow/flow.ts';
import type { Clock } from '../clock.ts';
import type { DirectoryModels, OrgDoc, ProductDoc, StaffDoc } from '../directory/directory-store.ts';
import { QUEUE } from '../rooms/project-state.ts';
import type { RoomDoc, RoomStore } from '../rooms/room-store.ts';
import { assignProvider } from './assign-provider.ts';
import type { Deliveries, Need } from './deliveries.ts';
import type { Places } from './places.ts';
import { type Queued, queuedOf } from './queues.ts';

export interface DispatcherParts {
  rooms: RoomStore;
  deliveries: Deliveries;
  places: Places;
  directory: DirectoryModels;
  clock: Clock;
  timeZone: string;
  /** A number from 0 (included) to 1 (excluded). */
  dice: () => number;
  onError: (error: unknown) => void;
}

/** A stretch of queue work: whose places are looked for. */
type Work = Need | { readonly for: 'all providers' } | { readonly for: 'all staff' };

/**
 * Serves the queues, first in, first out (domain.md, section 6). A project that finds nobody keeps its place, is told why, and holds up no other:
 * the next may want another role or another provider. One stretch after the other on this server; between servers the places' claims and the
 * project's compare-and-set see to it that everybody is dispatched once and no maximum is exceeded.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #waiting = new Map<string, { work: Work; served: Promise<number>; begin: () => void }>();
  #running: Promise<void> | undefined;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Resolves with the number of projects that were dispatched when all of it is served; what fails is told of and left to the next sweep. */
  async serve(works: readonly Work[]): Promise<number> {
    const counts = await Promise.all(works.map((work) => this.#enqueue(work)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when nothing is left to serve. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #enqueue(work: Work): Promise<number> {
    const key = JSON.stringify(work);
    // Work that has not begun will see what made this call necessary.
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting.served;
    let begin: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const served = turn
      .then(() => this.#do(work))
      .catch((error: unknown) => {
        this.#parts.onError(error);
        return 0;
      });
    this.#waiting.set(key, { work, served, begin });
    this.#running ??= this.#run();
    return served;
  }

  async #run(): Promise<void> {
    // What is asked for in this turn is known before the first begins.
    await Promise.resolve();
    for (let next = this.#waiting.entries().next(); !next.done; next = this.#waiting.entries().next()) {
      const [key, { begin, served }] = next.value;
      this.#waiting.delete(key);
      begin();
      await served;
    }
    this.#running = undefined;
  }

  async #do(work: Work): Promise<number> {
    switch (work.for) {
      case 'product':
        return this.#serveProviders([QUEUE.product(work.productId)]);
      case 'provider':
        return this.#serveProviders(await this.#productQueuesOf(work.org));
      case 'staff':
        return this.#serveStaff(QUEUE.staffOf(work.org));
      case 'all providers':
        return this.#serveProviders([QUEUE.provider]);
      case 'all staff':
        return this.#serveStaff(QUEUE.staff);
    }
  }

  async #productQueuesOf(org: string): Promise<string[]> {
    const products = await this.#parts.directory.products
      .find({ 'providers.org': org }, { _id: 1 })
      .lean<Pick<ProductDoc, '_id'>[]>();
    return products.map(({ _id }) => QUEUE.product(_id));
  }

  async #serveProviders(queues: readonly string[]): Promise<number> {
    // Whoever waits for the same product behind one that found nobody finds nobody either.
    return this.#serveInTurn(
      queues,
      ({ waiting }) => waiting.productId,
      (queued) => this.#giveProvider(queued._id),
    );
  }

  async #serveStaff(queue: string): Promise<number> {
    return this.#serveInTurn(
      [queue],
      ({ waiting }) => JSON.stringify([waiting.org, waiting.role]),
      (queued) => this.#giveStaff(queued._id),
    );
  }

  async #serveInTurn(
    queues: readonly string[],
    kindOf: (queued: Queued) => string,
    give: (queued: Queued) => Promise<QueuedReason | 'given' | 'gone'>,
  ): Promise<number> {
    const inVain = new Map<string, QueuedReason>();
    let given = 0;
    for await (const queued of queuedOf(this.#parts.rooms.model, queues)) {
      const kind = kindOf(queued);
      const known = inVain.get(kind);
      try {
        if (known !== undefined) {
          await this.#tell(queued._id, queued.waiting.reason, known);
          continue;
        }
        const outcome = await give(queued);
        if (outcome === 'given') given += 1;
        else if (outcome !== 'gone') {
          inVain.set(kind, outcome);
          await this.#tell(queued._id, queued.waiting.reason, outcome);
        }
      } catch (error) {
        // Somebody else was faster: it waits for this no more. Anything else must not hold up those behind it.
        if (!(error instanceof RoomError && (error.code === 'conflict' || error.code === 'read_only')))
          this.#parts.onError(error);
      }
    }
    return given;
  }

  async #tell(roomId: string, told: QueuedReason | null, reason: QueuedReason): Promise<void> {
    if (told !== reason) await this.#parts.deliveries.apply(roomId, { type: 'queue', reason }, SYSTEM_ACTOR);
  }

  /** The room as it stands, if it still waits for this. */
  async #stillWaiting(roomId: string, what: 'provider' | 'staff'): Promise<RoomDoc | undefined> {
    const room = await this.#parts.rooms.fresh(roomId);
    return room?.waiting?.what === what ? room : undefined;
  }

  async #giveProvider(roomId: string): Promise<QueuedReason | 'given' | 'gone'> {
    const { deliveries, directory, places, dice } = this.#parts;
    const room = await this.#stillWaiting(roomId, 'provider');
    const want = room === undefined ? null : wantOf(room.project.flow);
    if (room === undefined || want === null) return 'gone';
    const product = await directory.products.findById(room.project.product.id).lean<ProductDoc>();
    const providers = product?.providers ?? [];
    let reason: QueuedReason = 'no_provider';
    const given = await places.with(
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
      async (chosen) => {
        const org = providers[chosen]?.org ?? '';
        const provider = { org, name: await nameOfOrg(directory, org), free: true };
        const event = { type: 'assign_provider', provider, visit: want.visit } as const;
        this.#follow((await deliveries.apply(roomId, event, SYSTEM_ACTOR)).needs);
        return 'given' as const;
      },
    );
    return given ?? reason;
  }

  async #giveStaff(roomId: string): Promise<QueuedReason | 'given' | 'gone'> {
    const { deliveries, directory, places, clock, timeZone, dice } = this.#parts;
    const room = await this.#stillWaiting(roomId, 'staff');
    const want = room === undefined ? null : wantOf(room.project.flow);
    if (room === undefined || want?.what !== 'staff' || room.providerOrg === null) return 'gone';
    const org = room.providerOrg;
    const { role, departmentFirst, visit } = want;
    const people = await staffOfRole(directory, org, role);
    let reason: QueuedReason = 'no_staff_with_role';
    const given = await places.with(
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
      async (chosen) => {
        const person = people[chosen];
        if (person === undefined) throw new Error('somebody was chosen who is not there');
        const { _id: userId, name, roles, dept } = person;
        const staff = { userId, name, org, roles, ...(dept === null ? {} : { dept }), free: true };
        const event = { type: 'dispatch_staff', staff, visit } as const;
        this.#follow((await deliveries.apply(roomId, event, SYSTEM_ACTOR)).needs);
        return 'given' as const;
      },
    );
    return given ?? reason;
  }

  /** What follows from a dispatch is served behind it: awaited here it would wait for itself. */
  #follow(needs: readonly Need[]): void {
    for (const need of needs) void this.#enqueue(need);
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
