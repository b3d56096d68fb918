import type { ChaosReport } from './run.ts';
import { TRIALS } from './trials.ts';

const inSeconds = (ms: number | undefined): string => (ms === undefined ? '' : `${Math.round(ms / 10) / 100} s`);

const COLUMNS = [
  ['trial', ({ trial }) => trial],
  ['struck', ({ done }) => Object.values(done).reduce((sum, times) => sum + times, 0)],
  ['tried', ({ tried }) => tried],
  ['acked', ({ acked }) => acked],
  ['read', ({ read }) => read],
  ['recovered', ({ recovered }) => recovered],
  ['refused', ({ refused }) => refused],
  ['orders', ({ orders }) => orders],
  ['lost', ({ lost }) => lost],
  ['duplicates', ({ duplicates }) => duplicates],
  ['unexpected', ({ unexpected }) => unexpected],
  ['holes', ({ holes }) => holes],
  ['diverged', ({ diverged }) => diverged],
  ['failed', ({ failed }) => failed],
  ['falls', ({ falls }) => falls],
  ['converged in', ({ converged }) => `${converged} s`],
  ['healed in', ({ healedInMs }) => inSeconds(healedInMs)],
  ['withdrawn in', ({ withdrawnInMs }) => inSeconds(withdrawnInMs)],
] as const satisfies [string, (report: ChaosReport) => string | number][];

/** The reports side by side, one line each, and what was done to whom. */
export function table(reports: readonly ChaosReport[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...reports.map((report) => COLUMNS.map(([, cell]) => String(cell(report)))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const told = reports.map(({ trial, seed, done }) => {
    const deeds = Object.entries(done).map(([what, times]) => `${what} ${times} x`);
    return `${trial} (${TRIALS[trial].shows}; seed ${seed}): ${deeds.join(', ')}`;
  });
  return [...lines, '', ...told].join('\n');
}

/** True when every promise was kept, but for those of time. */
export function isSound({ lost, duplicates, unexpected, holes, diverged, failed, falls }: ChaosReport): boolean {
  return lost + duplicates + unexpected + holes + diverged + failed + falls === 0;
}

/** A right is withdrawn everywhere within this time. */
const WITHDRAWN_MS = 1_000;

/** True when every promise of time was kept, on a machine that does nothing else. */
export const isInTime = ({ withdrawnInMs = 0 }: ChaosReport): boolean => withdrawnInMs <= WITHDRAWN_MS;
