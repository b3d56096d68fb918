import { createHmac, timingSafeEqual } from 'node:crypto';

/** The `X-Twilio-Signature` of a form that is posted to an address (https://www.twilio.com/docs/usage/security). */
export function twilioSignature(authToken: string, url: string, params: URLSearchParams): string {
  const names = [...new Set(params.keys())].toSorted();
  const told = names.map((name) =>
    [...new Set(params.getAll(name))]
      .toSorted()
      .map((value) => `${name}${value}`)
      .join(''),
  );
  return createHmac('sha1', authToken)
    .update(`${url}${told.join('')}`)
    .digest('base64');
}

/** Says whether somebody who knows the token has signed this. Takes as long for a signature that is nearly right. */
export function isTwilioSignature(signature: string, authToken: string, url: string, params: URLSearchParams): boolean {
  const right = Buffer.from(twilioSignature(authToken, url, params));
  const shown = Buffer.from(signature);
  return right.length === shown.length && timingSafeEqual(right, shown);
}
