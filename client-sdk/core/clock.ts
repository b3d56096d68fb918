/** Where the SDK takes the time from: milliseconds since 1970, and one-shot timers. */
export interface Clock {
  now(): number;
  /** Runs `task` once after `ms` milliseconds; the function that it returns takes the timer back. */
  after(ms: number, task: () => void): () => void;
}
