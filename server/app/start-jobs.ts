import type { Runner } from '../../jobs/runner.ts';
import type { Figures } from '../telemetry/figures.ts';
import type { Context } from './context.ts';
import type { Settings } from './settings.ts';

/** Starts the jobs in a server. */
export async function startJobs(
  { calendarTimeZone: timeZone }: Settings,
  context: Context,
  figures: Figures,
): Promise<Runner> {
  // Loaded where it is used: a server beside which the jobs run apart needs none of it.
  const { Runner } = await import('../../jobs/runner.ts');
  const { connection, sweeps, clock, log } = context;
  const runner = new Runner({ connection, sweeps, clock, timeZone, log, figures });
  await runner.start();
  return runner;
}
