import type { Role } from '../../contract/primitives.ts';
import type { Receiver } from '../../contract/templates.ts';
import type { Flow } from './flow.ts';

/** The people whom a notification is for: of a company all who are in the room, those with a role, or those named. */
export type Audience =
  | { readonly side: 'operator' }
  | { readonly side: 'buyer' | 'provider' | 'vendor'; readonly org: string }
  | { readonly side: 'vendor'; readonly org: string; readonly role: Role }
  | { readonly side: 'provider'; readonly org: string; readonly role: Role }
  | { readonly side: 'provider'; readonly org: string; readonly userIds: readonly string[] };

/** Whom a receiver of a template's node stands for in a flow now; null where there is nobody, as before a provider is found. */
export function audienceOf(flow: Flow, to: Receiver, nodeId: string): Audience | null {
  const { parties, provider, crew } = flow;
  switch (to) {
    case 'operator':
      return { side: 'operator' };
    case 'buyer':
      return { side: 'buyer', org: parties.buyerOrg };
    case 'vendor':
      return { side: 'vendor', org: parties.vendorOrg };
    case 'provider':
      return provider === null ? null : { side: 'provider', org: provider.org };
    case 'vendor_admin':
    case 'project_manager':
      return { side: 'vendor', org: parties.vendorOrg, role: to };
    case 'current_operator': {
      const node = flow.nodes.find(({ id }) => id === nodeId);
      if (node?.side === 'buyer') return audienceOf(flow, 'buyer', nodeId);
      return node?.side === 'provider' ? audienceOf(flow, node.role ?? 'provider_admin', nodeId) : null;
    }
    default: {
      if (provider === null) return null;
      const holders = crew.filter(({ role }) => role === to);
      // Before a claim nobody holds the role in this run: it is open to everybody who has it.
      return holders.length === 0
        ? { side: 'provider', org: provider.org, role: to }
        : { side: 'provider', org: provider.org, userIds: holders.map(({ userId }) => userId) };
    }
  }
}
