import { z } from 'zod';
import { defineCommand } from './command.ts';
import { PROPOSAL_REMARK_MAX, PROPOSALS_MAX, QUANTITY_MAX, QUOTE_LINES_MAX, QUOTE_TEXT_MAX } from './limits.ts';
import {
  amount,
  computedAmount,
  currency,
  cursor,
  fileInfo,
  id,
  isoTime,
  limit,
  line,
  name,
  page,
  remark,
} from './primitives.ts';

export const proposalStatus = z.enum(['open', 'withdrawn', 'paid', 'closed']);
export type ProposalStatus = z.infer<typeof proposalStatus>;

const proposalRemark = remark.max(PROPOSAL_REMARK_MAX);
const quantity = z.int().min(1).max(QUANTITY_MAX);

/** A line of a quote as the provider writes it; prices are those of one unit. */
export const quoteLine = z.strictObject({
  product: line(QUOTE_TEXT_MAX).min(1),
  spec: line(QUOTE_TEXT_MAX).optional(),
  quantity,
  listPrice: amount,
  price: amount.meta({ description: 'What is asked for one unit' }),
});
export type QuoteLine = z.infer<typeof quoteLine>;

export const proposal = z
  .object({
    id,
    opportunityId: id,
    engagementId: id,
    provider: z.object({ org: id, name: z.string() }),
    name: z.string(),
    product: z.object({ id, name: z.string() }).meta({ description: 'What is delivered when it is paid' }),
    lines: z
      .array(
        z.object({
          product: z.string(),
          spec: z.string().optional(),
          quantity,
          listPrice: computedAmount,
          price: computedAmount,
          amount: computedAmount.meta({ description: 'quantity x price' }),
        }),
      )
      .meta({ description: 'None of one that is withdrawn or closed: the entry that sent it holds them' }),
    currency,
    listTotal: computedAmount,
    total: computedAmount,
    contract: fileInfo.optional(),
    remark: z.string().optional(),
    status: proposalStatus,
    sentAt: isoTime,
    ended: z
      .object({ at: isoTime, remark: z.string().optional() })
      .optional()
      .meta({ description: 'When it was withdrawn, paid or closed' }),
  })
  .meta({ id: 'Proposal' });
export type Proposal = z.infer<typeof proposal>;

/** An open or paid proposal in the state of its demand. */
export const proposalSummary = proposal.pick({
  id: true,
  name: true,
  product: true,
  currency: true,
  total: true,
  status: true,
  sentAt: true,
});
export type ProposalSummary = z.infer<typeof proposalSummary>;

const changed = z.object({ proposal });

export const proposalCommands = {
  'proposal.send': defineCommand({
    summary: `Sends the buyer a proposal, ${PROPOSALS_MAX} in one engagement at most. It is never edited: a correction is a withdrawal and a new one. The same clientId gives the first one however often it is sent.`,
    input: z.strictObject({
      opportunityId: id,
      clientId: z.uuid(),
      name,
      productId: id.meta({
        description: 'The product to be delivered when it is paid: one that the provider delivers',
      }),
      currency: currency.default('CNY'),
      lines: z.array(quoteLine).min(1).max(QUOTE_LINES_MAX),
      contract: id.optional().meta({ description: "A file that the caller's company has uploaded to its lane" }),
      remark: proposalRemark.optional(),
    }),
    output: changed,
    callers: ['provider'],
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
    rate: 'write',
    writes: true,
  }),
  'proposal.withdraw': defineCommand({
    summary: 'Withdraws a proposal that is not paid yet. One that is withdrawn already stays as it is.',
    input: z.strictObject({ opportunityId: id, proposalId: id, remark: proposalRemark.optional() }),
    output: changed,
    callers: ['provider'],
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
    rate: 'write',
    writes: true,
  }),
  'proposal.list': defineCommand({
    summary:
      "The proposals of a demand, newest first: every provider's for the buyer and operators, a provider's own for itself.",
    input: z.strictObject({ opportunityId: id, cursor: cursor.optional(), limit }),
    output: page(proposal),
    callers: ['buyer', 'provider', 'operator', 'service'],
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
} as const;
