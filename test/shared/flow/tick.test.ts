import { expect } from 'chai';
import type { NodeInput } from '../../../shared/contract/templates.ts';
import { officeCalendar } from '../../../server/calendar/office-calendar.ts';
import { wakeAt } from '../../../shared/model/flow/flow.ts';
import { admin, at, buyer, customTemplate, FlowBench, operator, shown, TZ } from './flow-bench.ts';

const notify: NonNullable<NodeInput['notify']> = [
  { to: 'current_operator', when: 'entered', message: 'your_turn' },
  { to: 'vendor_admin', when: 'timed_out', message: 'timed_out' },
];
const work = (timeoutDays: number): NodeInput => ({
  id: 'work',
  type: 'generic',
  name: 'Work',
  side: 'provider',
  timeoutDays,
  notify,
});
const finish: NodeInput = { id: 'finish', type: 'finish', name: 'Finish', timeoutDays: 2, autoAdvance: true };

const begin = (
  timeoutDays: number,
  start = '2026-11-16 10:00',
  calendar = officeCalendar({ timeZone: TZ, opening: '09:00', cutoff: '17:30' }),
) => new FlowBench(customTemplate(work(timeoutDays), finish), { start, calendar }).assign('studio');

describe('what time does to a flow (domain.md, section 5)', () => {
  it('notifies on entry as the template says, and on the timeout', () => {
    const bench = begin(1);
    expect(bench.notifications).to.deep.equal([
      { to: 'current_operator', when: 'entered', message: 'your_turn', nodeId: 'work', visit: 1 },
    ]);
    bench.notifications.length = 0;
    bench.until('2026-11-17 17:30');
    expect(bench.notifications).to.deep.equal([
      { to: 'vendor_admin', when: 'timed_out', message: 'timed_out', nodeId: 'work', visit: 1 },
    ]);
  });

  it('marks a node as overdue from its due instant on, once, and never moves a piece of work', () => {
    const bench = begin(1).until('2026-11-17 17:29');
    expect(bench.flow.overdue).to.equal(false);
    bench.until('2026-11-17 17:30');
    expect([bench.flow.overdue, bench.node.overdue, bench.place]).to.deep.equal([true, true, 'work/1']);
    expect(wakeAt(bench.flow)).to.equal(null);
    bench.until('2026-12-24 10:00');
    expect(bench.events().filter((event) => event === 'node.timed_out')).to.have.length(1);
    bench.act(admin, 'finish');
    expect([bench.flow.overdue, bench.flow.nodes[1]?.overdue]).to.deep.equal([false, true]);
  });

  it('reminds whose turn it is half a working day before, once', () => {
    const bench = begin(1);
    expect(shown(wakeAt(bench.flow) ?? undefined)).to.equal('2026-11-17 13:15');
    bench.until('2026-11-17 13:15').until('2026-11-17 14:00');
    expect(bench.notifications.filter(({ when }) => when === 'due_soon')).to.deep.equal([
      { to: 'current_operator', when: 'due_soon', message: 'due_soon', nodeId: 'work', visit: 1 },
    ]);
    expect(shown(wakeAt(bench.flow) ?? undefined)).to.equal('2026-11-17 17:30');
    bench.act(admin, 'finish').until('2026-11-19 13:15');
    expect(bench.notifications.at(-1)).to.include({ to: 'buyer', when: 'due_soon', nodeId: 'finish' });
  });

  it('does not remind of what has less than a day', () => {
    const bench = begin(0.5);
    expect(shown(wakeAt(bench.flow) ?? undefined)).to.equal(shown(bench.node.dueAt));
  });

  it('confirms by itself on the timeout, and says that it was late', () => {
    const bench = begin(0).act(admin, 'finish').until('2026-11-18 17:30');
    expect(bench.events().slice(-3)).to.deep.equal(['node.timed_out', 'node.done', 'project.completed']);
  });

  it('gives a node that a late tick enters its whole time', () => {
    const bench = new FlowBench(customTemplate({ ...finish, id: 'first', type: 'confirm' }, finish)).assign('studio');
    // The service was down for a week.
    bench.until('2026-11-25 11:00');
    expect([bench.place, shown(bench.node.dueAt)]).to.deep.equal(['finish/1', '2026-11-27 17:30']);
  });

  it('waits for nothing without a timeout, and says so', () => {
    const bench = begin(0);
    expect([wakeAt(bench.flow), bench.node.dueAt]).to.deep.equal([null, undefined]);
    expect(bench.try({ type: 'tick' }, operator)).to.include({ ok: false, code: 'forbidden' });
  });

  describe('a due instant in a year without data', () => {
    const year2027 = {
      year: 2027,
      holidays: [{ name: { zh: '元旦', en: 'New Year' }, from: '2027-01-01', to: '2027-01-03' }],
      workdays: [],
    };
    const extended = officeCalendar({ timeZone: TZ, opening: '09:00', cutoff: '17:30' }, [year2027]);

    it('is provisional, alerts the operators, and moves nothing: nobody is late by a guess', () => {
      const bench = begin(0, '2026-12-30 10:00').act(admin, 'finish');
      expect([shown(bench.node.dueAt), bench.node.due?.provisional]).to.deep.equal(['2027-01-01 17:30', true]);
      expect(bench.notifications.at(-1)).to.deep.equal({
        to: 'operator',
        when: 'provisional',
        message: 'provisional_due',
        nodeId: 'finish',
        visit: 1,
      });
      bench.until('2027-03-01 10:00');
      expect([bench.place, bench.flow.overdue, wakeAt(bench.flow)]).to.deep.equal(['finish/1', false, null]);
    });

    it('alerts the operators also when a pause pushed it there', () => {
      const bench = begin(2, '2026-12-28 10:00').do({ type: 'pause' }, buyer);
      expect(bench.notifications.some(({ when }) => when === 'provisional')).to.equal(false);
      bench.now = at('2026-12-31 10:00');
      bench.do({ type: 'resume' }, buyer);
      expect([shown(bench.node.dueAt), bench.node.due?.provisional]).to.deep.equal(['2027-01-04 17:30', true]);
      expect(bench.notifications.at(-1)).to.include({ to: 'operator', when: 'provisional', nodeId: 'work' });
    });

    it('is computed anew when the year arrives, and then counts', () => {
      const bench = begin(0, '2026-12-30 10:00').act(admin, 'finish');
      const later = begin(0, '2026-12-30 10:00', extended).act(admin, 'finish');
      expect([shown(later.node.dueAt), later.node.due?.provisional]).to.deep.equal(['2027-01-04 17:30', false]);
      const arrived = new FlowBench(customTemplate(finish), { calendar: extended });
      arrived.entries.splice(0, arrived.entries.length, ...bench.entries);
      arrived.flow = bench.flow;
      arrived.until('2027-01-02 10:00');
      expect(arrived.events().at(-1)).to.equal('node.due_changed');
      expect([shown(arrived.node.dueAt), arrived.node.due, arrived.node.remindAt]).to.deep.equal([
        '2027-01-04 17:30',
        later.node.due,
        later.node.remindAt,
      ]);
      arrived.until('2027-01-04 17:30');
      expect(arrived.flow.status).to.equal('completed');
    });

    it('does what is due at once when the year arrives late', () => {
      const bench = begin(0, '2026-12-30 10:00').act(admin, 'finish');
      const arrived = new FlowBench(customTemplate(finish), { calendar: extended });
      arrived.flow = bench.flow;
      arrived.until('2027-02-01 10:00');
      expect(arrived.flow.status).to.equal('completed');
    });
  });

  it('is nobody’s turn to be reminded while paused', () => {
    const bench = begin(1).do({ type: 'pause' }, buyer);
    expect(wakeAt(bench.flow)).to.equal(null);
    bench.until('2026-12-01 10:00');
    expect(bench.flow.overdue).to.equal(false);
  });
});
