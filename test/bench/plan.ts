import type { Calls } from './processes/calls.ts';
import type { BenchDatabase, ServerOptions } from './processes/server-under-test.ts';
import type { LoadApi } from './load/load-generator.ts';
import type { Figure } from './figure.ts';

/** How much is measured: the default takes at most ten minutes for all figures, `quick` at most two, `tiny` a few seconds (for the harness's own test). */
export interface Scale {
  name: 'default' | 'quick' | 'tiny';
  pairs: number;
  /** Of one measured run. */
  runMs: number;
  /** What a server may be warmed up for, at most. */
  warmUpMs: number;
  /** Connections of the fan-out figures, in rooms of 1000, 100 and 10. */
  people: number;
  /** Connections that a memory or a connect figure adds in a run. */
  connections: number;
  missed: number;
  longRoom: number;
  /** Projects whose clocks run. */
  waiting: number;
  /** Demands that the plaza shows. */
  demands: number;
  /** Connections that come and go. */
  comings: number;
  /** Stretches of the soak, and how long each is. */
  soakStretches: number;
  soakMs: number;
}

export const SCALES: Readonly<Record<Scale['name'], Scale>> = {
  default: {
    name: 'default',
    pairs: 5,
    runMs: 4_000,
    warmUpMs: 25_000,
    people: 1_000,
    connections: 500,
    missed: 10_000,
    longRoom: 1_000_000,
    waiting: 100_000,
    demands: 100_000,
    comings: 50_000,
    soakStretches: 30,
    soakMs: 60_000,
  },
  quick: {
    name: 'quick',
    pairs: 2,
    runMs: 1_500,
    warmUpMs: 6_000,
    people: 1_000,
    connections: 300,
    missed: 10_000,
    longRoom: 50_000,
    waiting: 20_000,
    demands: 20_000,
    comings: 4_000,
    soakStretches: 6,
    soakMs: 10_000,
  },
  tiny: {
    name: 'tiny',
    pairs: 1,
    runMs: 300,
    warmUpMs: 300,
    people: 10,
    connections: 10,
    missed: 300,
    longRoom: 1_500,
    waiting: 1_500,
    demands: 1_500,
    comings: 40,
    soakStretches: 3,
    soakMs: 300,
  },
};

/** What a figure is measured with. */
export interface Bench {
  scale: Scale;
  /** The clients. */
  load: Calls<LoadApi>;
  server: ServerOptions;
  newDatabase(): Promise<BenchDatabase>;
  /** Says what is being done, for whoever watches. */
  say(line: string): void;
}

export type Measure = (bench: Bench) => Promise<Figure>;

/** As long as most things that people write. */
export const TEXT =
  'The second draft of the home page is ready: please look at the header and the new colours. '.repeat(2);
