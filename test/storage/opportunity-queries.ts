import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { CommandName } from '../../shared/contract/registry.ts';
import { HOUR_MS, productOf, proposalInput, publish, third } from '../support/demands.ts';
import { message, type PersonName, type Portal } from '../support/portal.ts';
import type { SharedDatabase } from '../support/shared-database.ts';
import type { Who } from '../support/tokens.ts';

type OfDemands = Extract<CommandName, `opportunity.${string}` | `proposal.${string}` | `desk.${string}`>;

/** Every command of demands at least once, with the variants that are queried differently. */
export function everyCommandOfDemands(portal: Portal): Record<OfDemands, () => Promise<unknown>> {
  const each =
    (...runs: (() => Promise<unknown>)[]) =>
    async () => {
      for (const run of runs) await run();
    };
  const offered = () => publish(portal, { kind: 'targeted', org: 'studio' });
  async function followed(): Promise<string> {
    const opportunityId = await offered();
    await portal.call('admin', 'opportunity.accept', { opportunityId });
    return opportunityId;
  }
  async function quoted() {
    const opportunityId = await followed();
    const { proposal } = await portal.call('admin', 'proposal.send', proposalInput(opportunityId, 'studio'));
    return { opportunityId, proposalId: proposal.id };
  }
  /** The first page, and the next where there is one. */
  const pages = async (read: (cursor: object) => Promise<{ nextCursor?: string | undefined }>) => {
    const { nextCursor } = await read({});
    if (nextCursor !== undefined) await read({ cursor: nextCursor });
  };
  const everybody: (PersonName | Who)[] = ['buyer', 'admin', 'designer', 'operator', 'service', third];
  return {
    'opportunity.create': each(
      () => publish(portal),
      () => portal.call('buyer', 'opportunity.create', { ...INPUT, clientId: 'b0a3f2a8-6d0e-4b5c-9a55-2f6b3b1f8a10' }),
    ),
    'opportunity.get': async () => portal.call('buyer', 'opportunity.get', { opportunityId: await publish(portal) }),
    'opportunity.list': each(
      ...everybody.flatMap((who) => [
        () => pages((more) => portal.call(who, 'opportunity.list', { limit: 1, ...more })),
        () => pages((more) => portal.call(who, 'opportunity.list', { limit: 1, status: 'talking', ...more })),
      ]),
      () => pages((more) => portal.call('operator', 'opportunity.list', { limit: 1, seeking: true, ...more })),
      () => portal.call('operator', 'opportunity.list', { limit: 1, seeking: false }),
    ),
    'opportunity.plaza': each(
      ...(['admin', 'operator'] as const).flatMap((who) =>
        [{}, { category: 'C1' }, { region: 'R1' }, { category: 'C1', region: 'R1' }].map(
          (filter) => () => pages((more) => portal.call(who, 'opportunity.plaza', { limit: 1, ...filter, ...more })),
        ),
      ),
    ),
    async 'opportunity.grab'() {
      const many: string[] = [];
      for (let n = 0; n < 6; n++) many.push(await publish(portal));
      await portal.call('operator', 'clock.advance', { ms: HOUR_MS });
      for (const opportunityId of many)
        await portal.call('admin', 'opportunity.grab', { opportunityId }).catch(() => undefined);
    },
    'opportunity.suggest': async () =>
      portal.call('operator', 'opportunity.suggest', { opportunityId: await publish(portal, { subCategory: 'S' }) }),
    'opportunity.assign': async () =>
      portal.call('operator', 'opportunity.assign', { opportunityId: await publish(portal), org: 'studio' }),
    'opportunity.accept': followed,
    'opportunity.reject': async () =>
      portal.call('admin', 'opportunity.reject', { opportunityId: await offered(), reason: 'other' }),
    async 'opportunity.record'() {
      const record = { opportunityId: await followed(), clientId: randomUUID(), connected: true, text: 'x' };
      for (let n = 0; n < 2; n++) await portal.call('admin', 'opportunity.record', { ...record, stage: 'price' });
    },
    'opportunity.terminate': async () =>
      portal.call('admin', 'opportunity.terminate', { opportunityId: await followed(), reason: 'other' }),
    'opportunity.revoke': async () =>
      portal.call('buyer', 'opportunity.revoke', { opportunityId: await publish(portal) }),
    'opportunity.close': async () =>
      portal.call('operator', 'opportunity.close', { opportunityId: await publish(portal), reason: 'r' }),
    'opportunity.reportPaid': async () =>
      portal.call('service', 'opportunity.reportPaid', {
        ...(await quoted()),
        paymentId: randomUUID(),
        orderId: randomUUID(),
      }),
    'proposal.send': quoted,
    'proposal.withdraw': async () => portal.call('admin', 'proposal.withdraw', await quoted()),
    'proposal.list': async () =>
      portal.call('buyer', 'proposal.list', { opportunityId: (await quoted()).opportunityId }),
    async 'desk.list'() {
      for (let n = 0; n < 3; n++) {
        const roomId = await offered();
        const question = message(roomId, 'A question', { stream: 'desk:studio' });
        for (let again = 0; again < 2; again++) await portal.call('admin', 'message.send', question);
      }
      await pages((more) => portal.call('operator', 'desk.list', { limit: 1, ...more }));
    },
  };
}

const INPUT = { category: 'C1', title: 'T', details: 'D', region: 'R1' };

/** Puts what the commands of demands need into the directory, and one demand in the plaza to be copied. */
export async function seedDemands(portal: Portal): Promise<void> {
  await portal.call('service', 'product.put', {
    productId: productOf('studio'),
    name: 'Shop',
    vendorOrg: 'maker',
    templateId: 'basic',
    providers: [{ org: 'studio', maxLoad: 100_000 }],
  });
  await portal.call('buyer', 'opportunity.create', { ...INPUT, clientId: 'b0a3f2a8-6d0e-4b5c-9a55-2f6b3b1f8a10' });
}

/** Fills what demands are kept in with so many of other people's. */
export async function fillDemands({ connection }: SharedDatabase, count: number): Promise<void> {
  const into = (name: string, make: (i: number) => mongo.Document) =>
    connection.collection<mongo.Document>(name).insertMany(Array.from({ length: count }, (_, i) => make(i)));
  const at = (i: number) => new Date(Date.UTC(2026, 0, 1) + i * 60_000);
  const ahead = (i: number) => new Date(Date.UTC(2126, 0, 1) + i * 60_000);
  const model = await connection.collection('rooms').findOne({ kind: 'opportunity' });
  await into('rooms', (i) => {
    const id = `deal-${i}`;
    const of = { engagementId: id, proposalId: id, paymentId: id, orderId: id, projectId: id };
    const deal = i % 10 === 0 ? { ...of, at: at(i).toISOString() } : null;
    const demand = { ...model?.['opportunity'].demand, category: `C${i % 20}`, region: `R${i % 30}` };
    return {
      ...model,
      _id: `demand-${i}`,
      publishedAs: `demand-${i}`,
      opportunity: { ...model?.['opportunity'], demand, deal, plaza: { since: at(i).toISOString() } },
      plaza: i % 10 === 0 ? null : i % 10 === 1 ? { dueAt: ahead(i) } : { since: at(i) },
      seeking: i % 4 === 0 ? { since: at(i) } : null,
      wakeAt: i % 10 === 1 ? ahead(i) : null,
      seats: i % 2 === 0 ? model?.['seats'] : [`buyer:o:${i}`, 'operator'],
      activity: { buyer: at(i), provider: at(i), operator: at(i) },
      outbox: [],
      createdAt: at(i),
      changedAt: at(i),
    };
  });
  await into('grabs', (i) => ({ _id: `o-${i}/2026-01-01`, version: 1, claims: [], at: new Date() }));
  await into('desks', (i) => ({
    _id: `demand-${i}/studio`,
    roomId: `demand-${i}`,
    org: 'studio',
    name: 'Studio',
    title: 'T',
    seq: 1,
    answered: 0,
    unanswered: i % 2,
    ...(i % 2 === 0 ? {} : { since: at(i) }),
    changedAt: at(i),
  }));
  await into('orgs', (i) => ({
    _id: `offers-${i}`,
    name: `N${i}`,
    categories: [`C${i % 20}`, `S${i % 20}`],
    regions: [`R${i % 30}`],
    rating: i % 5,
  }));
}
