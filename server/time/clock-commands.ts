import { RoomError } from '../../shared/contract/errors.ts';
import { iso } from '../clock.ts';
import type { Handlers } from '../registry/call.ts';
import { Advance, type AdvanceParts } from './advance.ts';

export function clockCommands(parts: AdvanceParts): Pick<Handlers, 'clock.advance'> {
  const advance = new Advance(parts);
  return {
    async 'clock.advance'({ ms, to }, { correlationId }) {
      if (!parts.clock.movable)
        throw new RoomError('not_found', 'There is no such command: the clock is moved in demonstrations only.');
      const now = await advance.jump((from) => (to === undefined ? from + (ms ?? 0) : Date.parse(to)), correlationId);
      return { now: iso(now) };
    },
  };
}
