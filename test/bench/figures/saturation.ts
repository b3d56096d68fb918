import type { OpenLoopReport } from '../load/open-loop.ts';
import type { Bench } from '../plan.ts';

const RATE_FROM = 200;
const RATE_UP = 1.5;
const STEPS_MAX = 12;
const STEP_MS = 1_500;
/** A rate at which half the deliveries take longer than this is more than the server can do, in milliseconds. */
const SATURATED_P50_MS = 100;

/** The highest rate, in sends a second, of those tried one after the other that the server and its clients keep up with. */
export async function saturationOf(
  { scale, say }: Pick<Bench, 'scale' | 'say'>,
  run: (rate: number, durationMs: number) => Promise<OpenLoopReport>,
): Promise<number> {
  await run(RATE_FROM, scale.runMs);
  let saturation = RATE_FROM;
  for (let step = 0; step < STEPS_MAX; step++) {
    const rate = saturation * RATE_UP;
    const { latency, lateness } = await run(rate, Math.min(STEP_MS, scale.runMs));
    say(`  at ${rate.toFixed(0)} sends/s: p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`);
    if (latency.p50 > SATURATED_P50_MS || lateness.sendP99 > SATURATED_P50_MS) break;
    saturation = rate;
  }
  return saturation;
}
