import type { Project } from '../../../shared/contract/projects.ts';
import { PAGE_MAX } from '../../../shared/contract/limits.ts';
import type { Role } from '../../../shared/contract/primitives.ts';
import { isFree, isOnLeave, type StaffCandidate } from '../../../shared/model/flow/choose-staff.ts';
import type { Client } from '../../index.ts';
import type { Words } from '../language/words.ts';

/** A provider or a person who can be chosen. */
export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly load: number;
  readonly most: number;
  /** Why not: nothing free, or the one who has it already. */
  readonly not?: 'full' | 'present' | 'notAccepting' | 'onLeave';
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
    })),
  );
}

/** The provider's staff of a role, who has most room first. */
export async function staffChoices(
  client: Client,
  { provider, nodes }: Project,
  role: Role,
  { now, timeZone }: { now: number; timeZone: string },
): Promise<Choice[]> {
  if (provider === undefined) return [];
  const org = client.me?.side === 'operator' ? { org: provider.org } : {};
  const { items } = await client.call('staff.list', { role, limit: PAGE_MAX, ...org });
  const present = nodes.findLast((node) => node.role === role && node.operator !== undefined)?.operator?.userId;
  return sorted(
    items
      .filter(({ active }) => active)
      .map((person): Choice => {
        const { userId, name, load, maxLoad } = person;
        const not = userId === present ? 'present' : whyNotFree(person, now, timeZone);
        return { id: userId, name, load, most: maxLoad, ...(not === undefined ? {} : { not }) };
      }),
  );
}

/** The rule is the service's own; this says which part of it stands in the way. */
function whyNotFree(person: StaffCandidate, now: number, timeZone: string): Choice['not'] {
  if (isFree(person, now, timeZone)) return undefined;
  if (!person.accepting) return 'notAccepting';
  return isOnLeave(person, now, timeZone) ? 'onLeave' : 'full';
}

const room = ({ load, most }: Choice): number => (most === 0 ? 0 : 1 - load / most);

const sorted = (choices: Choice[]): Choice[] =>
  choices.sort((a, b) => Number(a.not !== undefined) - Number(b.not !== undefined) || room(b) - room(a));

/** What is said beside a choice. */
export function choiceWords({ load, most, not }: Choice, { delivery }: Words): string {
  return [delivery.load(load, most), ...(not === undefined ? [] : [delivery[not]])].join(' · ');
}
