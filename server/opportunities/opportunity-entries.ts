import { createHash } from 'node:crypto';
import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import { noticeWords } from '../../shared/model/opportunity/notices.ts';
import type { OpportunityNotification, OpportunityStepped } from '../../shared/model/opportunity/opportunity.ts';
import { OPERATOR } from '../../shared/model/opportunity/streams.ts';
import type { OpportunityChange } from '../rooms/room-store.ts';

type Item = OpportunityChange['entries'][number];

const { id, name, side } = SYSTEM_ACTOR;
const SYSTEM = { id, name, side };

/** The entries that tell what happened to an opportunity, then the notices for those who are to know. */
export function opportunityItems(
  { opportunity, entries, notifications }: Pick<OpportunityStepped, 'opportunity' | 'entries' | 'notifications'>,
  now: number,
): Item[] {
  return [
    ...entries.map(
      ({ stream, kind, actor, body }): Item => ({
        stream,
        kind,
        actor,
        body: { ...body },
        ...(body.event === 'record.added' ? { key: recordKey(body.engagementId, body.clientId) } : {}),
      }),
    ),
    ...notifications.map((notification) => noticeOf(opportunity, notification, now)),
  ];
}

/** The key of a communication record's entry: whoever sends the record again finds the first one by it. In the form of a version 8 uuid (RFC 9562). */
export function recordKey(engagementId: string, clientId: string): string {
  return keyOf('record', engagementId, clientId);
}

/** Tells the operators of a payment that made no deal; the same one again is the same entry. */
export function refusedPayment(
  { demand }: OpportunityStepped['opportunity'],
  { paymentId, proposalId, orderId }: { paymentId: string; proposalId: string; orderId: string },
  now: number,
): Item {
  const what = 'payment_refused';
  const about = { what, words: noticeWords(what, { demand: demand.title, payment: paymentId }) } as const;
  return {
    key: keyOf(what, paymentId, proposalId, orderId),
    stream: OPERATOR,
    kind: 'notice',
    actor: SYSTEM,
    body: { event: 'notification', ...about, paymentId, proposalId, orderId },
    notification: { ...about, audience: { side: 'operator' }, at: new Date(now) },
  };
}

function keyOf(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function noticeOf(
  { demand, engagements }: OpportunityStepped['opportunity'],
  { audience, stream, what, engagementId }: OpportunityNotification,
  now: number,
): Item {
  const provider = engagements.find(({ id }) => id === engagementId)?.provider.name;
  const words = noticeWords(what, { demand: demand.title, ...(provider === undefined ? {} : { provider }) });
  const about = { what, ...(engagementId === undefined ? {} : { engagementId }), words };
  return {
    stream,
    kind: 'notice',
    actor: SYSTEM,
    body: { event: 'notification', ...about },
    notification: { ...about, audience, at: new Date(now) },
  };
}
