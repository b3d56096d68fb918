import type { RoomError } from '../../index.ts';
import { reasonOf, type Words } from '../language/words.ts';

/** Why something was not done to a demand, in a sentence. */
export function refusalWords(error: RoomError, words: Words): string {
  switch (error.code) {
    case 'conflict':
    case 'read_only':
      return words.opportunity.lostRace;
    case 'unavailable':
      return error.message.includes('nothing was done') ? words.delivery.notSent : words.opportunity.notSure;
    default:
      return reasonOf(words, error);
  }
}
