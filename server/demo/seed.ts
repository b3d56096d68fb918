import type { Execute } from '../registry/execute.ts';
import type { Log } from '../telemetry/log.ts';
import { DEMO_PROJECTS, type DemoMessage, type DemoProject } from './conversation.ts';
import { callerFor, PORTAL, type RunAs, runWith } from './demo-callers.ts';
import { uuidOf } from './demo-uuid.ts';
import { DEMO_PHONES } from './phones.ts';
import { BUYER_ORG, DEMO_PEOPLE, type DemoPlace, PROVIDER_ORG, VENDOR_ORG } from './people.ts';
import { seedDemands } from './seed-demands.ts';

/** The rooms that the demonstration's links open. */
export type SeededDemo = Readonly<Record<DemoPlace, string>>;

/**
 * Puts the demonstration into the database through the registry's own commands, as a portal and its users would.
 * Idempotent: each restart, also one after a crash half way, ends with the same companies, projects, demands and messages.
 * @throws {RoomError} what a command answered, when one was refused
 */
export async function seedDemo(execute: Execute, log: Log): Promise<SeededDemo> {
  const run = runWith(execute, log);
  await seedDirectory(run);
  const demands = await seedDemands(run);
  const [first, ...others] = DEMO_PROJECTS;
  // The one that the links open comes last, so that it leads every list of rooms.
  for (const project of others) await seedProject(run, project);
  return { ...demands, delivery: await seedProject(run, first) };
}

async function seedDirectory(run: RunAs): Promise<void> {
  for (const org of [BUYER_ORG, VENDOR_ORG]) await run(PORTAL, 'org.put', org);
  const { categories, regions, ...provider } = PROVIDER_ORG;
  await run(PORTAL, 'org.put', { ...provider, categories: [...categories], regions: [...regions] });
  for (const [as, phone] of [
    ['designer', DEMO_PHONES.designer],
    ['admin', DEMO_PHONES.admin],
    ['vendor', undefined],
  ] as const) {
    const { userId, name, org, roles } = DEMO_PEOPLE[as];
    const reached = phone === undefined ? {} : { phone };
    await run(PORTAL, 'staff.put', { userId, org, name, roles: [...roles], maxLoad: 20, ...reached });
  }
  await run(PORTAL, 'product.put', {
    productId: 'demo-website-design',
    name: 'Website design',
    vendorOrg: VENDOR_ORG.orgId,
    templateId: 'step-by-step',
    providers: [{ org: PROVIDER_ORG.orgId, maxLoad: 1000 }],
    warrantyDays: 30,
  });
}

async function seedProject(run: RunAs, project: DemoProject): Promise<string> {
  const { orderId, bizId, productId, spec } = project;
  const { userId, org, name } = DEMO_PEOPLE.buyer;
  const { roomId } = await run(PORTAL, 'project.create', {
    orderId,
    bizId,
    productId,
    spec,
    channel: 'Demo portal',
    buyer: { id: userId, org, name, contact: { phone: DEMO_PHONES.buyer } },
  });
  const { designer, admin } = DEMO_PEOPLE;
  await run(callerFor(admin), 'member.add', { roomId, userId: designer.userId, name: designer.name });
  const ids = new Map<number, string>();
  for (const [line, message] of project.messages.entries()) {
    ids.set(
      line,
      await seedMessage(run, { roomId, orderId, line, message, answered: ids.get(line - (message.answers ?? 0)) }),
    );
  }
  return roomId;
}

async function seedMessage(
  run: RunAs,
  at: { roomId: string; orderId: string; line: number; message: DemoMessage; answered: string | undefined },
): Promise<string> {
  const { roomId, message, answered } = at;
  const caller = callerFor(DEMO_PEOPLE[message.by]);
  const { entry, duplicate } = await run(caller, 'message.send', {
    roomId,
    stream: message.stream ?? 'public',
    clientId: uuidOf(`${at.orderId} line ${at.line}`),
    text: message.text,
    ...(answered === undefined ? {} : { replyTo: answered }),
  });
  if (message.becomes !== undefined && !duplicate) {
    await run(caller, 'message.edit', { roomId, entryId: entry.id, text: message.becomes });
  }
  return entry.id;
}
