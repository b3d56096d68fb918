import { serveCalls } from '../processes/calls.ts';
import { bareCatchUp, catchUp, timeJoins } from './catch-up.ts';
import { churn } from './churn.ts';
import { insertClosedLoop, rangeQuery, sendClosedLoop } from './closed-loop.ts';
import { flood } from './flood.ts';
import { Group, type Seat } from './group.ts';
import { type OpenLoop, runOpenLoop } from './open-loop.ts';
import { comeBack, stall } from './stalled.ts';

/** The clients, in a process of their own, so that what they cost is nobody else's. Groups of connections are kept by name. */

const groups = new Map<string, Group>();

function groupOf(name: string): Group {
  const group = groups.get(name);
  if (group === undefined) throw new Error(`there is no group ${name}`);
  return group;
}

const offered = {
  async open({ group, url, seats }: { group: string; url: string; seats: readonly Seat[] }) {
    const opened = groups.get(group) ?? new Group(url);
    groups.set(group, opened);
    await opened.open(seats);
    return { connections: opened.members.length, ended: opened.ended };
  },
  close({ group }: { group: string }) {
    groupOf(group).close();
    groups.delete(group);
  },
  openLoop: ({ group, ...loop }: OpenLoop & { group: string }) => runOpenLoop(groupOf(group), loop),
  sendClosedLoop: ({ group, ...loop }: { group: string; concurrency: number; durationMs: number; text: string }) =>
    sendClosedLoop(groupOf(group), loop),
  insertClosedLoop,
  rangeQuery,
  catchUp: ({ group, roomId }: { group: string; roomId: string }) => catchUp(groupOf(group), roomId),
  bareCatchUp: ({ group, ...input }: { group: string; roomId: string; count: number; text: string }) =>
    bareCatchUp(groupOf(group), input),
  churn,
  flood,
  stall: ({ group }: { group: string }) => stall(groupOf(group)),
  comeBack: ({ group, roomId }: { group: string; roomId: string }) => comeBack(groupOf(group), roomId),
  timeJoins: ({ group, roomId, times }: { group: string; roomId: string; times: number }) =>
    timeJoins(groupOf(group), roomId, times),
};
export type LoadApi = typeof offered;

serveCalls(offered);
