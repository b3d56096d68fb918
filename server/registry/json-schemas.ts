import { z } from 'zod';

export type Json = Record<string, unknown>;

/**
 * Turns zod schemas into JSON schemas for one document. What the contract gives an `id` stands once, under `#/components/schemas/`, and is referred to.
 */
export class JsonSchemas {
  /** The named schemas that were met so far. */
  readonly named: Record<string, unknown> = {};
  readonly #target: 'draft-7' | 'draft-2020-12';

  constructor(target: 'draft-7' | 'draft-2020-12') {
    this.#target = target;
  }

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const text = JSON.stringify(z.toJSONSchema(schema, { target: this.#target, io }));
    const {
      $schema: _dialect,
      $defs,
      definitions,
      ...own
    }: Json = JSON.parse(text.replaceAll(/"#\/(?:\$defs|definitions)\/([^"]+)"/g, '"#/components/schemas/$1"'));
    for (const [name, definition] of Object.entries({ ...asJson($defs), ...asJson(definitions) })) {
      const { id: _id, ...rest } = asJson(definition);
      this.named[name] = rest;
    }
    const { id: _id, ...bare } = own;
    return bare;
  }
}

const asJson = (value: unknown): Json => (typeof value === 'object' && value !== null ? { ...value } : {});
