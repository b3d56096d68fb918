import { z } from 'zod';
import { type CommandName, commands } from '../../../shared/contract/registry.ts';
import type { Path } from './json-mutations.ts';

interface Schema {
  type?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  const?: unknown;
  minLength?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  $ref?: string;
}

/** How deep shapes that hold themselves are followed. */
const DEPTH = 6;

/** An input of a command with every field that its schema names; what fields demand of each other is not looked at. */
export function sampleInput(name: CommandName): unknown {
  return sampleOf(schemaOf(name), schemaOf(name), DEPTH);
}

/** Whether anything at all may stand at a place, or in an object there, as far as the schema says. */
export function isOpen(name: CommandName, path: Path): boolean {
  const root = schemaOf(name);
  let schema: Schema | undefined = root;
  for (const key of path) {
    const shape: Schema = resolved(root, schema ?? {});
    const { additionalProperties: others } = shape;
    schema =
      typeof key === 'number'
        ? shape.items
        : (shape.properties?.[key] ?? (typeof others === 'object' ? others : undefined));
  }
  const isAny = (shape: Schema | boolean | undefined) => typeof shape === 'object' && Object.keys(shape).length === 0;
  return isAny(schema) || isAny(schema?.additionalProperties);
}

function schemaOf(name: CommandName): Schema {
  return z.toJSONSchema(commands[name].input, { io: 'input' }) as Schema;
}

function resolved(root: Schema, schema: Schema): Schema {
  if (schema.$ref !== undefined)
    return schema.$ref
      .split('/')
      .slice(1)
      .reduce<Schema>((inner, key) => Reflect.get(inner, key), root);
  return (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== 'null') ?? schema;
}

function sampleOf(root: Schema, given: Schema, depth: number): unknown {
  const schema = resolved(root, given);
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.const !== undefined) return schema.const;
  switch (schema.type) {
    case 'object':
      return Object.fromEntries([
        ...Object.entries(schema.properties ?? {})
          .filter(([, property]) => depth > 0 || property.type !== 'array')
          .map(([key, property]) => [key, sampleOf(root, property, depth - 1)]),
        ...(typeof schema.additionalProperties === 'object'
          ? [[sampleText(schema.propertyNames ?? {}), sampleOf(root, schema.additionalProperties, depth - 1)]]
          : []),
      ]);
    case 'array':
      return depth <= 0 || schema.items === undefined ? [] : [sampleOf(root, schema.items, depth - 1)];
    case 'integer':
    case 'number':
      return schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
    case 'boolean':
      return true;
    default:
      return sampleText(schema);
  }
}

function sampleText({ format, pattern, minLength = 1 }: Schema): string {
  if (format === 'uuid') return '0b7e3f6a-5d2c-4f1e-9a8b-7c6d5e4f3a2b';
  if (format === 'date-time') return '2026-11-20T02:00:00.000Z';
  if (format === 'date' || pattern?.startsWith('^\\d{4}-') === true) return '2026-11-20';
  if (pattern?.includes('public') === true) return 'public';
  return 'x'.repeat(Math.max(1, minLength));
}
