import { createHmac, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { CodeSender } from './code-sender.ts';

export interface SmsWebhook {
  url: string;
  /** In base64, without `whsec_`. Each signs: while one is replaced, the receiver knows the old or the new one. */
  secrets: readonly string[];
}

const TIMEOUT_MS = 5_000;

/**
 * Has codes sent by whatever answers at an address: `{ type: 'phone.code', timestamp, data: { phone, code, language } }`, signed as Standard Webhooks says
 * (https://www.standardwebhooks.com). Any 2xx is a message on its way; it is asked once, follows no redirect, and waits five seconds.
 */
export function webhookSender(
  { url, secrets }: SmsWebhook,
  wall: Pick<Clock, 'now'>,
  timeoutMs: number = TIMEOUT_MS,
): CodeSender {
  const keys = secrets.map((secret) => Buffer.from(secret, 'base64'));
  return {
    async send(number, code, language) {
      const id = `msg_${randomUUID()}`;
      const now = wall.now();
      const timestamp = Math.floor(now / 1000);
      const body = JSON.stringify({
        type: 'phone.code',
        timestamp: new Date(now).toISOString(),
        data: { phone: number.reveal(), code, language },
      });
      const signed = `${id}.${timestamp}.${body}`;
      const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signatures.join(' '),
        },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`SMS_WEBHOOK_URL answered ${answer.status}`);
    },
  };
}
