import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { openRecording } from './ask-carrier.ts';
import { CallbackRefused, type CallbackRequest, CallFailed, type Recording } from './call-bridge.ts';

/** One record of a push, in fields that are strings or numbers. */
export type AliyunRecord = ReadonlyMap<string, string>;

const pushShape = z.array(z.record(z.string(), z.unknown()));

/** What it wants to hear; it looks at whether `code` is a number, and must have it within 700 ms. */
export const ALIYUN_ANSWER = { type: 'application/json', body: JSON.stringify({ code: 0, msg: 'ok' }) };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Reads a push of Alibaba Cloud's communication products: an array of records. Its pushes are not signed; what shows that one is the carrier's is the
 * key in the address that was entered in its console, which nobody else is told.
 * @throws {CallbackRefused}
 */
export function readPush({ url, body }: CallbackRequest, keys: readonly string[]): AliyunRecord[] {
  const shown = digest(new URL(url, 'http://callback').searchParams.get('key') ?? '');
  // All are compared, so that the time tells nothing.
  const right = keys.filter((key) => timingSafeEqual(digest(key), shown));
  if (right.length === 0) throw new CallbackRefused(403, 'a push without the key of its address');
  const { data } = pushShape.safeParse(parsed(body));
  if (data === undefined) throw new CallbackRefused(400, 'a push that is no array of records');
  return data.map(
    (record) =>
      new Map(
        Object.entries(record).flatMap(([name, value]) =>
          typeof value === 'string' || typeof value === 'number' ? [[name, String(value)] as const] : [],
        ),
      ),
  );
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

/** Milliseconds of a number of seconds; undefined where there is none. */
export function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}

const STORE = '.aliyuncs.com';
/** Recordings lie in its object store. */
export const isAliyunFile = ({ protocol, hostname }: URL): boolean => protocol === 'https:' && hostname.endsWith(STORE);

/** It names them without encryption; the store serves them with it too. */
function addressOf(reference: string): URL | undefined {
  if (!URL.canParse(reference)) return undefined;
  const url = new URL(reference);
  if (url.protocol === 'http:' && url.hostname.endsWith(STORE)) url.protocol = 'https:';
  return url;
}

/** @param isTrusted which addresses are the carrier's: none else is asked for anything */
export async function fetchRecording(reference: string, isTrusted: (url: URL) => boolean): Promise<Recording> {
  const url = addressOf(reference);
  if (url === undefined || !isTrusted(url))
    throw new CallFailed('carrier_refused', "a recording that is not in Alibaba Cloud's store");
  return openRecording({ carrier: 'Alibaba Cloud', url, headers: {} });
}
