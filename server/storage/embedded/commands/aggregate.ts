import { MongoError } from '../errors.ts';
import { type Doc, isDoc, toNumber } from '../semantics/index.ts';
import { cursorReply } from '../wire/frame.ts';
import { type Call, type Command, flagField } from './command.ts';
import { explainAggregate } from './explain.ts';
import { writeOutput } from './output-stages.ts';
import { aggregationResults, planAggregate } from './pipeline.ts';

function aggregate(call: Call): Doc | Buffer {
  if (flagField(call, 'explain')) return explainAggregate(planAggregate(call), 'queryPlanner');
  const cursor = call.body['cursor'];
  if (!isDoc(cursor))
    throw new MongoError(
      'FailedToParse',
      "The 'cursor' option is required, except for aggregate with the explain argument",
    );
  const aggregation = planAggregate(call);
  const results = aggregationResults(aggregation);
  const namespace = `${call.db}.${aggregation.name}`;
  if (aggregation.split.output) {
    writeOutput(call.engine, call.db, aggregation.split.output, results);
    return cursorReply('firstBatch', [], 0n, namespace);
  }
  const batchSize = cursor['batchSize'] === undefined ? undefined : toNumber(cursor['batchSize']);
  const { documents, id } = call.engine.cursors.first(results, { namespace, session: call.session, batchSize });
  return cursorReply('firstBatch', documents, id, namespace);
}

function hasOutput(call: Call): boolean {
  const stages = call.body['pipeline'];
  const last: unknown = Array.isArray(stages) ? stages.at(-1) : undefined;
  return isDoc(last) && (last['$out'] !== undefined || last['$merge'] !== undefined);
}

export const AGGREGATE_FIELDS: readonly string[] = [
  'pipeline',
  'cursor',
  'explain',
  'allowDiskUse',
  'bypassDocumentValidation',
  'collation',
  'hint',
  'let',
];

export const aggregateCommand: Command = {
  names: ['aggregate'],
  writes: hasOutput,
  fields: AGGREGATE_FIELDS,
  run: aggregate,
};
