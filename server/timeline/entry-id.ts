import { randomFillSync } from 'node:crypto';
import { mongo } from 'mongoose';
import { systemClock } from '../clock.ts';

const BYTES = 12;
const TIME_BYTES = 6;

/** Chance is drawn for many ids at a time: to ask for it costs more than what is got. */
const drawn = Buffer.allocUnsafe((BYTES - TIME_BYTES) * 256);
let used = drawn.length;

/**
 * An id that grows with time, in milliseconds, for the sake of its index, and tells nothing else: the counter in an id of the usual kind tells whoever reads
 * two of them how much was written in between, also of what is not theirs to know.
 */
export function newEntryId(): mongo.ObjectId {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const bytes = Buffer.allocUnsafe(BYTES);
  bytes.writeUIntBE(systemClock.now(), 0, TIME_BYTES);
  used += drawn.copy(bytes, TIME_BYTES, used, used + BYTES - TIME_BYTES);
  return new mongo.ObjectId(bytes);
}
