import type { Figure } from './figure.ts';
import { betweenServers } from './figures/between-servers.ts';
import { catchUp } from './figures/catch-up.ts';
import { comingAndGoing } from './figures/coming-and-going.ts';
import { connects } from './figures/connects.ts';
import { durableSends } from './figures/durable-sends.ts';
import {
  largeRoom,
  largeRoomApart,
  mediumRooms,
  mediumRoomsApart,
  smallRooms,
  smallRoomsApart,
  twoServers,
  twoServersMedium,
} from './figures/fan-out.ts';
import { floodBesideOthers } from './figures/flood.ts';
import { idleMemory } from './figures/idle-memory.ts';
import { latency } from './figures/latency.ts';
import { longRoom } from './figures/long-room.ts';
import { plaza } from './figures/plaza.ts';
import { soak } from './figures/soak.ts';
import { stalledReader } from './figures/stalled-reader.ts';
import { timerSweep } from './figures/timer-sweep.ts';
import type { LoadApi } from './load/load-generator.ts';
import { type Bench, type Measure, type Scale, SCALES } from './plan.ts';
import { Calls } from './processes/calls.ts';
import { endChild, moduleUrl, startChild } from './processes/child.ts';
import { createBenchDatabase } from './processes/server-under-test.ts';

/** The figures by their names in the quality document, some with variants, the plaza and the soak. */
export const FIGURES = {
  P1: largeRoom,
  P2: mediumRooms,
  'P2-10': smallRooms,
  'P1-apart': largeRoomApart,
  'P2-apart': mediumRoomsApart,
  'P2-10-apart': smallRoomsApart,
  P3: latency,
  P4: durableSends,
  P5: idleMemory,
  P6: connects,
  P7: stalledReader,
  'P7-flood': floodBesideOthers,
  P8: catchUp,
  P9: longRoom,
  P10: betweenServers,
  P11: twoServers,
  'P11-100': twoServersMedium,
  P12: comingAndGoing,
  P13: timerSweep,
  plaza,
  soak,
} as const satisfies Record<string, Measure>;

export type FigureName = keyof typeof FIGURES;
export const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];
/** Those that are measured when none is named: the soak takes as long as all the others together, and the plaza is no figure of the quality document. */
export const USUAL_NAMES = FIGURE_NAMES.filter((name) => name !== 'soak' && name !== 'plaza');

/** A figure that could not be measured. */
export interface Failure {
  ok: false;
  failed: string;
}

export interface RunOptions {
  scale: Scale['name'];
  names: readonly FigureName[];
  profileInto?: string | undefined;
  say(line: string): void;
}

/** Measures figures one after the other, each with servers and a load generator of its own. One that fails says why in the place of its value. */
export async function runFigures({
  scale,
  names,
  profileInto,
  say,
}: RunOptions): Promise<Partial<Record<FigureName, Figure | Failure>>> {
  const figures: Partial<Record<FigureName, Figure | Failure>> = {};
  for (const name of names) {
    const generator = startChild(moduleUrl('./load/load-generator.ts', import.meta.url));
    generator.stdout?.resume();
    const begun = performance.now();
    try {
      const bench: Bench = {
        scale: SCALES[scale],
        load: new Calls<LoadApi>(generator),
        server: { profileInto },
        newDatabase: createBenchDatabase,
        say,
      };
      say(`${name} ...`);
      const figure = await FIGURES[name](bench);
      figures[name] = figure;
      say(lineOf(name, figure, (performance.now() - begun) / 1000));
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      figures[name] = { ok: false, failed: reason.split('\n', 1)[0] ?? '' };
      say(`${name} FAILED: ${reason}`);
    } finally {
      await endChild(generator);
    }
  }
  return figures;
}

function lineOf(name: string, { value, min, max, unit, reach, ok, thrownAway, seen }: Figure, seconds: number): string {
  const thrown = thrownAway === 0 ? '' : `, ${thrownAway} runs thrown away`;
  const details = Object.entries(seen)
    .map(([key, one]) => `${key} ${String(one)}`)
    .join(', ');
  return `${name.padEnd(6)} ${ok ? 'reached' : 'SHORT  '} ${value} ${unit} (${min} to ${max}), reach ${reach}${thrown} [${seconds.toFixed(0)} s]\n       ${details}`;
}
