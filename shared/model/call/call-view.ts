import type { Call as ShownCall } from '../../contract/calls.ts';
import type { FlowActor } from '../flow/flow.ts';
import type { Call } from './call.ts';
import { allowedCallActions, legOf } from './permissions.ts';

/**
 * A call as somebody who reads its stream is shown it.
 * @param more.dial the carrier's number that the caller is to ring; shown to nobody else, and to them only while it is of use
 * @param more.canWrite whether the viewer may write into the call's stream
 */
export function callView(
  call: Call,
  viewer: Pick<FlowActor, 'id' | 'side'>,
  { dial, canWrite }: { dial?: ShownCall['dial']; canWrite?: boolean } = {},
): ShownCall {
  const { bounds: _bounds, callerDials: _dials, since: _since, ...shown } = call;
  const rings = dial !== undefined && call.state === 'requested' && legOf(call, viewer) === 'caller';
  return { ...shown, ...(rings ? { dial } : {}), actions: allowedCallActions(call, viewer, canWrite) };
}
