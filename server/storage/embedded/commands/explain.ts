/** explain: how a query was planned, and what it cost, in the shape of MongoDB. */
import { MongoError } from '../errors.ts';
import { type Doc, formatValue, isDoc, toNumber } from '../semantics/index.ts';
import type { Cost } from '../plan/access.ts';
import { type Access, type IndexScanPlan, type Plan, planQuery } from '../plan/planner.ts';
import { Matches, type Window, deadlineAfter } from '../plan/query.ts';
import { type Call, type Command, collectionName, textField, wholeField } from './command.ts';
import { planCount } from './count-distinct.ts';
import { planFind } from './find.ts';
import { VERSION } from './handshake.ts';
import { type Aggregation, aggregationResults, planAggregate } from './pipeline.ts';

type Verbosity = 'queryPlanner' | 'executionStats' | 'allPlansExecution';

function indexStage(plan: IndexScanPlan): Doc {
  const { index, bounds, backwards } = plan;
  return {
    stage: 'IXSCAN',
    keyPattern: index.key,
    indexName: index.name,
    isMultiKey: index.multikey,
    isUnique: index.unique,
    isSparse: index.sparse,
    isPartial: index.partial !== undefined,
    indexVersion: 2,
    direction: backwards ? 'backward' : 'forward',
    indexBounds: Object.fromEntries(index.fields.map((field) => [field, boundsText(field, bounds.used)])),
  };
}

function boundsText(field: string, used: IndexScanPlan['bounds']['used']): string[] {
  const texts: string[] = [];
  let low: string | undefined;
  let high: string | undefined;
  for (const predicate of used) {
    if (predicate.path !== field) continue;
    if (predicate.kind === 'points')
      texts.push(...predicate.values.map((value) => `[${formatValue(value)}, ${formatValue(value)}]`));
    if (predicate.kind !== 'range') continue;
    const value = formatValue(predicate.value);
    if (predicate.comparison === 'gt' || predicate.comparison === 'gte')
      low = `${predicate.comparison === 'gt' ? '(' : '['}${value}`;
    else high = `${value}${predicate.comparison === 'lt' ? ')' : ']'}`;
  }
  if (texts.length > 0) return texts;
  return low || high ? [`${low ?? '[-inf'}, ${high ?? 'inf]'}`] : ['[MinKey, MaxKey]'];
}

function accessStage(access: Access, filter: Doc | undefined): Doc {
  const checked = filter ? { filter } : {};
  switch (access.kind) {
    case 'collection':
      return { stage: 'COLLSCAN', ...checked, direction: access.backwards ? 'backward' : 'forward' };
    case 'index':
      return { stage: 'FETCH', ...checked, inputStage: indexStage(access) };
    case 'union': {
      const branches = access.branches.map((branch) =>
        branch.kind === 'index' ? indexStage(branch) : accessStage(branch, undefined),
      );
      return { stage: 'FETCH', ...checked, inputStage: { stage: 'OR', inputStages: branches } };
    }
  }
}

function stages(plan: Plan, window: Window, exists: boolean, projection?: Doc): Doc {
  let stage: Doc = exists ? accessStage(plan.access, plan.residual && plan.query) : { stage: 'EOF' };
  if (plan.sort)
    stage = {
      stage: 'SORT',
      sortPattern: plan.sort,
      ...(window.limit ? { limitAmount: window.limit } : {}),
      inputStage: stage,
    };
  if (window.skip) stage = { stage: 'SKIP', skipAmount: window.skip, inputStage: stage };
  if (window.limit) stage = { stage: 'LIMIT', limitAmount: window.limit, inputStage: stage };
  if (projection && Object.keys(projection).length > 0)
    stage = { stage: 'PROJECTION_DEFAULT', transformBy: projection, inputStage: stage };
  return stage;
}

function planner(namespace: string, plan: Plan, winningPlan: Doc): Doc {
  return {
    namespace,
    parsedQuery: plan.query,
    indexFilterSet: false,
    optimizedPipeline: false,
    winningPlan,
    rejectedPlans: [],
  };
}

function execution(cost: Cost, returned: number, millis: number, winningPlan: Doc): Doc {
  return {
    executionSuccess: true,
    nReturned: returned,
    executionTimeMillis: Math.round(millis),
    totalKeysExamined: cost.keysExamined,
    totalDocsExamined: cost.docsExamined,
    executionStages: withCost(winningPlan, cost, returned),
  };
}

function withCost(stage: Doc, cost: Cost, returned: number): Doc {
  const { inputStage, ...own } = stage;
  return {
    ...own,
    nReturned: stage['stage'] === 'IXSCAN' ? cost.keysExamined : returned,
    ...(stage['stage'] === 'IXSCAN' ? { keysExamined: cost.keysExamined } : {}),
    ...(stage['stage'] === 'FETCH' || stage['stage'] === 'COLLSCAN' ? { docsExamined: cost.docsExamined } : {}),
    ...(isDoc(inputStage) ? { inputStage: withCost(inputStage, cost, returned) } : {}),
  };
}

function serverInfo(): Doc {
  return { host: 'embedded', port: 0, version: VERSION, gitVersion: 'embedded' };
}

/** Explains a plan, running it when the verbosity asks for its cost. */
function explainPlan(call: Call, plan: Plan, window: Window, verbosity: Verbosity, projection?: Doc): Doc {
  const { engine } = call;
  const name = collectionName(call);
  const collection = engine.catalog.find(call.db, name);
  const winningPlan = stages(plan, window, collection !== undefined, projection);
  const reply: Doc = { explainVersion: '1', queryPlanner: planner(`${call.db}.${name}`, plan, winningPlan) };
  if (verbosity !== 'queryPlanner') {
    const started = engine.world.monotonicMs();
    const matches = new Matches(
      engine.env,
      collection,
      plan,
      window,
      deadlineAfter(wholeField(call, 'maxTimeMS'), engine.world.monotonicMs),
    );
    let returned = 0;
    while (matches.next()) returned += 1;
    reply['executionStats'] = execution(matches.cost, returned, engine.world.monotonicMs() - started, winningPlan);
  }
  return { ...reply, command: call.body, serverInfo: serverInfo() };
}

/** Explains an aggregation: what the planner took, as `$cursor`, and the stages behind it. */
export function explainAggregate(aggregation: Aggregation, verbosity: Verbosity): Doc {
  const { engine, db, name, split, plan } = aggregation;
  const winningPlan = stages(plan, split.window, engine.catalog.find(db, name) !== undefined);
  const reply: Doc = { explainVersion: '1', queryPlanner: planner(`${db}.${name}`, plan, winningPlan) };
  if (verbosity !== 'queryPlanner') {
    const started = engine.world.monotonicMs();
    const results = aggregationResults(aggregation);
    let returned = 0;
    while (results.next()) returned += 1;
    reply['executionStats'] = execution(
      results.matches.cost,
      returned,
      engine.world.monotonicMs() - started,
      winningPlan,
    );
  }
  if (split.rest.length === 0) return { ...reply, serverInfo: serverInfo() };
  return { explainVersion: '1', stages: [{ $cursor: reply }, ...split.rest], serverInfo: serverInfo() };
}

const VERBOSITIES = new Set(['queryPlanner', 'executionStats', 'allPlansExecution']);

function explain(call: Call): Doc {
  const body = call.body[call.name];
  if (!isDoc(body)) throw new MongoError('FailedToParse', 'explain command requires a nested object');
  const verbosity = textField(call, 'verbosity') ?? 'allPlansExecution';
  if (!VERBOSITIES.has(verbosity))
    throw new MongoError(
      'BadValue',
      `verbosity string must be one of {'queryPlanner', 'executionStats', 'allPlansExecution'}`,
    );
  const name = Object.keys(body)[0] ?? '';
  return explainInner({ ...call, name, body }, verbosity as Verbosity);
}

function explainInner(inner: Call, verbosity: Verbosity): Doc {
  switch (inner.name) {
    case 'find': {
      const wish = planFind(inner);
      return explainPlan(inner, wish.plan, wish, verbosity, wish.projection);
    }
    case 'aggregate':
      return explainAggregate(planAggregate(inner), verbosity);
    case 'count':
    case 'distinct':
      return explainPlan(inner, planCount(inner).plan, {}, verbosity);
    case 'update':
    case 'delete':
      return explainStatement(inner, verbosity);
    case 'findAndModify':
    case 'findandmodify':
      return explainPlan(
        inner,
        planOf(inner, { q: inner.body['query'] ?? {}, sort: inner.body['sort'], hint: inner.body['hint'] }),
        { limit: 1 },
        verbosity,
      );
    default:
      throw new MongoError('CommandNotSupported', `Explain failed due to unknown command: ${inner.name}`);
  }
}

function explainStatement(inner: Call, verbosity: Verbosity): Doc {
  const statements = inner.body[inner.name === 'update' ? 'updates' : 'deletes'];
  const statement: unknown = Array.isArray(statements) ? statements[0] : undefined;
  if (!isDoc(statement)) throw new MongoError('FailedToParse', 'explain needs a statement');
  const one = inner.name === 'update' ? statement['multi'] !== true : toNumber(statement['limit']) === 1;
  return explainPlan(inner, planOf(inner, statement), { limit: one ? 1 : 0 }, verbosity);
}

function planOf(call: Call, statement: Doc): Plan {
  const { q: filter, sort, hint } = statement;
  return planQuery(call.engine.catalog.find(call.db, collectionName(call)), {
    filter: isDoc(filter) ? filter : {},
    sort: isDoc(sort) ? sort : undefined,
    hint,
    now: call.engine.world.now(),
  });
}

export const explainCommand: Command = { names: ['explain'], writes: false, fields: ['verbosity'], run: explain };
