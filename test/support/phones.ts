import { randomUUID } from 'node:crypto';
import { foldCalls } from '../../shared/model/call/fold-call.ts';
import { type CallFact, isCallFact } from '../../shared/model/call/call-fact.ts';
import type { Call } from '../../shared/model/call/call.ts';
import type { Call as ShownCall } from '../../shared/contract/calls.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import { HOUR_MS } from './demands.ts';
import { people, type PersonName } from './portal.ts';
import type { Who } from './tokens.ts';
import type { WireSuite } from './wire-suite.ts';

/** Numbers of a range that is reserved for examples; by the last digit the simulator tells how a call to it ends. */
export const PHONES = {
  admin: '+12025550147',
  designer: '+12025550158',
  given: '+12025550123',
  talked: '+12025550101',
  refused: '+12025550106',
  busy: '+12025550107',
  unanswered: '+12025550108',
  unreached: '+12025550109',
} as const;
/** Of all of them, in whatever form. */
export const CANARY = /555\D?01(47|58|23|0\d)/;

/** Calls of one suite's service, over the simulator, whose phones ring by the suite's clock. */
export class Phones {
  readonly #suite: Pick<WireSuite, 'portal' | 'clock' | 'context'>;

  constructor(suite: Pick<WireSuite, 'portal' | 'clock' | 'context'>) {
    this.#suite = suite;
  }

  /** Has a number kept for members of the provider's staff. */
  async seed(): Promise<void> {
    for (const name of ['admin', 'designer'] as const) {
      const { sub, org, name: called, roles } = people[name];
      const staff = { userId: sub, org, name: called, roles: [...roles], maxLoad: 5, phone: PHONES[name] };
      await this.#suite.portal.call('service', 'staff.put', staff);
    }
  }

  /** A project of `buyer` with a colleague and a designer in it; the buyer is reached at `phone`, or not at all. */
  async project(phone: string | undefined = PHONES.talked): Promise<string> {
    const { portal } = this.#suite;
    const { sub: id, org, name } = people.buyer;
    const contact = phone === undefined ? {} : { contact: { phone } };
    const { roomId } = await portal.call('service', 'project.create', {
      orderId: randomUUID(),
      productId: 'website',
      buyer: { id, org, name, ...contact },
    });
    const { colleague, designer } = people;
    await portal.call('buyer', 'member.add', { roomId, userId: colleague.sub, name: colleague.name });
    await portal.call('admin', 'member.add', { roomId, userId: designer.sub, name: designer.name });
    return roomId;
  }

  /** @param to one of the marketplace's people, or a user id */
  async place(who: PersonName | Who, to: string, input: Omit<CommandInput<'call.place'>, 'to'>): Promise<ShownCall> {
    const known: Readonly<Record<string, Who>> = people;
    const userId = Object.hasOwn(known, to) ? (known[to]?.sub ?? to) : to;
    return (await this.#suite.portal.call(who, 'call.place', { ...input, to: userId })).call;
  }

  /** Lets time go by: phones ring, and people answer. */
  async after(ms: number): Promise<void> {
    this.#suite.clock.advance(ms);
    await this.#suite.context.calls.idle();
  }

  /** Ends whatever goes on, as if nothing more were heard of it. */
  async quiet(): Promise<void> {
    this.#suite.clock.advance(2 * HOUR_MS);
    await this.settle();
  }

  /** Ends what is due, as the job does. */
  async settle(): Promise<number> {
    const ended = await this.#suite.context.calls.settle();
    await this.#suite.context.calls.idle();
    return ended;
  }

  async list(who: PersonName | Who, roomId: string): Promise<ShownCall[]> {
    return (await this.#suite.portal.call(who, 'call.list', { roomId })).items;
  }

  /** A call as `who` is shown it now. */
  async seen(who: PersonName | Who, { roomId, id }: Pick<ShownCall, 'roomId' | 'id'>): Promise<ShownCall> {
    const call = (await this.list(who, roomId)).find((one) => one.id === id);
    if (call === undefined) throw new Error(`${id} is not shown to ${JSON.stringify(who)}`);
    return call;
  }

  /** What a stream's timeline tells of calls, as its readers fold it. */
  async told(
    who: PersonName | Who,
    roomId: string,
    stream = 'public',
  ): Promise<{ facts: CallFact[]; calls: ReadonlyMap<string, Call> }> {
    const { entries } = await this.#suite.portal.call(who, 'entry.fetch', { roomId, stream, limit: 200 });
    const facts = entries.flatMap(({ kind, body }): CallFact[] =>
      kind === 'call' && 'event' in body && isCallFact(body) ? [body] : [],
    );
    return { facts, calls: foldCalls(facts) };
  }
}
