import type { ChaosReport } from './run.ts';

const COLUMNS = [
  ['set-up', ({ setUp }) => setUp],
  ['kills', ({ kills }) => `${kills.load + kills.stop + kills.start} (${kills.load}+${kills.stop}+${kills.start})`],
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
  ['falls', ({ falls }) => falls],
  ['converged in', ({ converged }) => `${converged} s`],
] as const satisfies [string, (report: ChaosReport) => string | number][];

/** The reports side by side, one line each; kills are told as while serving + stopping + starting. */
export function table(reports: readonly ChaosReport[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...reports.map((report) => COLUMNS.map(([, cell]) => String(cell(report)))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** True when every promise was kept. */
export function isSound({ lost, duplicates, unexpected, holes, diverged, falls }: ChaosReport): boolean {
  return lost + duplicates + unexpected + holes + diverged + falls === 0;
}
