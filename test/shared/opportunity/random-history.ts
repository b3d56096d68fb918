import * as fc from 'fast-check';
import { recordStage, rejectReason, terminateReason } from '../../../shared/contract/opportunities.ts';
import type { QuoteLine } from '../../../shared/contract/proposals.ts';
import type { FlowActor } from '../../../shared/model/flow/flow.ts';
import { type Opportunity, type OpportunitySettings, wakeAt } from '../../../shared/model/opportunity/opportunity.ts';
import { allowedOpportunityActions } from '../../../shared/model/opportunity/permissions.ts';
import type { OpportunityEvent } from '../../../shared/model/opportunity/step.ts';
import { laneOf } from '../../../shared/model/opportunity/streams.ts';
import {
  adminOf,
  buyer,
  companyOf,
  everybody,
  fitting,
  HOUR,
  operator,
  OpportunityBench,
  ORGS,
  portal,
  staffOf,
} from './opportunity-bench.ts';

const who = fc.constantFrom(...everybody);
const org = fc.constantFrom(...ORGS);
const providers = ORGS.flatMap((one) => [adminOf(one), adminOf(one), staffOf(one)]);
/** Few, so that the same one is often sent again. */
const clientId = fc.constantFrom('c1', 'c2', 'c3', 'c4', 'c5', 'c6');
const payment = fc.constantFrom('payment-1', 'payment-2');

const money = fc
  .tuple(fc.nat({ max: 1_000_000 }), fc.nat({ max: 99 }), fc.nat({ max: 2 }))
  .map(([whole, part, digits]) =>
    digits === 0 ? `${whole}` : `${whole}.${String(part).padStart(2, '0').slice(0, digits)}`,
  );
export const quoteLines: fc.Arbitrary<QuoteLine[]> = fc.array(
  fc.record({
    product: fc.constantFrom('Design', 'Build'),
    quantity: fc.integer({ min: 1, max: 1_000_000 }),
    listPrice: money,
    price: money,
  }),
  { minLength: 1, maxLength: 5 },
);

/** One thing tried, in terms of the opportunity as it then is; a number lets so many hours pass. */
export type Attempt = (
  opportunity: Opportunity,
  now: number,
) => { event: OpportunityEvent; actor: FlowActor; now?: number } | number;

/** What a provider says bears its name: it must never come to another one's eyes. */
const says = ({ org: own = 'nobody' }: FlowActor, text: string): string => `${own} says ${text}`;

const byProvider: fc.Arbitrary<Attempt> = fc
  .record({
    actor: fc.constantFrom(...providers),
    what: fc.nat({ max: 14 }),
    clientId,
    lines: quoteLines,
    stage: fc.constantFrom(...recordStage.options),
    rejecting: fc.constantFrom(...rejectReason.options),
    terminating: fc.constantFrom(...terminateReason.options),
    remarks: fc.boolean(),
    any: fc.nat(),
  })
  .map(({ actor, what, clientId: sent, lines, stage, rejecting, terminating, remarks, any }) => (opportunity) => {
    const remark = remarks ? { remark: says(actor, 'why') } : {};
    const all = opportunity.engagements.flatMap(({ proposals }) => proposals);
    const own = actor.org ?? '';
    const events: OpportunityEvent[] = [
      { type: 'grab', provider: companyOf(own) },
      { type: 'accept' },
      { type: 'reject', reason: rejecting, ...remark },
      { type: 'terminate', reason: terminating, ...remark },
      { type: 'withdraw', proposalId: all[any % (all.length + 1)]?.id ?? 'none', ...remark },
      { type: 'record', clientId: sent, connected: remarks, stage, text: says(actor, 'a note') },
      {
        type: 'propose',
        clientId: sent,
        name: says(actor, 'a plan'),
        product: any % 9 === 0 ? null : { id: `${own}-product`, name: `Product of ${own}` },
        currency: 'CNY',
        lines: lines.map((line) => ({ ...line, spec: says(actor, 'a line') })),
        ...(remarks ? { contract: { id: `${own}-file`, name: `${own}.pdf`, size: 10, type: 'application/pdf' } } : {}),
        ...remark,
      },
    ];
    const weights = [0, 0, 0, 1, 1, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6];
    const event = events[weights[what] ?? 0];
    return event === undefined ? 1 : { actor, event };
  });

/** The buyer and a company's admin were joined in a call. */
function callOf(company: string, callId: string, asked: number): OpportunityEvent {
  const { id, name, side } = adminOf(company);
  const to = { userId: id, name, side, org: company };
  const from = { userId: buyer.id, name: buyer.name, side: buyer.side };
  return {
    type: 'record_call',
    stream: laneOf(company),
    call: { callId, from, to, at: new Date(asked).toISOString() },
  };
}

const byOthers: fc.Arbitrary<Attempt> = fc
  .record({ org, what: fc.nat({ max: 23 }), payment, any: fc.nat(), stranger: fc.option(who, { freq: 9 }) })
  .map(({ org: chosen, what, payment: paid, any, stranger }) => (opportunity, now) => {
    const all = opportunity.engagements.flatMap(({ proposals }) => proposals);
    const open = all.filter(({ status }) => status === 'open');
    const pool = any % 5 === 0 || open.length === 0 ? all : open;
    const assign: OpportunityEvent = { type: 'assign', provider: companyOf(chosen) };
    const pay: OpportunityEvent = {
      type: 'pay',
      proposalId: pool[any % Math.max(1, pool.length)]?.id ?? 'none',
      paymentId: paid,
      orderId: `order-of-${paid}`,
    };
    const hour = new Date(Math.floor(now / HOUR) * HOUR).toISOString();
    const of = (event: OpportunityEvent, actor: FlowActor) => ({ event, actor: stranger ?? actor });
    if (what < 8) return of(assign, operator);
    if (what < 12) return of({ type: 'refresh_plaza', hour }, portal);
    if (what < 19) return of(pay, portal);
    if (what < 20) return of({ type: 'link_project', projectId: `project-${any % 2}` }, portal);
    if (what === 20) return any % 2 === 0 ? of({ type: 'revoke', remark: 'Enough' }, buyer) : 1;
    if (what === 21) return any % 2 === 0 ? of({ type: 'close', reason: 'Spam' }, operator) : 1;
    if (what === 22) return of(callOf(chosen, `call-${any % 3}`, now - (any % 2) * HOUR), portal);
    return of({ type: 'tick' }, portal);
  });

/** Somebody does what they are offered: how a history gets on. */
const allowed: fc.Arbitrary<Attempt> = fc.nat().map((which) => (opportunity, now) => {
  const can = everybody.flatMap((actor) =>
    allowedOpportunityActions(opportunity, actor, now)
      // A demand that is revoked or closed at once shows little.
      .filter((action) => !['revoke', 'close', 'assign', 'terminate', 'reject'].includes(action))
      .map((action) => ({ actor, action })),
  );
  const found = can[which % can.length];
  if (found !== undefined) return { actor: found.actor, event: fitting(found.action, opportunity, found.actor) };
  return opportunity.deal === null
    ? 1
    : { actor: portal, event: { type: 'link_project', projectId: `project-${which % 2}` } };
});

const passing: fc.Arbitrary<Attempt> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 9 }).map((hours) => () => hours) },
  { weight: 1, arbitrary: fc.integer({ min: 20, max: 200 }).map((hours) => () => hours) },
);

/** The service wakes at the instant that the opportunity names, a moment before it, or at any other. */
const ticking: fc.Arbitrary<Attempt> = fc.constantFrom(-1, 0, 0, 1).map((by) => (opportunity, now) => {
  const wakes = wakeAt(opportunity);
  const then = wakes === null ? now : Math.max(now, Date.parse(wakes) + by);
  return { actor: portal, event: { type: 'tick' }, now: then };
});

/** What everybody tries and what time does, in any order. */
export const randomHistory = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: byProvider },
    { weight: 5, arbitrary: byOthers },
    { weight: 4, arbitrary: allowed },
    { weight: 2, arbitrary: passing },
    { weight: 1, arbitrary: ticking },
  ),
  { minLength: 20, maxLength: 80, size: 'max' },
);

const theBuyer = { id: buyer.id, org: 'shop', name: buyer.name };
const someSettings: fc.Arbitrary<Partial<OpportunitySettings>> = fc.record({ places: fc.integer({ min: 1, max: 3 }) });

/** Demands of every kind, each at its beginning. */
export const randomBeginning: fc.Arbitrary<() => OpportunityBench> = fc
  .tuple(fc.nat({ max: 9 }), org, someSettings)
  .map(([how, chosen, settings]) => () => {
    if (how === 0) return OpportunityBench.targeted(chosen, { settings });
    if (how === 1) {
      const publication = { to: 'self', buyer: theBuyer, target: companyOf(chosen) } as const;
      return new OpportunityBench({ by: adminOf(chosen), publication, settings });
    }
    if (how === 2) {
      const publication = { to: 'platform', buyer: theBuyer } as const;
      return new OpportunityBench({ by: adminOf(chosen), publication, settings });
    }
    return how === 3 ? new OpportunityBench({ settings }) : OpportunityBench.shown({ settings });
  });

/** Plays one attempt: what was tried and how it was answered, or undefined where only time passed. */
export function tryOn(bench: OpportunityBench, attempt: Attempt) {
  const next = attempt(bench.opportunity, bench.now);
  if (typeof next === 'number') {
    bench.now += next * HOUR;
    return undefined;
  }
  bench.now = next.now ?? bench.now;
  return { ...next, result: bench.try(next.event, next.actor) };
}
