/** Metrics in Prometheus' text format, read strictly: what its own parser would refuse is refused here. */
export interface Exposed {
  /** By name: what kind each metric says it is. */
  types: Map<string, string>;
  /** By the sample as it is written, `name{label="value"}`: its value. */
  samples: Map<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const HELP = new RegExp(`^# HELP (${NAME}) \\S.*$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`);
const SAMPLE = new RegExp(`^(${NAME})(\\{${LABEL}(?:,${LABEL})*\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`);

/** @throws at the first line that is not of the format */
export function readExposition(text: string): Exposed {
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  if (!text.endsWith('\n')) throw new Error('the last line is not ended');
  let family = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const help = HELP.exec(line);
    const type = TYPE.exec(line);
    const sample = SAMPLE.exec(line);
    if (help !== null) {
      family = help[1] ?? '';
      if (types.has(family)) throw new Error(`${family} is there twice`);
    } else if (type !== null && type[1] === family) types.set(family, type[2] ?? '');
    else if (sample !== null) {
      const [, name = '', labels = '', value = ''] = sample;
      const ofFamily = types.get(family) === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name;
      if (ofFamily !== family) throw new Error(`${name} stands under ${family}`);
      if (samples.has(name + labels)) throw new Error(`${name}${labels} is there twice`);
      samples.set(name + labels, Number(value));
    } else throw new Error(`not of the format: ${line}`);
  }
  return { types, samples };
}

/** Every name that can be asked for, those of a histogram's parts included. */
export const namesIn = ({ types }: Exposed): Set<string> =>
  new Set(
    [...types].flatMap(([name, type]) =>
      type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
    ),
  );

/** What became more from one reading to the next, of samples whose names begin so. */
export function growthOf(before: Exposed, after: Exposed, beginning: string): Record<string, number> {
  const growth: Record<string, number> = {};
  for (const [sample, value] of after.samples) {
    const more = value - (before.samples.get(sample) ?? 0);
    if (sample.startsWith(beginning) && more !== 0) growth[sample.slice(beginning.length)] = more;
  }
  return growth;
}
