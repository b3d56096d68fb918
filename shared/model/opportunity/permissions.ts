import { PROPOSALS_MAX } from '../../contract/limits.ts';
import type { OpportunityAction } from '../../contract/opportunities.ts';
import type { Side } from '../../contract/primitives.ts';
import type { FlowActor } from '../flow/flow.ts';
import { isAdminOf } from '../flow/permissions.ts';
import {
  engagementOf,
  hasRoom,
  isOver,
  isPresent,
  isShown,
  type Opportunity,
  type OpportunityRefusal,
} from './opportunity.ts';
import { OVER, refuse, unknownDemand } from './refusals.ts';
import { settled } from './tick.ts';

type Bar = (opportunity: Opportunity, actor: FlowActor) => OpportunityRefusal | undefined;

/** Says whether somebody may know of a demand at all: a provider does from its first engagement on. */
export function mayKnow(opportunity: Opportunity, { side, org }: FlowActor): boolean {
  switch (side) {
    case 'buyer':
      return org === opportunity.buyer.org;
    case 'provider':
      return engagementOf(opportunity, org) !== undefined;
    case 'operator':
    case 'service':
      return true;
    case 'vendor':
      return false;
  }
}

const only =
  (side: Side, message: string): Bar =>
  (opportunity, actor) => {
    if (!mayKnow(opportunity, actor)) return unknownDemand;
    return actor.side === side ? undefined : { ok: false, code: 'forbidden', message };
  };

const adminOnly: OpportunityRefusal = {
  ok: false,
  code: 'forbidden',
  message: 'Only an admin of your company does this.',
};

const provider = only('provider', 'Only a provider that is in this demand does this.');
const providerAdmin: Bar = (opportunity, actor) =>
  provider(opportunity, actor) ?? (isAdminOf(actor, actor.org) ? undefined : adminOnly);

/** Who does what, whatever the state. Of a demand that somebody may not know of they are told that there is none. */
const WHO: Readonly<Record<OpportunityAction, Bar>> = {
  grab: (opportunity, actor) => {
    if (actor.side !== 'provider') return provider(opportunity, actor);
    if (!isShown(opportunity) && !mayKnow(opportunity, actor)) return unknownDemand;
    return isAdminOf(actor, actor.org) ? undefined : adminOnly;
  },
  assign: only('operator', 'Only an operator offers a demand to a provider.'),
  accept: providerAdmin,
  reject: providerAdmin,
  record: provider,
  propose: provider,
  withdraw: provider,
  terminate: providerAdmin,
  revoke: only('buyer', 'Only the buyer revokes a demand.'),
  close: only('operator', 'Only an operator closes a demand.'),
};

/** What is left to do once the demand is over. */
const whileItLives: Bar = (opportunity, actor) => {
  const { status } = opportunity;
  return status === 'won' || status === 'revoked' || status === 'closed'
    ? refuse(opportunity, actor, 'conflict', OVER[status])
    : undefined;
};

/** Open to a provider in one state of its engagement; in any other it is told which that is, and what to do instead. */
const inState =
  (wanted: 'offered' | 'following', instead: string): Bar =>
  (opportunity, actor) => {
    const own = engagementOf(opportunity, actor.org);
    if (own?.status === wanted) return undefined;
    if (own === undefined || !isPresent(own))
      return refuse(opportunity, actor, 'conflict', 'Your company is not in this demand any more.');
    const message = own.status === 'won' ? 'This demand is a deal already: go on in its delivery project.' : instead;
    return refuse(opportunity, actor, 'conflict', message);
  };

const following = inState('following', 'Your company has not accepted this offer yet: accept it first.');

/** One wording for every way in which a demand can be gone: which one it was would tell of others. */
const TOO_LATE = 'It is too late: this demand takes no more providers.';

/** What the state leaves room for, whoever asks. It holds for an opportunity in which nothing is due. */
const WHEN: Readonly<Record<OpportunityAction, Bar>> = {
  grab: (opportunity, actor) => {
    const own = engagementOf(opportunity, actor.org);
    if (own?.status === 'offered')
      return refuse(
        opportunity,
        actor,
        'conflict',
        'This demand is offered to your company: accept the offer instead.',
      );
    if (own !== undefined)
      return refuse(opportunity, actor, 'conflict', 'A company takes a demand once, and yours has been in this one.');
    return isOver(opportunity) || !hasRoom(opportunity) ? refuse(opportunity, actor, 'conflict', TOO_LATE) : undefined;
  },
  assign: (opportunity, actor) =>
    whileItLives(opportunity, actor) ??
    (hasRoom(opportunity)
      ? undefined
      : refuse(opportunity, actor, 'conflict', 'All places of this demand are taken: one has to become free first.')),
  accept: inState('offered', 'Your company follows this demand already.'),
  reject: inState('offered', 'Your company follows this demand: terminate its service instead.'),
  record: following,
  propose: (opportunity, actor) =>
    following(opportunity, actor) ??
    ((engagementOf(opportunity, actor.org)?.proposals.length ?? 0) < PROPOSALS_MAX
      ? undefined
      : refuse(opportunity, actor, 'conflict', `A company sends ${PROPOSALS_MAX} proposals in a demand at most.`)),
  withdraw: (opportunity, actor) =>
    engagementOf(opportunity, actor.org)?.proposals.some(({ status }) => status === 'open') === true
      ? undefined
      : refuse(opportunity, actor, 'conflict', 'None of your company’s proposals is open.'),
  terminate: inState('following', 'Your company has not accepted this offer: reject it instead.'),
  revoke: whileItLives,
  close: whileItLives,
};

/** Refuses who may not do this, whatever the state. */
export const barredFor = (opportunity: Opportunity, action: OpportunityAction, actor: FlowActor) =>
  WHO[action](opportunity, actor);

/** Refuses what the state leaves no room for. */
export const barredNow = (opportunity: Opportunity, action: OpportunityAction, actor: FlowActor) =>
  WHEN[action](opportunity, actor);

const ACTIONS = Object.keys(WHO) as OpportunityAction[];

/** What somebody may do to a demand at an instant; `step` accepts exactly these, given fitting content. */
export function allowedOpportunityActions(
  opportunity: Opportunity,
  viewer: FlowActor,
  now: number,
): OpportunityAction[] {
  const present = settled(opportunity, now);
  return ACTIONS.filter(
    (action) => barredFor(present, action, viewer) === undefined && barredNow(present, action, viewer) === undefined,
  );
}
