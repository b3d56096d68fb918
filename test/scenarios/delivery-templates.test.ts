import { expect } from 'chai';
import { describe, it } from 'mocha';
import { people } from '../support/portal.ts';
import { expectWhole } from './delivery-checks.ts';
import { stageFrom } from './delivery-stage.ts';
import { Walk } from './delivery-walk.ts';

/** Thursday 5 November 2026, 10:00 in Shanghai. */
const START = '2026-11-05T10:00:00+08:00';
/** Fourteen working days: Friday 6 (1), 9 to 13 (6), 16 to 20 (11), 23, 24, 25 (14), at 17:30. */
const IN_14_DAYS = '2026-11-25T09:30:00.000Z';
/** Five: Friday 6 (1), 9 to 12 (5). */
const IN_5_DAYS = '2026-11-12T09:30:00.000Z';

const INSIDE = ['buyer', 'admin', 'vendor', 'manager', 'operator'] as const;
const BEGINNING = ['buyer entered demand', 'provider_admin entered demand'];

/** What each built-in template comes to (domain.md, section 4): the steps in their order, the due instants, and who is told. */
const COURSES: Record<string, { steps: string[]; due: Record<string, string>; notices: string[] }> = {
  basic: {
    steps: ['assign', 'demand', 'delivery', 'finish'],
    due: { finish: IN_14_DAYS },
    notices: [...BEGINNING, 'current_operator entered delivery', 'buyer entered finish'],
  },
  'double-check': {
    steps: ['assign', 'demand', 'delivery', 'confirm', 'finish'],
    due: { confirm: IN_14_DAYS, finish: IN_5_DAYS },
    notices: [...BEGINNING, 'current_operator entered delivery', 'buyer entered confirm', 'buyer entered finish'],
  },
  contract: {
    steps: ['assign', 'demand', 'contract', 'delivery', 'finish'],
    due: { finish: IN_14_DAYS },
    notices: [
      ...BEGINNING,
      'current_operator entered contract',
      'current_operator entered delivery',
      'buyer entered finish',
    ],
  },
  'step-by-step': {
    steps: [
      'assign',
      'demand',
      'design',
      'confirm-design',
      'ued',
      'confirm-ued',
      'development',
      'inspection',
      'finish',
    ],
    due: { finish: IN_14_DAYS },
    notices: [
      ...BEGINNING,
      ...['design', 'ued', 'development'].map((id) => `current_operator entered ${id}`),
      ...['confirm-design', 'confirm-ued', 'inspection', 'finish'].map((id) => `buyer entered ${id}`),
    ],
  },
  simplest: {
    steps: ['assign', 'demand', 'dispatch', 'deliverable', 'finish'],
    due: { finish: IN_14_DAYS },
    notices: [...BEGINNING, 'current_operator entered deliverable', 'buyer entered finish'],
  },
  bespoke: {
    steps: ['assign', 'demand', 'claim', 'dispatch', 'confirm-demand', 'implementation', 'finish'],
    due: { finish: IN_14_DAYS },
    notices: [
      ...BEGINNING,
      'account_manager entered claim',
      'provider_admin entered claim',
      'current_operator entered confirm-demand',
      'current_operator entered implementation',
      'buyer entered finish',
    ],
  },
};

describe('A delivery by each built-in template, by what its people are shown', () => {
  const stage = stageFrom(START);

  async function begin(templateId: string): Promise<Walk> {
    const outside = [
      await stage().staff('manager-n', 'account_manager', { dept: 'north' }),
      await stage().staff('specialist-n', 'delivery_specialist', { dept: 'north', maxLoad: 50 }),
    ];
    const productId = await stage().product(templateId, { warrantyDays: 5 });
    const walk = await Walk.begin(stage(), productId, { inside: INSIDE, outside });
    // Staff whom the admin adds: they read all of it, and it is never their turn.
    const { sub: userId, name } = people.designer;
    await walk.reader('admin').client.call('member.add', { roomId: walk.projectId, userId, name });
    await walk.enter(people.designer);
    return walk;
  }

  for (const [templateId, { steps, due, notices }] of Object.entries(COURSES)) {
    it(`${templateId}: from order to completion`, async () => {
      const walk = await begin(templateId);
      await walk.play();
      await expectWhole(walk, notices);
      const entered = walk.reader('buyer').events('node.entered', 'project.completed');
      expect(entered.map(({ body }) => (body['node'] as { id: string } | undefined)?.id)).to.deep.equal([
        ...steps,
        undefined,
      ]);
      const { nodes } = walk.reader('vendor').project;
      expect(nodes.map(({ id, status }) => [id, status])).to.deep.equal(steps.map((id) => [id, 'done']));
      const dues = nodes.flatMap(({ id, dueAt }) => (dueAt === undefined ? [] : [[id, dueAt]]));
      expect(Object.fromEntries(dues)).to.deep.equal(due);
    });
  }
});
