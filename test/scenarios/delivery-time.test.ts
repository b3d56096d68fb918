import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Project } from '../../shared/contract/projects.ts';
import { refused } from '../support/wire-suite.ts';
import { expectWhole } from './delivery-checks.ts';
import { type Stage, stageFrom } from './delivery-stage.ts';
import { Walk } from './delivery-walk.ts';

const INSIDE = ['buyer', 'admin', 'vendor', 'operator'] as const;
/** Who is told of a walk of the basic template that its buyer lets go by. */
const LET_GO_BY = [
  'buyer entered demand',
  'provider_admin entered demand',
  'current_operator entered delivery',
  'buyer entered finish',
  'buyer due_soon finish',
  'buyer timed_out finish',
];

const nodeOf = ({ nodes }: Project, id: string) => nodes.find((node) => node.id === id);
const justBefore = (instant: string): string => new Date(Date.parse(instant) - 1).toISOString();

async function walkTo(node: string, stage: Stage, templateId = 'basic', warrantyDays = 30): Promise<Walk> {
  const walk = await Walk.begin(stage, await stage.product(templateId, { warrantyDays }), { inside: INSIDE });
  await walk.play({ to: node });
  return walk;
}

/** Nothing happens until just before an instant, and then something does. */
async function expectReminded(walk: Walk, at: string): Promise<void> {
  const { version } = walk.reader('buyer').project;
  await walk.stage.moveTo(justBefore(at));
  await expectNoNews(walk, version);
  await walk.stage.tickTo(at);
  await walk.follow(version + 1);
  const [reminder] = walk.reader('buyer').events('node.due_soon').slice(-1);
  expect(reminder?.body).to.include({ at });
  expect(walk.reader('buyer').project.overdue).to.equal(false);
}

/** Everybody was shown this version last, and a fresh read has none that is newer. */
async function expectNoNews(walk: Walk, version: number): Promise<void> {
  for (const { client, project } of walk.readers) {
    await client.flush();
    expect(project.version).to.equal(version);
  }
  const { project } = await walk.reader('buyer').client.call('project.get', { projectId: walk.projectId });
  expect([project.version, project.overdue]).to.deep.equal([version, false]);
}

describe('A delivery over the National Day holiday', () => {
  const stage = stageFrom('2026-09-30T16:00:00+08:00');
  // Entered on Wednesday 30 September; off from 1 to 7 October; worked on Saturday the 10th: 8, 9, 10 October (3), 12 to 16 (8), 19 to 23 (13),
  // Monday 26 October (14), 17:30. Half a working day of eight and a half hours ahead of it is 13:15.
  const REMINDED = '2026-10-26T05:15:00.000Z';
  const DUE = '2026-10-26T09:30:00.000Z';

  it('confirms itself at its due instant, and not a millisecond before', async () => {
    const walk = await walkTo('finish', stage());
    const buyer = walk.reader('buyer');
    const { dueAt, due } = nodeOf(buyer.project, 'finish') ?? {};
    expect(dueAt).to.equal(DUE);
    expect(due).to.deep.equal({
      provisional: false,
      because: {
        days: 14,
        from: '2026-09-30T08:00:00.000Z',
        over: [{ name: { zh: '国庆节', en: 'National Day' }, from: '2026-10-01', to: '2026-10-07' }],
      },
    });
    const { version } = buyer.project;
    for (const day of ['2026-10-08T08:59:00+08:00', '2026-10-22T17:30:00+08:00']) {
      await stage().moveTo(day);
      await expectNoNews(walk, version);
    }
    await expectReminded(walk, REMINDED);
    await stage().moveTo(justBefore(DUE));
    await expectNoNews(walk, version + 1);
    await stage().tickTo(DUE);
    const done = await buyer.sees(({ status }) => status === 'completed');
    expect(nodeOf(done, 'finish')).to.include({ status: 'done', overdue: true, endedAt: DUE });
    const told = buyer.events('node.due_soon', 'node.timed_out', 'node.done', 'project.completed').slice(-4);
    expect(told.map(({ body: { event, at, auto }, actor }) => [event, at, auto, actor.side])).to.deep.equal([
      ['node.due_soon', REMINDED, undefined, 'service'],
      ['node.timed_out', DUE, undefined, 'service'],
      ['node.done', DUE, true, 'service'],
      ['project.completed', DUE, undefined, 'service'],
    ]);
    await walk.follow(done.version);
    await expectWhole(walk, LET_GO_BY);
  });
});

describe('A delivery over a make-up workday, Mid-Autumn and National Day', () => {
  const stage = stageFrom('2026-09-18T17:00:00+08:00');
  // Entered on Friday 18 September; Sunday the 20th is worked (1), 21 to 24 (5), off from 25 to 27, 28 to 30 (8), off from 1 to 7 October,
  // 8 to 10 (11), 12, 13, Wednesday 14 October (14), 17:30.
  const CONFIRMED = '2026-10-14T09:30:00.000Z';
  // Thirty from then: 15, 16 October (2), 19 to 23 (7), 26 to 30 (12), 2 to 6 November (17), 9 to 13 (22), 16 to 20 (27), 23, 24, 25 (30).
  const ENDED = '2026-11-25T09:30:00.000Z';

  it('confirms itself twice in one jump, each at its own time', async () => {
    const walk = await walkTo('confirm', stage(), 'double-check', 30);
    const confirm = nodeOf(walk.reader('buyer').project, 'confirm');
    expect(confirm?.dueAt).to.equal(CONFIRMED);
    expect(confirm?.due?.because.over.map(({ from, to }) => [from, to])).to.deep.equal([
      ['2026-09-25', '2026-09-27'],
      ['2026-10-01', '2026-10-07'],
    ]);
    await stage().moveTo('2026-12-24T12:00:00+08:00');
    const done = await walk.reader('buyer').sees(({ status }) => status === 'completed');
    await walk.follow(done.version);
    expect(['confirm', 'finish'].map((id) => nodeOf(done, id)?.endedAt)).to.deep.equal([CONFIRMED, ENDED]);
    expect(nodeOf(done, 'finish')).to.include({ enteredAt: CONFIRMED, dueAt: ENDED });
    const reminders = walk.reader('admin').events('node.due_soon');
    expect(reminders.map(({ body }) => body['at'])).to.deep.equal([
      '2026-10-14T05:15:00.000Z',
      '2026-11-25T05:15:00.000Z',
    ]);
    await expectWhole(walk, [
      ...LET_GO_BY,
      ...['entered', 'due_soon', 'timed_out'].map((when) => `buyer ${when} confirm`),
    ]);
  });
});

describe('A delivery that is paused on Friday afternoon and resumed on Monday', () => {
  const stage = stageFrom('2026-11-05T10:00:00+08:00');
  const HOUR = 3_600_000;
  // Entered on Thursday 5 November, fourteen days: Friday 6 (1), 9 to 13 (6), 16 to 20 (11), 23, 24, Wednesday 25 (14), 17:30.
  const DUE = '2026-11-25T09:30:00.000Z';
  // Paused on Friday at 15:00: two and a half hours of that day are left, and thirteen days.
  const LEFT = (2.5 + 13 * 8.5) * HOUR;
  // Resumed on Monday 9 at 11:00: six and a half hours of that day, twelve whole days to Wednesday 25, and four and a half of Thursday 26.
  const DUE_THEN = '2026-11-26T05:30:00.000Z';
  const REMINDED_THEN = '2026-11-26T01:15:00.000Z';

  it('has left what was left', async () => {
    const walk = await walkTo('finish', stage());
    const { projectId } = walk;
    const [buyer, admin] = [walk.reader('buyer'), walk.reader('admin')];
    expect(nodeOf(buyer.project, 'finish')?.dueAt).to.equal(DUE);
    await stage().moveTo('2026-11-06T15:00:00+08:00');
    expect(buyer.project.projectActions).to.include('pause');
    const { project: paused } = await buyer.client.call('project.pause', { projectId, remark: 'The weekend.' });
    await walk.follow(paused.version);
    for (const { project } of walk.readers) {
      expect(project.paused).to.deep.equal({ at: '2026-11-06T07:00:00.000Z', left: LEFT });
      expect([project.status, project.actions, nodeOf(project, 'finish')?.dueAt]).to.deep.equal([
        'paused',
        [],
        undefined,
      ]);
    }
    const confirm = { projectId, nodeId: 'finish', visit: 1, action: 'confirm' } as const;
    const late = await refused(buyer.client.call('node.act', confirm), 'conflict');
    expect(late.error.details).to.deep.include({ status: 'paused', current: 'finish', visit: 1 });

    await stage().moveTo('2026-11-09T11:00:00+08:00');
    await expectNoNews(walk, paused.version);
    expect(walk.reader('vendor').project.projectActions).to.not.include('resume');
    expect(admin.project.projectActions).to.include('resume');
    const { project: resumed } = await buyer.client.call('project.resume', { projectId });
    await walk.follow(resumed.version);
    for (const { project } of walk.readers) expect(nodeOf(project, 'finish')?.dueAt).to.equal(DUE_THEN);

    await expectReminded(walk, REMINDED_THEN);
    await stage().moveTo(justBefore(DUE_THEN));
    await expectNoNews(walk, resumed.version + 1);
    await stage().tickTo(DUE_THEN);
    const done = await buyer.sees(({ status }) => status === 'completed');
    await walk.follow(done.version);
    expect(nodeOf(done, 'finish')?.endedAt).to.equal(DUE_THEN);
    await expectWhole(walk, LET_GO_BY);
  });
});

describe('A delivery that is due in a year whose calendar is not known', () => {
  const stage = stageFrom('2026-12-21T10:00:00+08:00');
  // Entered on Monday 21 December: 22 to 25 (4), 28 to 31 (8). As if 2027 had only weekends: Friday 1 January (9), 4 to 7 (13), Friday 8 (14).
  const GUESSED = '2027-01-08T09:30:00.000Z';
  // With 1 to 3 January off and Saturday 9 worked: 4 to 8 (13), Saturday 9 (14).
  const DUE = '2027-01-09T09:30:00.000Z';

  it('waits beyond the guess, tells the operators, and is due anew when the year is added', async () => {
    const walk = await walkTo('finish', stage());
    const [buyer, operator] = [walk.reader('buyer'), walk.reader('operator')];
    expect(nodeOf(buyer.project, 'finish')).to.deep.include({ dueAt: GUESSED, overdue: false });
    expect(nodeOf(buyer.project, 'finish')?.due?.provisional).to.equal(true);
    const [alert] = operator.entries('operator');
    expect(alert?.body).to.deep.include({ event: 'notification', to: 'operator', when: 'provisional' });

    await stage().moveTo('2027-01-08T18:00:00+08:00');
    await expectNoNews(walk, buyer.project.version);

    const before = buyer.project.version;
    await operator.client.call('calendar.extend', {
      year: 2027,
      holidays: [{ name: { zh: '元旦', en: 'New Year' }, from: '2027-01-01', to: '2027-01-03' }],
      workdays: ['2027-01-09'],
    });
    const anew = await buyer.sees(({ version }) => version > before);
    await walk.follow(anew.version);
    const finish = nodeOf(anew, 'finish');
    expect([finish?.dueAt, finish?.due?.provisional]).to.deep.equal([DUE, false]);
    expect(finish?.due?.because.over).to.deep.equal([
      { name: { zh: '元旦', en: 'New Year' }, from: '2027-01-01', to: '2027-01-03' },
    ]);
    expect(buyer.events('node.due_changed')).to.have.length(1);

    await stage().moveTo(justBefore(DUE));
    expect((await buyer.sees(({ version }) => version > anew.version)).overdue).to.equal(false);
    await stage().tickTo(DUE);
    const done = await buyer.sees(({ status }) => status === 'completed');
    await walk.follow(done.version);
    expect(nodeOf(done, 'finish')?.endedAt).to.equal(DUE);
    await expectWhole(walk, [...LET_GO_BY, 'operator provisional finish']);
  });
});
