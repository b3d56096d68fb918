import type { Company, Fault, FlowActor } from '../flow/flow.ts';
import { isAdminOf } from '../flow/permissions.ts';
import type { OpportunityKind } from '../../contract/opportunities.ts';
import { isMore, plainAmount } from '../money.ts';
import { OpportunityCourse } from './course.ts';
import {
  type Demand,
  engagementOf,
  type Opportunity,
  type OpportunityContext,
  type OpportunityRefusal,
  type OpportunitySettings,
  type OpportunityStepped,
} from './opportunity.ts';
import { refuseContent } from './refusals.ts';
import { laneOf, OPERATOR, PUBLIC } from './streams.ts';

/** A demand as it is published. Amounts are decimal strings of the contract. */
export interface Publication {
  readonly kind: OpportunityKind;
  readonly demand: Demand;
  /** For whom; buyers publish for themselves alone. */
  readonly buyer?: Opportunity['buyer'];
  /** The company at which a targeted one is aimed, as the directory has it; null where it has no such company. */
  readonly target?: Company | null;
  /** Of a provider that submits it for a customer. */
  readonly to?: 'self' | 'platform';
  readonly shareContact: boolean;
  readonly phoneVerified: boolean;
}

/** Whose demand it is, and who is asked: what a publication comes to once its rules are kept. */
interface Course {
  readonly kind: OpportunityKind;
  readonly buyer: Opportunity['buyer'];
  readonly target: Company | null;
  readonly origin: 'targeted' | 'submitted';
}

/**
 * Publishes a demand (domain.md, section 7). A normal one waits for the plaza's next refresh; a targeted one is offered to its provider; one that a
 * provider submits to itself is followed by it at once. Refused: `forbidden` to who may not publish, `invalid` with each fault.
 */
export function beginOpportunity(
  publication: Publication,
  settings: OpportunitySettings,
  context: OpportunityContext,
): OpportunityStepped | OpportunityRefusal {
  const { actor } = context;
  if (actor.side === 'vendor' || (actor.side === 'provider' && !isAdminOf(actor, actor.org)))
    return {
      ok: false,
      code: 'forbidden',
      message: 'Only buyers, and admins of providers for a customer, publish demands.',
    };
  const read = readPublication(publication, actor);
  if ('faults' in read) return refuseContent('This demand cannot be published so.', read.faults);
  const { kind, buyer, target, origin } = read;
  const demand = plainDemand(publication.demand);
  const { id, name, side, org } = actor;

  const course = new OpportunityCourse(undefined, context);
  course.add(OPERATOR, {
    event: 'opportunity.opened',
    kind,
    demand,
    buyer,
    publisher: { id, name, side, ...(org === undefined ? {} : { org }) },
    shareContact: publication.shareContact,
    phoneVerified: publication.phoneVerified,
    settings: { ...settings, places: kind === 'targeted' ? 1 : settings.places },
  });
  course.addUnnamed(PUBLIC, { event: 'opportunity.published', kind, demand });
  if (target !== null) {
    const engagementId = context.newId();
    course.add(laneOf(target.org), { event: 'engagement.began', engagementId, provider: target, origin });
    const engagement = engagementOf(course.opportunity, target.org);
    if (engagement !== undefined && origin === 'targeted') course.tellProvider(engagement, 'offered');
    else if (engagement !== undefined) course.tellBuyer(engagement, 'provider_follows');
  }
  return course.done();
}

function readPublication(publication: Publication, actor: FlowActor): Course | { faults: readonly Fault[] } {
  const { kind, demand, buyer, target, to } = publication;
  const faults: Fault[] = [];
  const fault = (path: string, reason: string): void => {
    faults.push({ path, reason });
  };
  const { min, max } = demand.budget ?? {};
  if (min !== undefined && max !== undefined && isMore(min, max)) fault('budget.max', 'must not be less than min');

  const isProvider = actor.side === 'provider';
  const own = isProvider && to === 'self';
  if (isProvider && to === undefined) fault('to', 'says whether it is for your own company or for the platform');
  if (!isProvider && to !== undefined) fault('to', 'is for providers');
  if (isProvider && target !== undefined && target?.org !== actor.org)
    fault('org', 'a provider submits a demand to itself or to the platform');
  if (to === 'platform' && kind === 'targeted') fault('kind', 'what is submitted to the platform is for all providers');
  if (own && (target === undefined || target === null)) fault('to', 'your company is not in the directory');
  if (!isProvider && kind === 'targeted' && target === undefined)
    fault('org', 'names the provider of a targeted demand');
  if (!isProvider && kind === 'targeted' && target === null) fault('org', 'there is no such provider');
  if (!isProvider && kind === 'normal' && target !== undefined) fault('org', 'is for targeted demands');

  const theirs = buyerOf(actor, buyer);
  if (typeof theirs === 'string') fault('buyer', theirs);
  if (faults.length > 0 || typeof theirs === 'string') return { faults };
  const targeted = own || kind === 'targeted';
  return {
    kind: targeted ? 'targeted' : 'normal',
    buyer: theirs,
    target: targeted ? (target ?? null) : null,
    origin: own ? 'submitted' : 'targeted',
  };
}

/** Whose demand it is, or why it is nobody's. */
function buyerOf({ side, id, name, org }: FlowActor, named: Publication['buyer']): Opportunity['buyer'] | string {
  if (side !== 'buyer') return named ?? 'is required: for whom the demand is published';
  if (org === undefined) return 'belongs to a company';
  return named === undefined || (named.id === id && named.org === org)
    ? { id, org, name }
    : 'a buyer publishes for nobody else';
}

/** The demand with its amounts in one wording, and without a budget that names none. */
function plainDemand({ budget, ...demand }: Demand): Demand {
  if (budget === undefined || (budget.min === undefined && budget.max === undefined)) return demand;
  const { min, max, currency } = budget;
  return {
    ...demand,
    budget: {
      ...(min === undefined ? {} : { min: plainAmount(min) }),
      ...(max === undefined ? {} : { max: plainAmount(max) }),
      currency,
    },
  };
}
