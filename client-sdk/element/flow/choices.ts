import type { Project } from '../../../shared/contract/projects.ts';
import { PAGE_MAX } from '../../../shared/contract/limits.ts';
import type { Role } from '../../../shared/contract/primitives.ts';
import type { Client } from '../../index.ts';
import type { Words } from '../language/words.ts';

/** A provider or a person who can be chosen. */
export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly load: number;
  readonly most: number;
  /** Why not: full, or the one who has it already. */
  readonly not?: 'full' | 'present';
  /** What is to be known and does not forbid the choice. */
  readonly notes: readonly ('notAccepting' | 'onLeave')[];
}

/** Providers of the project's product, the one with most room first. */
export async function providerChoices(client: Client, { product, provider }: Project): Promise<Choice[]> {
  const answer = await client.call('product.get', { productId: product.id });
  return sorted(
    answer.product.providers.map(({ org, name, load, maxLoad }) => ({
      id: org,
      name,
      load,
      most: maxLoad,
      ...(org === provider?.org ? { not: 'present' as const } : load >= maxLoad ? { not: 'full' as const } : {}),
      notes: [],
    })),
  );
}

/** The provider's staff of a role, who has most room first. */
export async function staffChoices(
  client: Client,
  { provider, nodes, current }: Project,
  role: Role,
  now: number,
): Promise<Choice[]> {
  if (provider === undefined) return [];
  const org = client.me?.side === 'operator' ? { org: provider.org } : {};
  const { items } = await client.call('staff.list', { role, limit: PAGE_MAX, ...org });
  const present = nodes.find((node) => node.id === current && node.role === role)?.operator?.userId;
  const today = new Date(now).toISOString().slice(0, 10);
  return sorted(
    items.map(({ userId, name, load, maxLoad, accepting, leave }) => ({
      id: userId,
      name,
      load,
      most: maxLoad,
      ...(userId === present ? { not: 'present' as const } : load >= maxLoad ? { not: 'full' as const } : {}),
      notes: [
        ...(accepting ? [] : (['notAccepting'] as const)),
        ...(leave != null && leave.from.slice(0, 10) <= today && today <= leave.to.slice(0, 10)
          ? (['onLeave'] as const)
          : []),
      ],
    })),
  );
}

const room = ({ load, most }: Choice): number => (most === 0 ? 0 : 1 - load / most);

const sorted = (choices: Choice[]): Choice[] =>
  choices.sort(
    (a, b) =>
      Number(a.not !== undefined || a.notes.length > 0) - Number(b.not !== undefined || b.notes.length > 0) ||
      room(b) - room(a),
  );

/** What is said beside a choice. */
export function choiceWords({ load, most, not, notes }: Choice, { delivery }: Words): string {
  return [
    delivery.load(load, most),
    ...(not === undefined ? [] : [delivery[not]]),
    ...notes.map((note) => delivery[note]),
  ].join(' · ');
}
