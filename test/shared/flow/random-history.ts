import * as fc from 'fast-check';
import { nodeAction } from '../../../shared/contract/projects.ts';
import { currentNode, type Flow, type FlowActor, SYSTEM_ACTOR, wakeAt } from '../../../shared/model/flow/flow.ts';
import { allowedActions, allowedProjectActions } from '../../../shared/model/flow/permissions.ts';
import type { FlowEvent } from '../../../shared/model/flow/step.ts';
import {
  admin,
  everybody,
  file,
  type FlowBench,
  form,
  manager,
  manager2,
  specialist,
  specialist2,
  staffOf,
} from './flow-bench.ts';

const HOUR = 3_600_000;
const BOTH = ['delivery_specialist', 'account_manager'] as const;
const who: fc.Arbitrary<FlowActor> = fc.constantFrom(...everybody);
const staff = fc.constantFrom(admin, manager, manager2, specialist, specialist2);
const provider = fc.constantFrom('studio', 'studio', 'studio', 'rival');
const action = fc.constantFrom(...nodeAction.options);
/** Mostly what fits, so that histories get on; the rest does not fit. */
const mostly = fc.integer({ min: 0, max: 9 }).map((n) => n < 8);

/** One thing tried, in terms of the flow as it then is. */
export type Attempt = (flow: Flow, now: number) => { event: FlowEvent; actor: FlowActor; now?: number } | number;

const acting: fc.Arbitrary<Attempt> = fc
  .record({ actor: who, action, any: fc.nat(), fits: mostly, here: mostly, files: fc.boolean() })
  .map(({ actor, action, any, fits, here, files }) => (flow) => {
    const node = here ? currentNode(flow) : flow.nodes[any % flow.nodes.length];
    return {
      actor,
      event: {
        type: 'act',
        nodeId: node?.id ?? 'none',
        visit: (node?.visit ?? 1) - (fits || any % 2 === 0 ? 0 : 1),
        action,
        form: fits ? form : { ...form, phone: '' },
        ...(files ? { files: [file()] } : {}),
        ...(fits ? { reason: 'Not yet' } : {}),
      },
    };
  });

/** Somebody does what they may: how a flow gets on. */
const allowed: fc.Arbitrary<Attempt> = fc.nat().map((which) => (flow) => {
  const can = everybody.flatMap((actor) =>
    allowedActions(flow, actor, Date.parse('2026-01-01')).map((found) => ({ actor, found })),
  );
  const { actor, found } = can[which % can.length] ?? { actor: SYSTEM_ACTOR, found: undefined };
  if (found === undefined) return 1;
  const { nodeId, visit, action } = found;
  return { actor, event: { type: 'act', nodeId, visit, action, form, files: [file()], reason: 'Not yet' } };
});

const waiting: fc.Arbitrary<Attempt> = fc
  .record({
    actor: fc.oneof(fc.constant(SYSTEM_ACTOR), who),
    org: provider,
    staff,
    free: mostly,
    none: fc.nat({ max: 5 }),
  })
  .map(({ actor, org, staff, free, none }) => (flow) => {
    const atProvider = currentNode(flow)?.type === 'assign_provider';
    if (none === 0) return { actor, event: { type: 'queue', reason: atProvider ? 'providers_full' : 'staff_full' } };
    return atProvider
      ? { actor, event: { type: 'assign_provider', provider: { org, name: org, free } } }
      : {
          actor,
          event: {
            type: 'dispatch_staff',
            staff: staffOf(free ? { ...staff, roles: BOTH } : staff, free || none < 3),
          },
        };
  });

const onProject: fc.Arbitrary<Attempt> = fc
  .record({ actor: who, staff, org: provider, free: mostly, fits: mostly, what: fc.nat({ max: 12 }), pick: fc.nat() })
  .map(({ actor, staff, org, free, fits, what, pick }) => (flow) => {
    const held = flow.nodes.find(({ role, side }) => side === 'provider' && flow.crew.some((one) => one.role === role));
    const named: FlowEvent[] = [
      { type: 'pause', remark: 'Wait' },
      { type: 'resume' },
      {
        type: 'change_operator',
        ...(fits && held !== undefined ? { nodeId: held.id } : {}),
        staff: staffOf(fits ? { ...staff, roles: BOTH } : staff, free),
        remark: 'Busy',
      },
      { type: 'change_provider', provider: { org, name: org, free }, remark: 'Too slow' },
      { type: 'close', reason: 'Refunded' },
    ];
    const [pause, resume, changeOperator, changeProvider, close] = named;
    const byChance = [
      pause,
      pause,
      pause,
      pause,
      resume,
      changeOperator,
      changeOperator,
      changeOperator,
      changeOperator,
    ];
    let chosen = [...byChance, changeProvider, changeProvider, changeProvider, close][what];
    if (flow.status === 'paused' && fits) chosen = resume;
    else if (held !== undefined && what > 1 && what < 9) chosen = changeOperator;
    if (chosen === undefined) return 1;
    const names = {
      pause: 'pause',
      resume: 'resume',
      change_operator: 'changeOperator',
      change_provider: 'changeProvider',
      close: 'close',
    };
    const entitled = everybody.filter((one) =>
      allowedProjectActions(flow, one).some((name) => name === names[chosen.type as keyof typeof names]),
    );
    return { event: chosen, actor: (fits ? entitled[pick % entitled.length] : undefined) ?? actor };
  });

const passing: fc.Arbitrary<Attempt> = fc.integer({ min: 1, max: 40 }).map((hours) => () => hours);
/** The service wakes: at the instant that the flow names, or at any other. */
const ticking: fc.Arbitrary<Attempt> = mostly.map((fits) => (flow, now) => {
  const wakes = wakeAt(flow);
  const then = fits && wakes !== null ? Math.max(now, Date.parse(wakes)) : now;
  return { actor: SYSTEM_ACTOR, event: { type: 'tick' }, now: then };
});

/** What everybody tries, what time does, and what the service dispatches, in any order. */
export const randomHistory = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: allowed },
    { weight: 4, arbitrary: acting },
    { weight: 4, arbitrary: waiting },
    { weight: 3, arbitrary: onProject },
    { weight: 3, arbitrary: passing },
    { weight: 3, arbitrary: ticking },
  ),
  // The default size would end most histories before the second node.
  { minLength: 20, maxLength: 80, size: 'max' },
);

/** Plays one attempt: what was tried and how it was answered, or undefined where only time passed. */
export function tryOn(bench: FlowBench, attempt: Attempt) {
  const next = attempt(bench.flow, bench.now);
  if (typeof next === 'number') {
    bench.now += next * HOUR;
    return undefined;
  }
  bench.now = next.now ?? bench.now;
  return { event: next.event, result: bench.try(next.event, next.actor) };
}
