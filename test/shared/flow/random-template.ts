import * as fc from 'fast-check';
import type { Role } from '../../../shared/contract/primitives.ts';
import type { NodeInput, Template } from '../../../shared/contract/templates.ts';
import { completeNodes } from '../../../shared/model/flow/template-steps.ts';

interface Choice {
  kind: 'work' | 'confirm' | 'claim' | 'dispatch' | 'demand';
  pick: number;
  side: 'buyer' | 'provider';
  flag: boolean;
  timeoutDays: number;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  kind: fc.constantFrom('work', 'work', 'confirm', 'confirm', 'claim', 'dispatch', 'demand'),
  pick: fc.nat({ max: 20 }),
  side: fc.constantFrom('buyer', 'provider'),
  flag: fc.boolean(),
  timeoutDays: fc.constantFrom(0, 0.5, 1, 1.5, 3),
});

/** Templates that may be published, of every type of node, some of them in containers. */
export const randomTemplate: fc.Arbitrary<Template> = fc
  .record({
    choices: fc.array(choice, { minLength: 1, maxLength: 7 }),
    last: choice,
    group: fc.tuple(fc.nat({ max: 6 }), fc.integer({ min: 1, max: 3 })),
    posting: fc.constantFrom('any-staff', 'current-operator'),
  })
  .map(({ choices, last, group: [from, count], posting }) => {
    const roles: Role[] = ['provider_admin'];
    let broughtIn = false;
    const nodes = [...choices, { ...last, kind: 'finish' as const }].map(
      ({ kind, pick, side, flag, timeoutDays }, index): NodeInput => {
        const id = `n${index}`;
        const rejectable = flag && !broughtIn;
        broughtIn = kind === 'claim' || kind === 'dispatch';
        const role = roles[pick % roles.length] ?? 'provider_admin';
        const autoAdvance = timeoutDays > 0 && pick % 2 === 0;
        switch (kind) {
          case 'demand':
            return { id, name: id, type: 'submit_demand', timeoutDays };
          case 'work':
            return {
              id,
              name: id,
              type: 'generic',
              side,
              ...(side === 'provider' ? { role } : {}),
              needsUpload: flag,
              timeoutDays,
            };
          case 'confirm':
            return {
              id,
              name: id,
              type: 'confirm',
              side,
              ...(side === 'provider' ? { role } : {}),
              rejectable,
              timeoutDays,
              autoAdvance,
            };
          case 'finish':
            return { id, name: id, type: 'finish', rejectable, timeoutDays, autoAdvance };
          case 'claim':
            if (!roles.includes('account_manager')) roles.push('account_manager');
            return { id, name: id, type: 'claim_order', role: 'account_manager', timeoutDays };
          case 'dispatch':
            if (!roles.includes('delivery_specialist')) roles.push('delivery_specialist');
            return {
              id,
              name: id,
              type: 'dispatch_order',
              role: 'delivery_specialist',
              rule: flag ? 'department_first' : 'provider_first',
            };
        }
      },
    );
    const children = nodes.slice(from, from + count);
    const grouped: NodeInput[] =
      children.length === 0
        ? nodes
        : [
            ...nodes.slice(0, from),
            { id: 'group', name: 'Group', type: 'container', children },
            ...nodes.slice(from + count),
          ];
    return {
      id: 'random',
      name: 'Random',
      status: 'published',
      builtIn: false,
      posting,
      nodes: completeNodes(grouped),
    };
  });
