import { createHash } from 'node:crypto';
import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type { Caller } from '../registry/call.ts';
import type { Execute } from '../registry/execute.ts';
import type { Log } from '../telemetry/log.ts';
import { DEMO_PROJECTS, type DemoMessage, type DemoProject } from './conversation.ts';
import { BUYER_ORG, DEMO_PEOPLE, type DemoPerson, PROVIDER_ORG, VENDOR_ORG } from './people.ts';

/** The room that the demonstration's links open. */
export interface SeededDemo {
  readonly roomId: string;
}

type RunAs = <Name extends CommandName>(
  caller: Caller,
  name: Name,
  input: CommandInput<Name>,
) => Promise<CommandOutput<Name>>;

const PORTAL: Caller = {
  userId: 'demo-portal',
  name: 'Demo portal',
  side: 'service',
  roles: [],
  expiresAt: Number.POSITIVE_INFINITY,
};

/**
 * Puts the demonstration into the database through the registry's own commands, as a portal and its users would.
 * Idempotent: each restart, also one after a crash half way, ends with the same companies, projects and messages.
 * @throws {RoomError} what a command answered, when one was refused
 */
export async function seedDemo(execute: Execute, log: Log): Promise<SeededDemo> {
  const run: RunAs = async (caller, name, input) => {
    const answer = await execute(name, input, { caller, log, correlationId: `demo ${name}` });
    if (!answer.ok) throw new RoomError(answer.error.code, `${name}: ${answer.error.message}`, answer.error);
    // The answer of a command that was called by its name.
    return answer.data as CommandOutput<typeof name>;
  };
  await seedDirectory(run);
  const [first, ...others] = DEMO_PROJECTS;
  // The one that the links open comes last, so that it leads every list of rooms.
  for (const project of others) await seedProject(run, project);
  return { roomId: await seedProject(run, first) };
}

async function seedDirectory(run: RunAs): Promise<void> {
  for (const org of [BUYER_ORG, PROVIDER_ORG, VENDOR_ORG]) await run(PORTAL, 'org.put', org);
  for (const { userId, name, org, roles } of [DEMO_PEOPLE.designer, DEMO_PEOPLE.admin, DEMO_PEOPLE.vendor]) {
    await run(PORTAL, 'staff.put', { userId, org, name, roles: [...roles], maxLoad: 20 });
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
    buyer: { id: userId, org, name },
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

function callerFor({ userId, name, side, org, roles }: DemoPerson): Caller {
  return { userId, name, side, roles, ...(org === undefined ? {} : { org }), expiresAt: Number.POSITIVE_INFINITY };
}

/** The same uuid for the same name, in the form of a version 8 one (RFC 9562). */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(`delivery-rooms demo ${name}`).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
