import { parseArgs } from 'node:util';
import { FIGURE_NAMES, type FigureName, runFigures, USUAL_NAMES } from './run.ts';

/** `npm run bench -- [P1 P4 soak ...] [--quick] [--profile FOLDER]`: measures, tells as it goes, and ends with one line of JSON. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      tiny: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
    allowPositionals: true,
  });
  // "P2" asks for both of its room sizes, and for all of them apart.
  const named = FIGURE_NAMES.filter(
    (name) => positionals.includes(name) || positionals.includes(name.split('-')[0] ?? ''),
  );
  const names = positionals.length === 0 ? USUAL_NAMES : named;
  const unknown = positionals.filter((name) => !FIGURE_NAMES.includes(name as FigureName));
  if (unknown.length > 0)
    throw new Error(`there is no figure ${unknown.join(', ')}: choose from ${FIGURE_NAMES.join(', ')}`);
  const figures = await runFigures({
    scale: values.tiny ? 'tiny' : values.quick ? 'quick' : 'default',
    names,
    profileInto: values.profile,
    say: (line) => process.stdout.write(`${line}\n`),
  });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  // A figure that falls short is told and no error; one that could not be measured is.
  if (Object.values(figures).some((figure) => 'failed' in figure)) process.exitCode = 1;
}

await main();
