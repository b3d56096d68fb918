/** One index of a collection: what createIndexes made of the client's request, ready for use. */
import { MongoError } from '../errors.ts';
import { type Doc, type Filter, compileFilter, isDoc, formatValue, keyPaths, toNumber } from '../semantics/index.ts';

export interface IndexDefinition {
  readonly id: number;
  readonly name: string;
  /** The pattern as it was given, e.g. `{ roomId: 1, seq: -1 }`. */
  readonly key: Doc;
  readonly fields: readonly string[];
  /** The fields, each split at its dots. */
  readonly paths: readonly (readonly string[])[];
  readonly directions: readonly (1 | -1)[];
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly partial?: { readonly expression: Doc; readonly filter: Filter };
  expireAfterSeconds?: number;
  hidden: boolean;
  /** Whether any field is multikey. */
  readonly multikey: boolean;
  /**
   * The fields on whose path some document had an array; a field is never taken out while the index lives. Of every other field a document
   * has one value, which is the same in all of its keys: such a field can be sorted by, and all conditions on it hold for one key.
   */
  readonly multikeyFields: Set<string>;
  /** True from the first key on that was too long and was cut: the index then gives candidates only. */
  cut: boolean;
}

/** What of an index is stored, and what listIndexes tells. */
export type IndexRecord = Doc & {
  id: number;
  multikey: boolean;
  multikeyFields: readonly string[];
  cut: boolean;
  spec: Doc;
};

export const ID_INDEX = '_id_';

/** Options of createIndexes that change nothing here: builds are always in the foreground, and there is one storage engine. */
const WITHOUT_EFFECT = new Set(['v', 'ns', 'background', 'storageEngine', 'comment', 'commitQuorum']);

function refuseIndex(reason: string): MongoError {
  return new MongoError('CannotCreateIndex', reason);
}

/** Checks the client's specification and puts it into the form that is stored: `{ v, key, name, ...options }`. */
export function normalizeSpec(spec: Doc): Doc {
  const key = spec['key'];
  if (!isDoc(key))
    throw new MongoError('FailedToParse', "The 'key' field is a required property of an index specification");
  const fields = Object.keys(key);
  if (fields.length === 0) throw refuseIndex('Index keys cannot be an empty object');
  const directions: Record<string, 1 | -1> = Object.create(null) as Record<string, 1 | -1>;
  for (const field of fields) directions[field] = directionOf(field, key[field]);
  const name =
    typeof spec['name'] === 'string' ? spec['name'] : fields.map((field) => `${field}_${directions[field]}`).join('_');
  if (name === '') throw refuseIndex('index names cannot be empty');
  const isId = fields.length === 1 && fields[0] === '_id';
  const normalized: Doc = { v: 2, key: { ...directions }, name: isId ? ID_INDEX : name };
  for (const [option, value] of Object.entries(spec)) {
    switch (option) {
      case 'key':
      case 'name':
        break;
      case 'unique':
      case 'sparse':
      case 'hidden':
        if (typeof value !== 'boolean' && Number.isNaN(toNumber(value)))
          throw new MongoError(
            'TypeMismatch',
            `The field '${option}' has value ${formatValue(value)}, which is not convertible to bool`,
          );
        if ((value === true || toNumber(value) !== 0) && value !== false && !isId) normalized[option] = true;
        break;
      case 'partialFilterExpression':
        if (!isDoc(value))
          throw new MongoError('TypeMismatch', "The field 'partialFilterExpression' must be an object");
        checkPartialExpression(value);
        compileFilter(value);
        normalized[option] = value;
        break;
      case 'expireAfterSeconds': {
        const seconds = toNumber(value);
        if (!(seconds >= 0 && seconds <= 2 ** 31 - 1))
          throw refuseIndex(
            "TTL index 'expireAfterSeconds' option must be within an acceptable range, between 0 and 2147483647",
          );
        if (fields.length > 1 || isId)
          throw refuseIndex('TTL indexes are single-field indexes, compound indexes do not support TTL');
        normalized[option] = seconds;
        break;
      }
      case 'collation':
        if (isDoc(value) && value['locale'] === 'simple') break;
        throw new MongoError(
          'CommandNotSupported',
          'Indexes with a collation are not supported by the embedded database',
        );
      case 'weights':
      case 'default_language':
      case 'language_override':
      case 'textIndexVersion':
      case '2dsphereIndexVersion':
      case 'wildcardProjection':
        throw new MongoError(
          'CommandNotSupported',
          `The index option '${option}' is not supported by the embedded database`,
        );
      default:
        if (!WITHOUT_EFFECT.has(option))
          throw new MongoError(
            'InvalidIndexSpecificationOption',
            `The field '${option}' is not valid for an index specification. Specification: ${formatValue(spec)}`,
          );
    }
  }
  if (normalized['sparse'] === true && normalized['partialFilterExpression'] !== undefined)
    throw refuseIndex('cannot mix "partialFilterExpression" and "sparse" options');
  return normalized;
}

function directionOf(field: string, value: unknown): 1 | -1 {
  if (field === '' || field.startsWith('.') || field.endsWith('.') || field.includes('..'))
    throw refuseIndex('Index keys cannot contain an empty field.');
  if (field.split('.').some((part) => part.startsWith('$') && part !== '$id' && part !== '$ref' && part !== '$db'))
    throw refuseIndex(`Index key contains an illegal field name: field name starts with '$'.`);
  if (field.includes('$**') || typeof value === 'string')
    throw new MongoError(
      'CommandNotSupported',
      `Index type ${typeof value === 'string' ? formatValue(value) : 'wildcard'} is not supported by the embedded database`,
    );
  const direction = toNumber(value);
  if (Number.isNaN(direction) || direction === 0)
    throw refuseIndex(
      `Values in v:2 index key pattern cannot be of type ${typeof value}. Only numbers > 0, numbers < 0, and strings are allowed.`,
    );
  return direction > 0 ? 1 : -1;
}

const PARTIAL_OPERATORS = new Set(['$eq', '$exists', '$gt', '$gte', '$lt', '$lte', '$type', '$and', '$or', '$in']);

function checkPartialExpression(expression: Doc): void {
  for (const [name, value] of Object.entries(expression)) {
    if (name.startsWith('$') && !PARTIAL_OPERATORS.has(name))
      throw refuseIndex(`Expression not supported in partial index: ${formatValue({ [name]: value })}`);
    if (name === '$exists' && (value === false || toNumber(value) === 0))
      throw refuseIndex(`Expression not supported in partial index: $not ${formatValue({ [name]: true })}`);
    if (isDoc(value)) checkPartialExpression(value);
    else if (Array.isArray(value) && (name === '$and' || name === '$or'))
      for (const branch of value) if (isDoc(branch)) checkPartialExpression(branch);
  }
}

/** The index of a stored or newly normalised specification. */
export function defineIndex(
  id: number,
  spec: Doc,
  state: { multikeyFields: readonly string[]; cut: boolean },
): IndexDefinition {
  const key = spec['key'] as Doc;
  const fields = Object.keys(key);
  const expression = spec['partialFilterExpression'];
  const multikeyFields = new Set(state.multikeyFields);
  return {
    id,
    name: String(spec['name']),
    key,
    fields,
    paths: keyPaths(fields),
    directions: fields.map((field) => (toNumber(key[field]) > 0 ? 1 : -1)),
    unique: spec['unique'] === true || spec['name'] === ID_INDEX,
    sparse: spec['sparse'] === true,
    ...(isDoc(expression) ? { partial: { expression, filter: compileFilter(expression) } } : {}),
    ...(spec['expireAfterSeconds'] === undefined ? {} : { expireAfterSeconds: toNumber(spec['expireAfterSeconds']) }),
    hidden: spec['hidden'] === true,
    multikeyFields,
    get multikey() {
      return multikeyFields.size > 0;
    },
    cut: state.cut,
  };
}

/** Gives an index what is stored of it: whoever holds it, as an open cursor, goes on with what is so. */
export function resetIndex(index: IndexDefinition, stored: IndexDefinition): void {
  index.multikeyFields.clear();
  for (const field of stored.multikeyFields) index.multikeyFields.add(field);
  index.cut = stored.cut;
  index.hidden = stored.hidden;
  if (stored.expireAfterSeconds === undefined) delete index.expireAfterSeconds;
  else index.expireAfterSeconds = stored.expireAfterSeconds;
}

/** The specification of the index as listIndexes tells it. */
export function specOf(index: IndexDefinition): Doc {
  return {
    v: 2,
    key: index.key,
    name: index.name,
    ...(index.unique && index.name !== ID_INDEX ? { unique: true } : {}),
    ...(index.sparse ? { sparse: true } : {}),
    ...(index.partial ? { partialFilterExpression: index.partial.expression } : {}),
    ...(index.expireAfterSeconds === undefined ? {} : { expireAfterSeconds: index.expireAfterSeconds }),
    ...(index.hidden ? { hidden: true } : {}),
  };
}
