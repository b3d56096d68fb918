import { MongoError } from '../../errors.ts';
import { type Doc, isDoc } from '../values.ts';

/** A compiled expression: its value for a document, `undefined` where it has none. */
export type Evaluate = (doc: Doc) => unknown;

/** A variable's place: whoever binds the variable sets it before what is inside is evaluated. */
export interface Cell {
  value: unknown;
}

/** Compiles an expression inside of another; `bound` adds variables. */
export interface Compile {
  (spec: unknown, bound?: ReadonlyMap<string, Cell>): Evaluate;
  readonly random: () => number;
}

/** How an operator is compiled from what stands beside its name. */
export type Operator = (operand: unknown, compile: Compile, name: string) => Evaluate;

/** An operator over a fixed number of evaluated arguments; one argument may stand without its array. */
export function fixed(count: number, apply: (...values: unknown[]) => unknown): Operator {
  return ranged(count, count, apply);
}

/** An operator over `least` to `most` evaluated arguments. */
export function ranged(least: number, most: number, apply: (...values: unknown[]) => unknown): Operator {
  return (operand, compile, name) => {
    const specs: unknown[] = Array.isArray(operand) ? operand : [operand];
    if (specs.length < least || specs.length > most) {
      if (least === most) {
        throw new MongoError(
          16020,
          `Expression ${name} takes exactly ${least} arguments. ${specs.length} were passed in.`,
        );
      }
      throw new MongoError(
        28667,
        `Expression ${name} takes at least ${least} arguments, and at most ${most}, but ${specs.length} were passed in.`,
      );
    }
    const [first = NOTHING, second = NOTHING, third = NOTHING] = specs.map((spec) => compile(spec));
    if (specs.length === 1) return (doc) => apply(first(doc));
    if (specs.length === 2) return (doc) => apply(first(doc), second(doc));
    if (specs.length === 3) return (doc) => apply(first(doc), second(doc), third(doc));
    const all = specs.map((spec) => compile(spec));
    return (doc) => apply(...all.map((evaluate) => evaluate(doc)));
  };
}

/** An operator over any number of evaluated arguments. */
export function variadic(apply: (values: unknown[]) => unknown): Operator {
  return (operand, compile) => {
    const specs: unknown[] = Array.isArray(operand) ? operand : [operand];
    const all = specs.map((spec) => compile(spec));
    return (doc) => apply(all.map((evaluate) => evaluate(doc)));
  };
}

/** An operator whose operand is a document of named arguments, of which `required` must be there and no others but `optional` may. */
export function named(
  required: readonly string[],
  optional: readonly string[],
  apply: (values: Doc, compile: Compile) => unknown,
): Operator {
  return (operand, compile, name) => {
    const fields = namedOperand(operand, name, required, optional);
    const evaluates = Object.entries(fields).map(([field, spec]) => [field, compile(spec)] as const);
    return (doc) => {
      const values: Doc = {};
      for (const [field, evaluate] of evaluates) values[field] = evaluate(doc);
      return apply(values, compile);
    };
  };
}

/** Checks the names of an operand that must be a document. */
export function namedOperand(
  operand: unknown,
  name: string,
  required: readonly string[],
  optional: readonly string[],
): Doc {
  if (!isDoc(operand)) throw new MongoError('FailedToParse', `${name} only supports an object as its argument`);
  for (const field of Object.keys(operand)) {
    if (!required.includes(field) && !optional.includes(field)) {
      throw new MongoError('FailedToParse', `Unrecognized argument to ${name}: ${field}`);
    }
  }
  for (const field of required) {
    if (!Object.hasOwn(operand, field))
      throw new MongoError('FailedToParse', `Missing '${field}' parameter to ${name}`);
  }
  return operand;
}

/** Null and missing, which most operators answer with null. */
export function nullish(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

const NOTHING: Evaluate = () => undefined;
