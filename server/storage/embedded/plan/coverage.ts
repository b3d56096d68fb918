/** Whether a sparse or partial index holds every document that a query asks for. */
import { type Doc, compareValues, compileFilter, formatValue, isDoc, kindOf } from '../semantics/index.ts';
import type { IndexDefinition } from '../store/index-definition.ts';
import { type Analysis, type Predicate, analyze, isNumberKind } from './predicates.ts';

/** Whether every document that meets the predicates is in the index: always so, but for sparse and partial ones. */
export function holdsAll(index: IndexDefinition, predicates: readonly Predicate[]): boolean {
  if (index.sparse)
    return index.fields.some((field) =>
      predicates.some((predicate) => predicate.path === field && provesPresence(predicate)),
    );
  if (!index.partial) return true;
  const { predicates: conditions, complete, alternatives } = analyzePartial(index.partial.expression);
  return (
    complete &&
    alternatives.length === 0 &&
    conditions.every((condition) => predicates.some((predicate) => implies(predicate, condition)))
  );
}

/** In a partial filter `$exists` and `$type` are conditions that a query can imply, so they count as understood. */
function analyzePartial(expression: Doc): Analysis {
  const analysis = analyze(expression);
  const understood = countConditions(expression);
  return { ...analysis, complete: understood === analysis.predicates.length };
}

function countConditions(expression: Doc): number {
  let count = 0;
  for (const [name, condition] of Object.entries(expression)) {
    if (name === '$and' && Array.isArray(condition))
      for (const part of condition as Doc[]) count += countConditions(part);
    else if (isDoc(condition) && Object.keys(condition)[0]?.startsWith('$')) count += Object.keys(condition).length;
    else count += 1;
  }
  return count;
}

function provesPresence(predicate: Predicate): boolean {
  return predicate.kind !== 'points' || predicate.values.every((value) => value !== null);
}

/** Whether every document that meets `predicate` meets `condition`. */
function implies(predicate: Predicate, condition: Predicate): boolean {
  if (predicate.path !== condition.path) return false;
  switch (condition.kind) {
    case 'exists':
      return provesPresence(predicate);
    case 'points':
      return (
        predicate.kind === 'points' &&
        predicate.values.every((value) => condition.values.some((other) => compareValues(value, other) === 0))
      );
    case 'type':
      if (predicate.kind === 'points') return meets(predicate.values, condition.path, { $type: condition.type });
      if (predicate.kind === 'range')
        return !isNumberKind(predicate.value) && meets([predicate.value], condition.path, { $type: condition.type });
      return predicate.kind === 'type' && formatValue(predicate.type) === formatValue(condition.type);
    case 'range':
      if (predicate.kind === 'points')
        return meets(predicate.values, condition.path, { [`$${condition.comparison}`]: condition.value });
      return predicate.kind === 'range' && narrower(predicate, condition);
  }
}

function meets(values: readonly unknown[], path: string, operators: Doc): boolean {
  if (path.includes('.')) return false;
  const filter = compileFilter({ [path]: operators });
  return values.every((value) => filter.matches({ [path]: value }));
}

function narrower(predicate: Predicate & { kind: 'range' }, condition: Predicate & { kind: 'range' }): boolean {
  if (predicate.comparison[0] !== condition.comparison[0]) return false;
  const sameClass =
    kindOf(predicate.value) === kindOf(condition.value) ||
    (isNumberKind(predicate.value) && isNumberKind(condition.value));
  if (!sameClass) return false;
  const order = compareValues(predicate.value, condition.value) * (predicate.comparison.startsWith('g') ? 1 : -1);
  if (order !== 0) return order > 0;
  return condition.comparison.endsWith('e') || !predicate.comparison.endsWith('e');
}
