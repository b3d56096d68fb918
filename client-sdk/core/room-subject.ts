import type { Engagement, Opportunity } from '../../shared/contract/opportunities.ts';
import type { Project } from '../../shared/contract/projects.ts';
import type { Room } from '../../shared/contract/rooms.ts';
import { isLane, PUBLIC } from '../../shared/model/opportunity/streams.ts';
import type { RoomState } from './room-state.ts';

type Subject = Pick<RoomState, 'room' | 'project' | 'opportunity'>;

/** What was answered before a change can arrive after the news of it, and a server that follows another is a little behind. */
function newest<State extends { readonly version: number }>(
  came: State | undefined,
  held: State | undefined,
): State | undefined {
  return came === undefined || (held !== undefined && came.version < held.version) ? held : came;
}

/** A room as it was answered, with the newer of two states of what it is about. */
export function withSubject(room: Room, held: Omit<Subject, 'room'>): Subject {
  const project = newest(room.project, held.project);
  const opportunity = newest(room.opportunity, held.opportunity);
  const { status } = project ?? opportunity ?? room;
  return {
    room: {
      ...room,
      status,
      ...(project === undefined ? {} : { project }),
      ...(opportunity === undefined ? {} : { opportunity }),
    },
    project,
    opportunity,
  };
}

/** The project's new state: an event's, or what a command answered, whichever came first. An older one changes nothing. */
export function projectCame(state: RoomState, project: Project): RoomState {
  if (newest(project, state.project) !== project) return state;
  return { ...state, project, room: state.room && { ...state.room, status: project.status, project } };
}

/** The opportunity's, likewise. */
export function opportunityCame(state: RoomState, opportunity: Opportunity): RoomState {
  if (newest(opportunity, state.opportunity) !== opportunity) return state;
  return { ...state, opportunity, room: state.room && { ...state.room, status: opportunity.status, opportunity } };
}

/** True when the caller may read or write other streams with the new state of what the room is about. */
export function changesRights(before: RoomState, after: RoomState): boolean {
  return changesWriting(before, after) || changesStanding(before, after) || namesMore(after);
}

/** Nobody but operators writes in a closed project, and on the provider's side a template may let only those write whose turn it is. */
function changesWriting({ project: before, me }: RoomState, { project }: RoomState): boolean {
  if (before === undefined || project === undefined) return false;
  if ((before.status === 'cancelled') !== (project.status === 'cancelled')) return true;
  const turn = ({ current, nodes }: Project) => nodes.find(({ id }) => id === current)?.operator?.userId;
  return me?.side === 'provider' && (before.current !== project.current || turn(before) !== turn(project));
}

/** A provider has come to an opportunity, has come further there, or has gone. */
function changesStanding({ opportunity: before }: RoomState, { opportunity }: RoomState): boolean {
  if (before === undefined || opportunity === undefined) return false;
  const standings = (one: Opportunity) => engagementsOf(one).map(({ id, status }) => `${id} ${status}`);
  return standings(before).join() !== standings(opportunity).join();
}

/** True when the opportunity, as it is held, names a stream that no answer has brought: the one who answered was behind. */
export function namesMore({ opportunity, streams }: RoomState): boolean {
  return (
    opportunity !== undefined &&
    engagementsOf(opportunity).some((engagement) => engagement.streams.some((stream) => !streams.has(stream)))
  );
}

/** A viewer is shown all of them or, a provider, its own. */
const engagementsOf = ({ engagement, engagements = [] }: Opportunity): readonly Engagement[] =>
  engagement === undefined ? engagements : [engagement];

/** Where the caller writes who does not say where, as far as it is known: a provider in an opportunity into its lane. */
export function ownStream({ me }: RoomState): string {
  return (me?.side === 'provider' ? me.canWrite.find(isLane) : undefined) ?? PUBLIC;
}
