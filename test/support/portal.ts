import { randomUUID } from 'node:crypto';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type { FileInfo } from '../../shared/contract/files.ts';
import { post, Refused, TestClient } from './client.ts';
import { uploadFile, type UploadInput } from './files.ts';
import { tokenOf, type Who } from './tokens.ts';

/** The people of a test's marketplace: two buyers' companies, two providers and two vendors. */
export const people = {
  buyer: { sub: 'buyer-1', side: 'buyer', org: 'buyers', name: 'Bao' },
  colleague: { sub: 'buyer-2', side: 'buyer', org: 'buyers', name: 'Bo' },
  otherOfOrg: { sub: 'buyer-3', side: 'buyer', org: 'buyers', name: 'Bian' },
  stranger: { sub: 'stranger-1', side: 'buyer', org: 'strangers', name: 'Shen' },
  admin: { sub: 'admin-1', side: 'provider', org: 'studio', name: 'Ai', roles: ['provider_admin'] },
  designer: { sub: 'designer-1', side: 'provider', org: 'studio', name: 'Dan', roles: ['designer'] },
  idle: { sub: 'designer-2', side: 'provider', org: 'studio', name: 'Du', roles: ['designer'] },
  inactive: { sub: 'designer-3', side: 'provider', org: 'studio', name: 'Diao', roles: ['designer'] },
  rival: { sub: 'rival-1', side: 'provider', org: 'rivals', name: 'Rui', roles: ['provider_admin'] },
  vendor: { sub: 'vendor-1', side: 'vendor', org: 'maker', name: 'Wei', roles: ['vendor_admin'] },
  manager: { sub: 'vendor-2', side: 'vendor', org: 'maker', name: 'Wen', roles: ['project_manager'] },
  vendorStaff: { sub: 'vendor-3', side: 'vendor', org: 'maker', name: 'Wu', roles: ['designer'] },
  otherVendor: { sub: 'vendor-9', side: 'vendor', org: 'maker-2', name: 'Wang', roles: ['vendor_admin'] },
  operator: { sub: 'operator-1', side: 'operator', name: 'Ou' },
  service: { sub: 'portal', side: 'service', name: 'Portal' },
} as const satisfies Record<string, Who>;

export type PersonName = keyof typeof people;

/** How many entries the public stream of a new project of `website` holds: created, waiting, assigned, at its first step, and a word to the buyer. */
export const BEGINNING = 5;
/** And its notes: a word to the provider's admin. */
export const NOTES_BEGINNING = 1;

/** Plays a portal: mints tokens, keeps the directory, opens projects and connections. */
export class Portal {
  readonly url: string;
  readonly #tokens = new Map<string, Promise<string>>();
  readonly #clients = new Set<TestClient>();

  constructor(url: string) {
    this.url = url;
  }

  token(who: PersonName | Who): Promise<string> {
    const person: Who = typeof who === 'string' ? people[who] : who;
    const key = JSON.stringify(person);
    const known = this.#tokens.get(key) ?? tokenOf(person);
    this.#tokens.set(key, known);
    return known;
  }

  async connect(
    who: PersonName | Who,
    options: { url?: string; transports?: ('websocket' | 'polling')[] } = {},
  ): Promise<TestClient> {
    const { url, ...rest } = options;
    const client = await TestClient.connect(url ?? this.url, await this.token(who), rest);
    this.#clients.add(client);
    return client;
  }

  /** Calls over HTTP. @throws {Refused} */
  async call<Name extends CommandName>(
    who: PersonName | Who,
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name>> {
    const { data, problem } = await post(this.url, await this.token(who), name, input);
    if (data !== undefined) return data;
    throw problem === undefined
      ? new Error(`${name} was answered with neither data nor a problem`)
      : new Refused(name, problem);
  }

  /** Calls, and gives a refusal as an answer. */
  async try<Name extends CommandName>(
    who: PersonName | Who,
    name: Name,
    input: CommandInput<Name>,
  ): Promise<{ data: CommandOutput<Name> } | { refused: Refused }> {
    try {
      return { data: await this.call(who, name, input) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { refused: error };
    }
  }

  /** Uploads a file, a small picture unless told otherwise. @throws {Refused} */
  async upload(who: PersonName | Who, input: UploadInput): Promise<FileInfo> {
    return uploadFile(this.url, await this.token(who), input);
  }

  /** Fills the directory: companies, staff, and two products of which `website` goes to the studio. */
  async seed(): Promise<void> {
    for (const [orgId, name] of [
      ['studio', 'Studio'],
      ['rivals', 'Rivals'],
      ['maker', 'Maker'],
      ['maker-2', 'Second Maker'],
    ] as const)
      await this.call('service', 'org.put', { orgId, name });
    for (const { sub, org, name, roles } of [people.admin, people.designer, people.idle, people.inactive])
      await this.call('service', 'staff.put', { userId: sub, org, name, roles: [...roles], maxLoad: 5 });
    await this.call('service', 'product.put', {
      productId: 'website',
      name: 'Website',
      vendorOrg: 'maker',
      templateId: 'basic',
      providers: [{ org: 'studio', maxLoad: 100_000 }],
    });
  }

  /** Opens a project of `buyer` at the studio and gives its room. */
  async project(orderId: string = randomUUID(), buyer: Who = people.buyer): Promise<string> {
    const { roomId } = await this.call('service', 'project.create', {
      orderId,
      productId: 'website',
      buyer: { id: buyer.sub, org: buyer.org ?? '', name: buyer.name ?? buyer.sub },
    });
    return roomId;
  }

  /** What arrived on any connection and is not of the contract. */
  faults(): string[] {
    return [...this.#clients].flatMap((client) => client.faults);
  }

  close(): void {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }
}

/** The input of a message, with a new idempotency key. */
export function message(
  roomId: string,
  text: string,
  more: Partial<CommandInput<'message.send'>> = {},
): CommandInput<'message.send'> {
  return { roomId, text, clientId: randomUUID(), ...more };
}
