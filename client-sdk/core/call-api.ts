import type { Call } from '../../shared/contract/calls.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';

/** Whom to call, in which stream, and on which number the caller is to be rung this time: that one is sent, and kept nowhere. */
export type NewCall = Omit<CommandInput<'call.place'>, 'roomId'>;

/**
 * The masked calls of one room: placed, agreed to, taken back. What becomes of them is in the room's snapshot. Nothing here is ever put off: without a
 * connection each rejects with `unavailable` at once, and when the connection breaks meanwhile it is not known whether it was obeyed, until the room
 * shows it. A refusal that says that a call stands otherwise (`conflict`, `forbidden`, `read_only`, `not_found`) comes after the snapshot shows how.
 */
export interface LiveCalls {
  /**
   * Has the caller's phone rung, and then that of somebody in the room. Rejects with `conflict` where it says why in `details`: `callId`, there is a call
   * between the two already; `quietUntil`, nobody is rung before then; `missing`, `from` or `to`, whose number is not known.
   */
  place(call: NewCall): Promise<Call>;
  /** Agrees to a call that waits for it. To decline is `cancel`. */
  approve(callId: string): Promise<Call>;
  cancel(callId: string): Promise<Call>;
  /** Calls the other one of a call that the caller was in, in the same stream. Rejects with `not_found` where the room shows no such call. */
  callBack(callId: string, options?: Pick<NewCall, 'fromNumber'>): Promise<Call>;
}
