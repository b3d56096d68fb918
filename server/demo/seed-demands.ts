import { deskOf, laneOf } from '../../shared/model/opportunity/streams.ts';
import { callerFor, PORTAL, type RunAs } from './demo-callers.ts';
import { uuidOf } from './demo-uuid.ts';
import {
  CONTESTED,
  COURSES,
  CUSTOMERS,
  type DemoDemand,
  type DemoStep,
  FOR_THE_PLAZA,
  OFFERED,
  RIVAL_PRODUCTS,
} from './demands.ts';
import { DEMO_PHONES } from './phones.ts';
import { DEMO_PEOPLE, OTHER_PROVIDER, RIVALS, VENDOR_ORG } from './people.ts';

/** The rooms of the demands that links open. */
export interface SeededDemands {
  readonly demand: string;
  readonly offer: string;
}

/**
 * Publishes the demonstration's demands and lets three providers compete for one. Idempotent, and what visitors have done since is left alone: a provider
 * that is no longer in a demand says nothing more there.
 */
export async function seedDemands(run: RunAs): Promise<SeededDemands> {
  for (const org of [...RIVALS, OTHER_PROVIDER]) {
    await run(PORTAL, 'org.put', { ...org, categories: [...org.categories], regions: [...org.regions] });
  }
  for (const rival of ['cedar', 'sail', 'ink'] as const) {
    const { userId, org, name, roles } = DEMO_PEOPLE[rival];
    await run(PORTAL, 'staff.put', { userId, org, name, roles: [...roles], maxLoad: 20, phone: DEMO_PHONES[rival] });
  }
  for (const { org, name } of CUSTOMERS) await run(PORTAL, 'org.put', { orgId: org, name });
  for (const product of RIVAL_PRODUCTS) {
    await run(PORTAL, 'product.put', {
      ...product,
      vendorOrg: VENDOR_ORG.orgId,
      templateId: 'bespoke',
      providers: RIVALS.map(({ orgId }) => ({ org: orgId, maxLoad: 20 })),
    });
  }
  for (const demand of FOR_THE_PLAZA) await publish(run, demand);
  const offer = await publish(run, OFFERED);
  const demand = await publish(run, CONTESTED);
  for (const { rival, steps } of COURSES) await compete(run, demand, rival, steps);
  return { demand, offer };
}

/** The portal publishes for its buyers: nobody is there to read the code that would verify a phone. */
async function publish(run: RunAs, { key, by, budget, ...demand }: DemoDemand): Promise<string> {
  const { id, org, name } = by;
  const { roomId } = await run(PORTAL, 'opportunity.create', {
    clientId: uuidOf(`demand ${key}`),
    ...demand,
    budget: { ...budget },
    buyer: { id, org, name: name.replace(/（.*$/u, '') },
  });
  return roomId;
}

/** One provider takes up the demand and does its steps, as far as it is, or still is, in it. */
async function compete(run: RunAs, roomId: string, rival: 'cedar' | 'sail' | 'ink', steps: readonly DemoStep[]) {
  const admin = callerFor(DEMO_PEOPLE[rival]);
  const { org } = DEMO_PEOPLE[rival];
  const operator = callerFor(DEMO_PEOPLE.operator);
  const standing = async (): Promise<string | undefined> => {
    const { opportunity } = await run(operator, 'opportunity.get', { opportunityId: roomId });
    const own = opportunity.engagements?.findLast(({ provider }) => provider.org === org);
    return own?.status ?? (opportunity.actions.includes('assign') ? 'free' : undefined);
  };
  if ((await standing()) === 'free') await run(operator, 'opportunity.assign', { opportunityId: roomId, org });
  if ((await standing()) === 'offered') await run(admin, 'opportunity.accept', { opportunityId: roomId });
  if ((await standing()) !== 'following') return;
  for (const [index, step] of steps.entries()) {
    await takeStep(run, { roomId, org, admin, clientId: uuidOf(`demand step ${rival} ${index}`) }, step);
  }
}

async function takeStep(
  run: RunAs,
  at: { roomId: string; org: string; admin: ReturnType<typeof callerFor>; clientId: string },
  step: DemoStep,
): Promise<void> {
  const { roomId, org, admin, clientId } = at;
  switch (step.type) {
    case 'say': {
      const stream = step.in === 'desk' ? deskOf(org) : laneOf(org);
      await run(callerFor(DEMO_PEOPLE[step.by]), 'message.send', { roomId, stream, clientId, text: step.text });
      return;
    }
    case 'record': {
      const { connected, stage, text } = step;
      await run(admin, 'opportunity.record', { opportunityId: roomId, clientId, connected, stage, text });
      return;
    }
    case 'propose': {
      const { name, productId, lines, remark } = step;
      await run(admin, 'proposal.send', {
        opportunityId: roomId,
        clientId,
        name,
        productId,
        lines: [...lines],
        ...(remark === undefined ? {} : { remark }),
      });
      return;
    }
  }
}
