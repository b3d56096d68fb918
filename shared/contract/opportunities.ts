import { z } from 'zod';
import { defineCommand } from './command.ts';
import { eventEntry, text } from './entries.ts';
import { DEMAND_DETAILS_MAX, DEMAND_TERM_MAX, DEMAND_TITLE_MAX, GRABS_A_DAY, SUGGESTIONS_MAX } from './limits.ts';
import { phoneNumber, verificationCode } from './phone.ts';
import {
  amount,
  computedAmount,
  currency,
  cursor,
  id,
  isCleanText,
  isoTime,
  limit,
  line,
  name,
  page,
  reason,
  remark,
  side,
  streamName,
} from './primitives.ts';
import { proposalSummary } from './proposals.ts';

export const opportunityKind = z.enum(['normal', 'targeted']);
export type OpportunityKind = z.infer<typeof opportunityKind>;

export const opportunityStatus = z.enum(['open', 'talking', 'quoted', 'won', 'revoked', 'closed']);
export type OpportunityStatus = z.infer<typeof opportunityStatus>;

export const engagementOrigin = z.enum(['grabbed', 'assigned', 'targeted', 'submitted']);
export type EngagementOrigin = z.infer<typeof engagementOrigin>;

export const engagementStatus = z.enum(['offered', 'following', 'won', 'rejected', 'expired', 'terminated', 'lost']);
export type EngagementStatus = z.infer<typeof engagementStatus>;

export const rejectReason = z.enum(['no_capacity', 'out_of_scope', 'budget_too_low', 'region', 'other']);
export type RejectReason = z.infer<typeof rejectReason>;

export const terminateReason = z.enum(['no_response', 'not_serious', 'out_of_scope', 'no_capacity', 'price', 'other']);
export type TerminateReason = z.infer<typeof terminateReason>;

/** Why an engagement ended that its provider did not end: it did not answer, or left no record, in time; or the demand went another way. */
export const passedReason = z.enum(['unanswered', 'window', 'not_chosen', 'revoked', 'closed']);
export type PassedReason = z.infer<typeof passedReason>;

export const recordStage = z.enum(['understand', 'clarify', 'price', 'contract', 'ready']);
export type RecordStage = z.infer<typeof recordStage>;

/** What can be done to a demand: as the commands `opportunity.*` that do it, but `propose` and `withdraw`, which are `proposal.send` and `proposal.withdraw`. */
export const opportunityAction = z.enum([
  'grab',
  'assign',
  'accept',
  'reject',
  'record',
  'propose',
  'withdraw',
  'terminate',
  'revoke',
  'close',
]);
export type OpportunityAction = z.infer<typeof opportunityAction>;

const company = z.object({ org: id, name: z.string() });
const term = line(DEMAND_TERM_MAX).min(1);

/** What a demand says, as it is shown; who wants it is told apart. */
const demand = {
  category: z.string(),
  subCategory: z.string().optional(),
  title: z.string(),
  details: z.string(),
  budget: z.object({ min: computedAmount.optional(), max: computedAmount.optional(), currency }).optional(),
  region: z.string(),
};

export const engagement = z
  .object({
    id,
    provider: company,
    origin: engagementOrigin,
    status: engagementStatus,
    at: isoTime.meta({ description: 'When it was offered, or began' }),
    answerBy: isoTime.optional().meta({ description: 'While offered: then the offer expires' }),
    windowEndsAt: isoTime.optional().meta({
      description:
        'While following, for the provider and operators: then it expires unless a communication record renews it',
    }),
    ended: z
      .object({
        at: isoTime,
        reason: z.enum([...rejectReason.options, ...terminateReason.options, ...passedReason.options]).optional(),
        remark: z.string().optional(),
      })
      .optional()
      .meta({ description: 'Why the provider ended its service, and its remark, are for itself and the operators' }),
    proposals: z.array(proposalSummary).meta({ description: 'Those that are open or paid; proposal.list gives all' }),
    streams: z.array(streamName).meta({ description: 'Its streams that the one who is told this reads' }),
  })
  .meta({ id: 'Engagement' });
export type Engagement = z.infer<typeof engagement>;

export const opportunity = z
  .object({
    id,
    roomId: id,
    kind: opportunityKind,
    ...demand,
    status: opportunityStatus.meta({ description: 'For a provider it follows from its own engagement alone' }),
    buyer: z
      .object({ id, org: id, name: z.string() })
      .optional()
      .meta({ description: 'For a provider from when it follows the demand' }),
    contact: z
      .object({ name: z.string().optional(), email: z.string().optional() })
      .optional()
      .meta({ description: 'For a provider that follows the demand only where the buyer shares it' }),
    phoneVerified: z.boolean(),
    // For the buyer, operators and portals, down to `engagements`.
    shareContact: z.boolean().optional(),
    publisher: z.object({ side, org: id.optional(), name: z.string() }).optional(),
    places: z.int().min(1).optional().meta({ description: 'How many providers it takes at a time' }),
    plaza: z
      .object({ since: isoTime.nullable() })
      .nullable()
      .optional()
      .meta({ description: 'null: it is not for the plaza; since null: it waits for the next refresh' }),
    seeking: isoTime
      .nullable()
      .optional()
      .meta({ description: 'For operators and portals: since when it needs another provider' }),
    engagements: z.array(engagement).optional(),
    engagement: engagement.optional().meta({ description: "For a provider: its own company's" }),
    deal: z
      .object({
        engagementId: id,
        proposalId: id,
        paymentId: id,
        orderId: id,
        at: isoTime,
        projectId: id.nullable().meta({ description: 'null until the delivery project is created' }),
      })
      .optional()
      .meta({ description: 'For the buyer, the provider that won, operators and portals' }),
    actions: z.array(opportunityAction).meta({ description: 'What the one who is told this may do now' }),
    version: z.int().min(1).meta({ description: 'Raised by each change that the one who is told this can see' }),
    createdAt: isoTime,
  })
  .meta({ id: 'Opportunity' });
export type Opportunity = z.infer<typeof opportunity>;

export const plazaCard = z.object({ id, ...demand, since: isoTime }).meta({ id: 'PlazaCard' });
export type PlazaCard = z.infer<typeof plazaCard>;

/** Why a provider is suggested: what each factor is for it, and the points that it brings. */
export const suggestionFactor = z.discriminatedUnion('factor', [
  z.object({ factor: z.literal('category'), matches: z.boolean(), points: z.number() }),
  z.object({ factor: z.literal('region'), matches: z.boolean(), points: z.number() }),
  z.object({ factor: z.literal('load'), load: z.int().min(0), maxLoad: z.int().min(0).nullable(), points: z.number() }),
  z.object({ factor: z.literal('rating'), rating: z.number().nullable(), points: z.number() }),
]);
export type SuggestionFactor = z.infer<typeof suggestionFactor>;

export const suggestion = z
  .object({ org: id, name: z.string(), score: z.number(), because: z.array(suggestionFactor) })
  .meta({ id: 'Suggestion' });
export type Suggestion = z.infer<typeof suggestion>;

const one = { opportunityId: id };
const change = { output: z.object({ opportunity }), rate: 'write', writes: true } as const;
const CHANGE_ERRORS = ['forbidden', 'not_found', 'conflict', 'read_only'] as const;

export const opportunityCommands = {
  'opportunity.create': defineCommand({
    summary:
      'Publishes a demand and creates its room: normal to all providers, targeted to one. Portals and providers name the buyer for whom they do; a provider submits to itself or to the platform. The same clientId gives the same demand however often it is sent.',
    input: z.strictObject({
      clientId: z.uuid().meta({ description: 'The idempotency key, unique for a publisher' }),
      kind: opportunityKind.default('normal'),
      org: id.optional().meta({ description: 'The provider of a targeted one' }),
      category: term,
      subCategory: term.optional(),
      title: line(DEMAND_TITLE_MAX).min(1),
      details: z.string().trim().min(1).max(DEMAND_DETAILS_MAX).refine(isCleanText, 'must be well-formed text'),
      budget: z
        .strictObject({ min: amount.optional(), max: amount.optional(), currency: currency.default('CNY') })
        .optional(),
      region: term,
      contactName: name.optional(),
      email: z.email().max(200).optional(),
      phone: phoneNumber.optional(),
      code: verificationCode.optional().meta({ description: 'The code that phone.sendCode sent to the phone' }),
      shareContact: z.boolean().default(false),
      buyer: z
        .strictObject({ id, org: id, name })
        .optional()
        .meta({ description: 'For whom it is published; required of providers, operators and portals' }),
      to: z.enum(['self', 'platform']).optional().meta({ description: 'Required of providers' }),
    }),
    output: z.object({ opportunityId: id, roomId: id }),
    callers: ['buyer', 'provider', 'operator', 'service'],
    errors: ['forbidden', 'not_found', 'conflict'],
    rate: 'write',
    writes: true,
  }),
  'opportunity.get': defineCommand({
    summary: 'One demand as it stands now, as much of it as the caller may know.',
    input: z.strictObject(one),
    output: z.object({ opportunity }),
    callers: ['buyer', 'provider', 'operator', 'service'],
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
  'opportunity.list': defineCommand({
    summary:
      "The caller's demands, newest activity first: a buyer's own, a provider's where it is engaged, all for operators and portals.",
    input: z.strictObject({
      status: opportunityStatus.optional(),
      seeking: z
        .boolean()
        .optional()
        .meta({ description: 'For operators and portals: those that need another provider, the longest first' }),
      cursor: cursor.optional(),
      limit,
    }),
    output: page(opportunity),
    callers: ['buyer', 'provider', 'operator', 'service'],
    errors: ['forbidden'],
    rate: 'read',
    writes: false,
  }),
  'opportunity.plaza': defineCommand({
    summary:
      "Demands that can be grabbed, newest first, without those of the caller's own engagements. Refreshed on the hour.",
    input: z.strictObject({ category: term.optional(), region: term.optional(), cursor: cursor.optional(), limit }),
    output: page(plazaCard).extend({ refreshedAt: isoTime, nextRefreshAt: isoTime }),
    callers: ['provider', 'operator', 'service'],
    errors: [],
    rate: 'read',
    writes: false,
  }),
  'opportunity.grab': defineCommand({
    summary: `Takes a demand from the plaza for the caller's company: ${GRABS_A_DAY} a day at most. Of those who race for the last place one wins.`,
    input: z.strictObject(one),
    ...change,
    callers: ['provider'],
    errors: CHANGE_ERRORS,
  }),
  'opportunity.suggest': defineCommand({
    summary: `The ${SUGGESTIONS_MAX} providers at most that fit a demand best, and why.`,
    input: z.strictObject(one),
    output: z.object({ items: z.array(suggestion) }),
    callers: ['operator'],
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
  'opportunity.assign': defineCommand({
    summary: 'Offers a demand to a provider, which has 24 hours to answer.',
    input: z.strictObject({ ...one, org: id }),
    ...change,
    callers: ['operator'],
    errors: CHANGE_ERRORS,
  }),
  'opportunity.accept': defineCommand({
    summary: 'Accepts an offer, with the phone at which the company can be reached.',
    input: z.strictObject({ ...one, phone: phoneNumber.optional() }),
    ...change,
    callers: ['provider'],
    errors: CHANGE_ERRORS,
  }),
  'opportunity.reject': defineCommand({
    summary: 'Declines an offer.',
    input: z.strictObject({ ...one, reason: rejectReason, remark: remark.optional() }),
    ...change,
    callers: ['provider'],
    errors: CHANGE_ERRORS,
  }),
  'opportunity.record': defineCommand({
    summary:
      'Adds a communication record, which the buyer never sees, and renews the window. The same clientId gives the first entry however often it is sent.',
    input: z.strictObject({ ...one, clientId: z.uuid(), connected: z.boolean(), stage: recordStage, text }),
    output: z.object({ entry: eventEntry }),
    callers: ['provider'],
    errors: CHANGE_ERRORS,
    rate: 'write',
    writes: true,
  }),
  'opportunity.terminate': defineCommand({
    summary: "Ends the caller's company's service in a demand, which goes back to the operators.",
    input: z.strictObject({ ...one, reason: terminateReason, remark: remark.optional() }),
    ...change,
    callers: ['provider'],
    errors: CHANGE_ERRORS,
  }),
  'opportunity.revoke': defineCommand({
    summary: 'Takes a demand back, at any time before it is paid.',
    input: z.strictObject({ ...one, remark: remark.optional() }),
    ...change,
    callers: ['buyer'],
    errors: CHANGE_ERRORS,
  }),
  'opportunity.close': defineCommand({
    summary: 'Closes a demand for good; the room stays readable for the buyer and operators.',
    input: z.strictObject({ ...one, reason }),
    ...change,
    callers: ['operator'],
    errors: CHANGE_ERRORS,
  }),
  'opportunity.reportPaid': defineCommand({
    summary:
      'Reports that a proposal is paid: its engagement is won, the others are lost, and the delivery project is created. The same payment id gives the same project however often it is sent.',
    input: z.strictObject({ ...one, proposalId: id, paymentId: id, orderId: id }),
    output: z.object({ projectId: id, roomId: id }),
    callers: ['service'],
    errors: ['not_found', 'conflict'],
    rate: 'directory',
    writes: true,
  }),
} as const;
