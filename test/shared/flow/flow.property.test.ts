import { expect } from 'chai';
import * as fc from 'fast-check';
import { nodeAction, type NodeAction } from '../../../shared/contract/projects.ts';
import { builtInTemplates } from '../../../shared/model/flow/built-in-templates.ts';
import { endedAt, type Flow, type FlowActor, SYSTEM_ACTOR, wakeAt } from '../../../shared/model/flow/flow.ts';
import { foldFlow } from '../../../shared/model/flow/fold-flow.ts';
import type { ProjectAction } from '../../../shared/contract/projects.ts';
import { allowedActions, allowedProjectActions } from '../../../shared/model/flow/permissions.ts';
import { publishFaults } from '../../../shared/model/flow/publish-faults.ts';
import { type FlowEvent, step } from '../../../shared/model/flow/step.ts';
import { plainCalendar } from '../calendar/plain-calendar.ts';
import { everybody, file, FlowBench, form, manager, specialist, specialist2, staffOf } from './flow-bench.ts';
import { randomHistory, tryOn } from './random-history.ts';
import { randomTemplate } from './random-template.ts';

const HOUR = 3_600_000;
const template = fc.oneof(randomTemplate, fc.constantFrom(...builtInTemplates));

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** The parts of an accepted history that a reader of domain.md can follow without the machine: where the flow stands. */
class Place {
  index = 0;
  run = 1;
  over = false;

  take(flow: Flow, event: FlowEvent, happened: readonly string[]): void {
    const forward =
      event.type === 'assign_provider' ||
      event.type === 'dispatch_staff' ||
      (event.type === 'act' && event.action !== 'upload' && event.action !== 'reject') ||
      (event.type === 'tick' && happened.includes('node.done'));
    if (forward) this.index += 1;
    else if (event.type === 'act' && event.action === 'reject') {
      const people = ['submit_demand', 'claim_order', 'confirm', 'generic', 'finish'];
      const before = flow.nodes.slice(0, this.index).map(({ type }) => people.includes(type));
      if (before.includes(true)) this.index = before.lastIndexOf(true);
    } else if (event.type === 'change_provider') {
      this.index = 1;
      this.run += 1;
    } else if (event.type === 'close') this.over = true;
    if (this.index >= flow.nodes.length) this.over = true;
  }
}

const calendars = [
  plainCalendar(),
  plainCalendar({ off: { '2026-11-18': { zh: '节', en: 'Holiday' } }, worked: ['2026-11-21'] }),
  plainCalendar({ unknownFrom: 2026 }),
];

describe('the flow over random histories', () => {
  it('generates templates that can be published', () => {
    fc.assert(
      fc.property(randomTemplate, (t) => {
        expect(publishFaults(t)).to.deep.equal([]);
      }),
    );
  });

  it('reaches no illegal state, stands where its history says, and is what its log folds to', () => {
    const reached = new Map<string, number>();
    const count = (what: string): void => void reached.set(what, (reached.get(what) ?? 0) + 1);
    fc.assert(
      fc.property(template, randomHistory, fc.constantFrom(...calendars), (t, attempts, calendar) => {
        const bench = new FlowBench(t, { calendar, warrantyDays: 2 });
        const place = new Place();
        for (const attempt of attempts) {
          const before = deepFreeze(bench.flow);
          const tried = tryOn(bench, attempt);
          if (tried === undefined) continue;
          const { event, result } = tried;
          if (!result.ok) {
            count(result.code);
            expect(bench.flow).to.equal(before);
            if (!Array.isArray(result.details))
              expect(result.details).to.include({ current: before.current, run: before.run });
            continue;
          }
          if (result.entries.length === 0) expect(result.flow).to.equal(before);
          const happened = result.entries.map(({ body }) => body.event);
          happened.forEach(count);
          place.take(before, event, happened);
          checkState(bench.flow, place);
          expect(endedAt(bench.flow) ?? 0).to.be.within(place.over ? 1 : 0, place.over ? bench.now : 0);
          const visits = (flow: Flow): number[] => flow.nodes.map(({ visit }) => visit);
          const raised = visits(bench.flow).map((visit, index) => visit - (visits(before)[index] ?? 0));
          expect(raised.every((by) => by === 0 || by === 1)).to.equal(true);
        }
        // As it travels: through JSON and back.
        const log: typeof bench.entries = JSON.parse(JSON.stringify(bench.entries));
        expect(foldFlow(log)).to.deep.equal(bench.flow);
        expect(JSON.parse(JSON.stringify(bench.flow))).to.deep.equal(bench.flow);
        count(bench.flow.status);
      }),
      { numRuns: 200 },
    );
    // A history that never gets anywhere would show nothing.
    for (const what of [
      'completed',
      'cancelled',
      'paused',
      'node.rejected',
      'node.timed_out',
      'node.due_soon',
      'provider.changed',
    ])
      expect(reached.get(what) ?? 0, what).to.be.greaterThan(0);
    for (const what of [
      'order.claimed',
      'order.dispatched',
      'operator.changed',
      'project.resumed',
      'project.queued',
      'file.added',
    ])
      expect(reached.get(what) ?? 0, what).to.be.greaterThan(0);
    for (const what of ['forbidden', 'conflict', 'invalid', 'read_only', 'not_found'])
      expect(reached.get(what) ?? 0, what).to.be.greaterThan(0);
  });

  it('offers to each viewer exactly what it then accepts from them', () => {
    fc.assert(
      fc.property(template, randomHistory, (t, attempts) => {
        const bench = new FlowBench(t, { calendar: plainCalendar(), warrantyDays: 2 });
        for (const attempt of attempts) tryOn(bench, attempt);
        const { flow, now, calendar } = bench;
        const accepts = (event: FlowEvent, actor: FlowActor): boolean => step(flow, event, { now, calendar, actor }).ok;
        for (const actor of everybody) {
          const offered = allowedActions(flow, actor, now);
          for (const { id, visit } of flow.nodes) {
            const accepted = nodeAction.options.filter((action: NodeAction) =>
              accepts({ type: 'act', nodeId: id, visit, action, form, files: [file()], reason: 'Not yet' }, actor),
            );
            const here = offered.filter(({ nodeId }) => nodeId === id).map(({ action }) => action);
            expect(here, `${actor.id} at ${id}`).to.have.members(accepted);
          }
          const other = flow.provider?.org === 'rival' ? 'studio' : 'rival';
          const person = [specialist, specialist2, manager].map((one) =>
            staffOf({ ...one, org: flow.provider?.org, roles: ['delivery_specialist', 'account_manager'] }),
          );
          const tries: Record<Exclude<ProjectAction, 'changeOperator'>, FlowEvent[]> = {
            pause: [{ type: 'pause' }],
            resume: [{ type: 'resume' }],
            close: [{ type: 'close', reason: 'Refunded' }],
            changeProvider: [
              { type: 'change_provider', provider: { org: other, name: other, free: true }, remark: 'Too slow' },
            ],
            dispatch: [
              { type: 'assign_provider', provider: { org: other, name: other, free: true } },
              ...person.map((staff): FlowEvent => ({ type: 'dispatch_staff', staff })),
            ],
          };
          // The service's own dispatch is no button of anybody's.
          if (actor.side === 'service') continue;
          const accepted = Object.entries(tries).flatMap(([name, events]) =>
            events.some((event) => accepts(event, actor)) ? [name] : [],
          );
          const may = allowedProjectActions(flow, actor).filter((name) => name !== 'changeOperator');
          expect(may, actor.id).to.have.members(accepted);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('changes nothing on a tick before the instant that it says it wakes at, something at it, and nothing twice', () => {
    fc.assert(
      fc.property(template, randomHistory, fc.constantFrom(...calendars), (t, attempts, calendar) => {
        const bench = new FlowBench(t, { calendar, warrantyDays: 2 });
        for (const attempt of attempts) tryOn(bench, attempt);
        const tick = (now: number) => step(bench.flow, { type: 'tick' }, { now, calendar, actor: SYSTEM_ACTOR });
        const wakes = wakeAt(bench.flow);
        const told = (now: number): number => {
          const result = tick(now);
          return result.ok ? result.entries.length : -1;
        };
        if (wakes === null) {
          expect(told(bench.now + 1000 * 24 * HOUR)).to.equal(0);
          return;
        }
        expect(told(Date.parse(wakes) - 1)).to.equal(0);
        expect(told(Date.parse(wakes))).to.be.greaterThan(0);
        bench.now = Math.max(bench.now, Date.parse(wakes));
        bench.do({ type: 'tick' });
        expect(told(bench.now)).to.equal(0);
      }),
      { numRuns: 100 },
    );
  });
});

function checkState(flow: Flow, place: Place): void {
  const active = flow.nodes.filter(({ status }) => status === 'active');
  expect(flow.run).to.equal(place.run);
  if (place.over) {
    expect(flow.status).to.be.oneOf(['completed', 'cancelled']);
    expect(active).to.deep.equal([]);
    expect([flow.current, flow.queued, flow.overdue, flow.paused]).to.deep.equal([null, null, false, null]);
    expect(flow.nodes.some(({ status }) => status === 'pending')).to.equal(false);
    return;
  }
  expect(flow.status).to.be.oneOf(['executing', 'paused']);
  expect(flow.status === 'paused').to.equal(flow.paused !== null);
  expect(active.map(({ id }) => id)).to.deep.equal([flow.nodes[place.index]?.id]);
  expect(flow.current).to.equal(active[0]?.id);
  expect(flow.overdue).to.equal(active[0]?.overdue);
  expect(flow.provider === null).to.equal(active[0]?.type === 'assign_provider');
  if (flow.queued !== null) expect(active[0]?.type).to.be.oneOf(['assign_provider', 'dispatch_order']);
  const ahead = flow.nodes.slice(0, place.index);
  expect(ahead.every(({ status }) => status === 'done')).to.equal(true);
  const roles = flow.crew.map(({ role }) => role);
  expect(new Set(roles).size).to.equal(roles.length);
}
