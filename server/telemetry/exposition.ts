import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Durations } from './durations.ts';

type Labels = Readonly<Record<string, string>>;

/** One value of a metric, and what it is the value of. */
export interface Sample<Value = number> {
  labels?: Labels;
  value: Value;
}

/** Gives a metric's values when it is asked for. */
type Read<Value = number> = () => Iterable<Sample<Value>> | Promise<Iterable<Sample<Value>>>;

/** How long a value may take that is not at hand, in milliseconds: longer than a database is waited for that does not answer. */
const LATE_MS = 3_000;

/** Metrics in Prometheus' text format, with a registry of its own. Nothing is kept up to date here: each value is read when somebody asks. */
export class Exposition {
  readonly #registry = new Registry();
  readonly #onError: (error: unknown) => void;
  #answering: Promise<string> | undefined;

  /** @param onError told of a value that could not be read: its metric then has none */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The metrics as they are now. Whoever asks while they are being read gets the same. */
  text(): Promise<string> {
    this.#answering ??= this.#registry.metrics().finally(() => {
      this.#answering = undefined;
    });
    return this.#answering;
  }

  counter(name: string, help: string, labelNames: readonly string[], read: Read): void {
    const samples = this.#reader(read);
    const counter = new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect: async () => {
        const read = await samples();
        counter.reset();
        for (const { labels = {}, value } of read) counter.inc(labels, value);
      },
    });
  }

  gauge(name: string, help: string, labelNames: readonly string[], read: Read): void {
    const samples = this.#reader(read);
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect: async () => {
        const read = await samples();
        gauge.reset();
        if (labelNames.length === 0) gauge.remove();
        for (const { labels = {}, value } of read) gauge.set(labels, value);
      },
    });
  }

  histogram(name: string, help: string, labelNames: readonly string[], read: () => Iterable<Sample<Durations>>): void {
    this.#registry.registerMetric(new DurationsHistogram({ name, help, labelNames }, read));
  }

  #reader(read: Read): () => Promise<Iterable<Sample>> {
    return async () => {
      try {
        return await inTime(read());
      } catch (error) {
        this.#onError(error);
        return [];
      }
    };
  }
}

const SECOND_MS = 1_000;

/** A histogram in seconds of durations that are counted elsewhere: the library's own costs a message thirty times as much. */
class DurationsHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #read: () => Iterable<Sample<Durations>>;

  constructor(
    options: { name: string; help: string; labelNames: readonly string[] },
    read: () => Iterable<Sample<Durations>>,
  ) {
    super({ ...options, registers: [] });
    this.#name = options.name;
    this.#help = options.help;
    this.#read = read;
  }

  /** What the registry, and `get`, ask a histogram for. */
  getForPromString(): Promise<object> {
    const values = [...this.#read()].flatMap(({ labels = {}, value }) => this.#valuesOf(labels, value));
    return Promise.resolve({ name: this.#name, help: this.#help, type: 'histogram', values, aggregator: 'sum' });
  }

  #valuesOf(sharedLabels: Labels, { bounds, counts, sum }: Durations): object[] {
    let count = 0;
    const buckets = [...counts].map((more, at) => {
      count += more;
      const bound = bounds[at];
      const labels = { le: bound === undefined ? '+Inf' : bound / SECOND_MS };
      return { labels, sharedLabels, value: count, metricName: `${this.#name}_bucket` };
    });
    return [
      ...buckets,
      { labels: {}, sharedLabels, value: sum / SECOND_MS, metricName: `${this.#name}_sum` },
      { labels: {}, sharedLabels, value: count, metricName: `${this.#name}_count` },
    ];
  }
}

async function inTime<Result>(work: Result | Promise<Result>): Promise<Result> {
  if (!(work instanceof Promise)) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`a metric was not to be had within ${LATE_MS} ms`)), LATE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
