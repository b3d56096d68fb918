/** The service's time. Rules get instants from it; tests and the demo pass one that they can move. */
export interface Clock {
  /** Milliseconds since the epoch, or of a steady clock since it began. */
  now(): number;
  /** Calls back once after `ms` of this clock; the returned function takes it back. */
  after(ms: number, callback: () => void): () => void;
}

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Milliseconds of a clock that nobody sets, for what is measured or paced: they count from the start of the process. */
export const steadyClock: Clock = { ...systemClock, now: () => performance.now() };

export const iso = (ms: number): string => new Date(ms).toISOString();
