/** Sessions are accepted, because every driver sends one, and nothing hangs on them but cursors. */
import { Binary } from 'bson';
import { isDoc } from '../semantics/index.ts';

/** The session's id as text; undefined where there is none. */
export function sessionKey(lsid: unknown): string | undefined {
  if (!isDoc(lsid)) return undefined;
  const id = lsid['id'];
  return id instanceof Binary ? Buffer.from(id.buffer).toString('hex') : undefined;
}
