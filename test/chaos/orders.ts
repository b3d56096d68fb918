import type { Entry } from '../../shared/contract/entries.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import { Refused } from '../support/client.ts';
import type { Dice } from '../support/dice.ts';
import { people, Portal } from '../support/portal.ts';
import type { Ledger } from './ledger.ts';

const RETRIES_MAX = 600;
const RETRY_MS = 300;
const FIRST_EVENTS = ['project.created', 'node.entered', 'provider.assigned', 'node.entered', 'notification'];

/** A portal that goes on creating projects: decided in one write and told in another, so a kill can come in between. */
export class Orders {
  readonly #urls: () => string[];
  readonly #dice: Dice;
  readonly #rooms = new Map<string, Set<string>>();
  #over = false;

  constructor(urls: () => string[], dice: Dice) {
    this.#urls = urls;
    this.#dice = dice;
  }

  get count(): number {
    return this.#rooms.size;
  }

  /** Places a new order, again and again until it is answered; now and then once more after that. */
  async place(): Promise<void> {
    const orderId = `order ${this.#rooms.size}`;
    const rooms = new Set<string>();
    this.#rooms.set(orderId, rooms);
    let answers = this.#dice.chance(0.3) ? 2 : 1;
    for (let attempt = 0; attempt < RETRIES_MAX && answers > 0 && !this.#over; attempt++) {
      try {
        rooms.add(await this.#create(orderId));
        answers -= 1;
      } catch (error) {
        if (error instanceof Refused && !['unavailable', 'internal'].includes(error.code)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Nothing is tried any more. */
  close(): void {
    this.#over = true;
  }

  /** Every order has one room, and its first entries stand in it once and in their order. */
  async check(ledger: Ledger, read: (roomId: string) => Promise<Entry[]>): Promise<void> {
    for (const [orderId, rooms] of this.#rooms) {
      const [roomId] = rooms;
      if (roomId === undefined) ledger.unexpected(`${orderId} was never answered`);
      if (rooms.size > 1) ledger.duplicate(`${orderId} has the rooms ${[...rooms].join(', ')}`);
      const events = roomId === undefined ? FIRST_EVENTS : (await read(roomId)).map(eventOf);
      if (events.join() !== FIRST_EVENTS.join()) ledger.unexpected(`${orderId} tells ${events.join(', ')}`);
    }
  }

  async #create(orderId: string): Promise<string> {
    const urls = this.#urls();
    if (urls.length === 0) throw new Refused('project.create', { code: 'unavailable', message: 'no server serves' });
    const { sub: id, org, name } = people.buyer;
    const input: CommandInput<'project.create'> = { orderId, productId: 'website', buyer: { id, org, name } };
    const { roomId } = await new Portal(this.#dice.pick(urls)).call('service', 'project.create', input);
    return roomId;
  }
}

const eventOf = (entry: Entry): string => ('event' in entry.body ? entry.body.event : entry.kind);
