import { randomUUID } from 'node:crypto';
import { until } from '../support/client.ts';
import { people, type Portal } from '../support/portal.ts';
import { tokenOf, type Who } from '../support/tokens.ts';

/** Somebody who has a right in a room, and how it is withdrawn. */
export interface Held {
  roomId: string;
  who: Who;
  token: string;
  /** Withdraws it at this portal's server, and gives the instant (`performance.now`) from which it is withdrawn. */
  withdraw(portal: Portal): Promise<number>;
}

export interface Right {
  /** What happens, for the report. */
  readonly name: string;
  /** Makes a new room in which somebody new has it. */
  grant(portal: Portal): Promise<Held>;
}

/** A token's whole life where it is left to run out, in seconds: long enough to come in and be seen. */
const SHORT_LIFE_S = 10;
const PRODUCT = 'dispatched';

const answered = async (answer: Promise<unknown>): Promise<number> => {
  await answer;
  return performance.now();
};

const specialist = (sub: string): Who => ({
  sub,
  side: 'provider',
  org: 'studio',
  name: sub,
  roles: ['delivery_specialist'],
});
const newcomer = (): Who => ({ sub: `colleague-${randomUUID()}`, side: 'buyer', org: 'buyers', name: 'Newcomer' });

/** What the staff's rights need: a product whose work is given to one of two specialists. */
export async function furnishRights(portal: Portal): Promise<void> {
  const { template } = await portal.call('operator', 'template.create', {
    name: PRODUCT,
    nodes: [
      {
        id: 'dispatch',
        type: 'dispatch_order',
        name: 'Dispatch',
        side: 'system',
        role: 'delivery_specialist',
        rule: 'provider_first',
      },
      { id: 'work', type: 'generic', name: 'Work', side: 'provider', role: 'delivery_specialist' },
      { id: 'finish', type: 'finish', name: 'Finish', side: 'buyer' },
    ],
  });
  await portal.call('operator', 'template.publish', { templateId: template.id });
  for (const userId of ['specialist-1', 'specialist-2'])
    await portal.call('service', 'staff.put', {
      userId,
      org: 'studio',
      name: userId,
      roles: ['delivery_specialist'],
      maxLoad: 50,
    });
  await portal.call('service', 'product.put', {
    productId: PRODUCT,
    name: PRODUCT,
    vendorOrg: 'maker',
    templateId: template.id,
    providers: [{ org: 'studio', maxLoad: 100_000 }],
  });
}

async function withColleague(portal: Portal): Promise<{ roomId: string; who: Who }> {
  const roomId = await portal.project();
  const who = newcomer();
  await portal.call('buyer', 'member.add', { roomId, userId: who.sub, name: 'Newcomer' });
  return { roomId, who };
}

export const RIGHTS: readonly Right[] = [
  {
    name: 'a member removed',
    async grant(portal) {
      const { roomId, who } = await withColleague(portal);
      return {
        roomId,
        who,
        token: await tokenOf(who),
        withdraw: (at) => answered(at.call('buyer', 'member.remove', { roomId, userId: who.sub })),
      };
    },
  },
  {
    name: 'staff replaced',
    async grant(portal) {
      const { sub: id, org, name } = people.buyer;
      const order = { orderId: randomUUID(), productId: PRODUCT, buyer: { id, org, name } };
      const { roomId } = await portal.call('service', 'project.create', order);
      let holder: string | undefined;
      await until('the work is given to somebody', async () => {
        const { project } = await portal.call('operator', 'project.get', { projectId: roomId });
        holder = project.nodes.find(({ id }) => id === 'work')?.operator?.userId;
        return holder !== undefined;
      });
      const who = specialist(holder ?? '');
      const userId = who.sub === 'specialist-1' ? 'specialist-2' : 'specialist-1';
      return {
        roomId,
        who,
        token: await tokenOf(who),
        withdraw: (at) =>
          answered(at.call('admin', 'project.changeOperator', { projectId: roomId, userId, remark: 'Somebody else.' })),
      };
    },
  },
  {
    name: 'a provider changed',
    async grant(portal) {
      const roomId = await portal.project();
      const change = { projectId: roomId, org: 'rivals', remark: 'Too slow.' };
      return {
        roomId,
        who: people.admin,
        token: await tokenOf(people.admin),
        withdraw: (at) => answered(at.call('vendor', 'project.changeProvider', change)),
      };
    },
  },
  {
    name: 'an account made inactive',
    async grant(portal) {
      const roomId = await portal.project();
      const userId = `staff-${randomUUID()}`;
      const person = { userId, org: 'studio', name: 'Newcomer', roles: ['designer' as const], maxLoad: 5 };
      await portal.call('service', 'staff.put', person);
      await portal.call('admin', 'member.add', { roomId, userId, name: 'Newcomer' });
      const who: Who = { sub: userId, side: 'provider', org: 'studio', name: 'Newcomer', roles: ['designer'] };
      return {
        roomId,
        who,
        token: await tokenOf(who),
        withdraw: (at) => answered(at.call('service', 'staff.put', { ...person, active: false })),
      };
    },
  },
  {
    name: 'a token over',
    async grant(portal) {
      const { roomId, who } = await withColleague(portal);
      const token = await tokenOf(who, { lifeSeconds: SHORT_LIFE_S });
      const [, payload = ''] = token.split('.');
      const { exp }: { exp: number } = JSON.parse(Buffer.from(payload, 'base64url').toString());
      return {
        roomId,
        who,
        token,
        async withdraw() {
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, exp * 1_000 - Date.now())));
          return performance.now();
        },
      };
    },
  },
  {
    name: 'tokens revoked',
    async grant(portal) {
      const { roomId, who } = await withColleague(portal);
      return {
        roomId,
        who,
        token: await tokenOf(who),
        withdraw: (at) => answered(at.call('operator', 'auth.revoke', { userId: who.sub })),
      };
    },
  },
];
