import type { Call as ShownCall } from '../../shared/contract/calls.ts';
import type { Call } from '../../shared/model/call/call.ts';
import { callView } from '../../shared/model/call/call-view.ts';
import { allowedCallActions } from '../../shared/model/call/permissions.ts';
import { type FoldedCalls, isAsLate } from './room-calls.ts';
import type { RoomState } from './room-state.ts';

interface Sources {
  /** Those of each stream. */
  readonly folded: ReadonlyMap<string, FoldedCalls>;
  readonly told: RoomState['told'];
  readonly userId: string | undefined;
  readonly me: RoomState['me'];
}

type Viewer = { readonly id: string } & NonNullable<RoomState['me']>;

interface Shown {
  readonly folded: Call | undefined;
  readonly told: ShownCall | undefined;
  readonly view: ShownCall;
}

const NOBODY: Sources = { folded: new Map(), told: new Map(), userId: undefined, me: undefined };

/** The calls of a room as its reader is shown them: out of entries and of what commands answered, whichever knows more. */
export class CallsView {
  #sources = NOBODY;
  #viewer: Viewer | undefined;
  #shown: ReadonlyMap<string, Shown> = new Map();
  #calls: readonly ShownCall[] = [];

  /** In the order in which they were asked for. What did not change is the same object as before, also the array itself. */
  calls(sources: Sources): readonly ShownCall[] {
    if (isSame(sources, this.#sources)) return this.#calls;
    const { userId: id, me, folded, told } = sources;
    const before = isSameReader(sources, this.#sources) ? this.#shown : undefined;
    this.#sources = sources;
    this.#viewer = id === undefined || me === undefined ? undefined : { id, ...me };
    const all = new Map<string, Shown>();
    const show = (callId: string, ofEntries: Call | undefined): void => {
      const answered = told.get(callId);
      const known = before?.get(callId);
      if (known !== undefined && known.folded === ofEntries && known.told === answered) {
        all.set(callId, known);
        return;
      }
      const view = this.#view(ofEntries, answered);
      if (view !== undefined) all.set(callId, { folded: ofEntries, told: answered, view });
    };
    for (const calls of folded.values()) for (const [callId, call] of calls) show(callId, call);
    // What was answered of a stream that is not read any more is not shown any more either.
    for (const { id: callId, stream } of told.values())
      if (!all.has(callId) && folded.has(stream)) show(callId, undefined);
    this.#shown = all;
    const calls = [...all.values()].map(({ view }) => view).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
    if (calls.length !== this.#calls.length || calls.some((call, index) => call !== this.#calls[index])) {
      this.#calls = calls;
    }
    return this.#calls;
  }

  /** Says whether the caller of a call that was shown last is to ring the carrier themselves. */
  callerDials(callId: string): boolean {
    return this.#shown.get(callId)?.folded?.callerDials === true;
  }

  #view(folded: Call | undefined, told: ShownCall | undefined): ShownCall | undefined {
    const viewer = this.#viewer;
    const call = folded ?? told;
    if (call === undefined || viewer === undefined) return told;
    const canWrite = viewer.canWrite.includes(call.stream);
    if (folded === undefined || (told !== undefined && !isAsLate(folded, told)))
      return told && { ...told, actions: allowedCallActions(told, viewer, canWrite) };
    const { dial, recording } = told ?? {};
    const view = callView(folded, viewer, { canWrite, ...(dial === undefined ? {} : { dial }) });
    // No entry tells of it: it is known from what was looked up alone.
    return recording === undefined ? view : { ...view, recording };
  }
}

const isSameReader = (one: Sources, other: Sources): boolean =>
  one.userId === other.userId &&
  one.me?.side === other.me?.side &&
  one.me?.canWrite.join() === other.me?.canWrite.join();

function isSame(one: Sources, other: Sources): boolean {
  return (
    one.told === other.told &&
    isSameReader(one, other) &&
    one.folded.size === other.folded.size &&
    [...one.folded].every(([stream, calls]) => other.folded.get(stream) === calls)
  );
}
