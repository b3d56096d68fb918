import { randomUUID } from 'node:crypto';
import { mongo } from 'mongoose';
import type { EntryDoc } from '../../server/timeline/entry-store.ts';

const PEOPLE = 7;

/** A message as the service stores one, for streams that the bench fills or compares with. */
export function storedEntry(roomId: string, seq: number, text: string): EntryDoc {
  const person = seq % PEOPLE;
  return {
    _id: new mongo.ObjectId(),
    roomId,
    stream: 'public',
    seq,
    kind: 'message',
    at: new Date(),
    actor: { id: `filler-${person}`, name: `Filler ${person}`, side: 'provider', org: 'filler' },
    clientId: randomUUID(),
    body: { text },
    tally: seq,
    ownTally: Math.ceil(seq / PEOPLE),
  };
}
