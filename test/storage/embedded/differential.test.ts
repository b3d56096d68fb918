import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EJSON, ObjectId } from 'bson';
import { expect } from 'chai';
import { type Collection, type Document, MongoClient, MongoServerError } from 'mongodb';
import { decode, type Doc, encode } from '../../../server/storage/embedded/semantics/index.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../../server/storage/embedded/start.ts';
import { Dice } from './semantics/dice.ts';
import { Generator } from './semantics/generate.ts';

// The same random commands go to the embedded engine and to a real database, and what both answer is compared. The embedded side also
// has random indexes, which must not change an answer. DIFFERENTIAL_SEED repeats a run, DIFFERENTIAL_SECONDS lengthens it.

const SECONDS = Number(process.env['DIFFERENTIAL_SECONDS'] ?? 40);
const DOCUMENTS = 14;
const STEPS = 14;

/** What one side answered: documents, or the code of its error. */
type Answer = { readonly documents: readonly Doc[] } | { readonly code: number; readonly message: string };

/** How exactly two answers are compared (a Decimal128 always by value: the zeros at its end are each database's own); where less than all is asked, the reason stands beside the step. */
interface Strictness {
  readonly ordered: boolean;
  readonly widths: boolean;
}

interface Step {
  readonly what: string;
  readonly strictness: Strictness;
  run(collection: Collection): Promise<readonly Document[]>;
}

/**
 * MongoDB adds new fields in the order of their names, DocumentDB in that of the update, so from the first update on the order of
 * fields is not compared; unit tests hold it.
 */
const EXACT: Strictness = { ordered: true, widths: true };
const ANY_ORDER: Strictness = { ...EXACT, ordered: false };

/**
 * Codes of one refusal that differ between MongoDB (ours) and DocumentDB (theirs), which checks in another order.
 * 28 and 9: MongoDB tells a path that cannot be there as PathNotViable, also in an empty array. 14 and 2: `$pop` of what is no array.
 * 40, 2, 28, 54: several faults in one update, of which each names the one it meets first. 31249, 31250: which of two paths collides.
 */
const SAME_REFUSAL: readonly (readonly number[])[] = [
  [28, 9, 2, 14, 40, 54, 66],
  [31249, 31250],
];

const FIRST_SEED = 1001;
const ROUNDS = 100;

describe('embedded engine and a real database, the same random commands', () => {
  const uri = process.env['MONGODB_URI'];
  let dataDir = '';
  let embedded: EmbeddedDatabase | undefined;
  let ours: MongoClient | undefined;
  let theirs: MongoClient | undefined;
  const name = `differential_${new ObjectId().toHexString()}`;

  before(async function compareOnlyWithADatabase() {
    if (!uri) {
      console.log('      NOT COMPARED: set MONGODB_URI to a real database to compare the embedded engine with it');
      this.skip();
    }
    dataDir = await mkdtemp(join(tmpdir(), 'differential-'));
    embedded = await startEmbedded({ dataDir });
    ours = await MongoClient.connect(embedded.uri, { serverSelectionTimeoutMS: 10_000 });
    theirs = await MongoClient.connect(uri, { serverSelectionTimeoutMS: 10_000 });
  });

  after(async () => {
    await theirs?.db(name).dropDatabase();
    await theirs?.close();
    await ours?.close();
    await embedded?.stop();
    if (dataDir !== '') await rm(dataDir, { recursive: true, force: true });
  });

  it('answer alike', async function answerAlike() {
    if (!ours || !theirs) return this.skip();
    const chosen = process.env['DIFFERENTIAL_SEED'];
    this.timeout(chosen === undefined ? 900_000 : (SECONDS + 120) * 1000);
    // The same commands at each run of the suite; a seed of one's own explores for so many seconds.
    const first = Number(chosen ?? FIRST_SEED);
    const end = performance.now() + SECONDS * 1000;
    let compared = 0;
    let seed = first;
    for (; chosen === undefined ? seed < first + ROUNDS : performance.now() < end; seed++) {
      compared += await round(seed, ours.db(name).collection(`c${seed}`), theirs.db(name).collection(`c${seed}`));
    }
    console.log(`      ${compared} answers compared, DIFFERENTIAL_SEED=${first} to ${seed - 1}`);
    expect(compared).to.be.greaterThan(0);
  });
});

async function round(seed: number, left: Collection, right: Collection): Promise<number> {
  const dice = new Dice(seed);
  // DocumentDB sorts an empty array like null (MongoDB: below it) and takes 1.5 and Decimal128 1.5 for different in a join.
  const generator = new Generator(dice, { emptyArrays: dice.chance(0.5), decimals: dice.chance(0.7) });
  const documents = Array.from({ length: DOCUMENTS }, (_, id) => generator.document(id));
  for (const side of [left, right]) await side.insertMany(documents.map((document) => ({ ...document })));
  await addIndexes(left, generator);
  let compared = 0;
  for (let count = 0; count < STEPS; count++) {
    const step = nextStep(generator, left.collectionName);
    if (!step) continue;
    const [mine, real] = [await answer(step, left), await answer(step, right)];
    const difference = unlike(mine, real, step.strictness);
    if (difference !== null) {
      throw new Error(
        `DIFFERENTIAL_SEED=${seed}, step ${count}: ${step.what}\n${difference}\nindexes ${JSON.stringify(await left.indexes())}`,
      );
    }
    compared++;
  }
  await Promise.all([left.drop(), right.drop()]);
  return compared;
}

/** Indexes of all kinds but unique ones; one that is there already is left out. */
async function addIndexes(collection: Collection, { dice }: Generator): Promise<void> {
  const paths = ['a', 'b', 'c', 'd', 'a.b', 'b.a'] as const;
  for (let count = dice.below(4); count > 0; count--) {
    const path = dice.pick(paths);
    const keys: Record<string, 1 | -1> = { [path]: dice.pick([1, -1]) };
    // Compound only where no update can make two arrays of its fields.
    if (dice.chance(0.5)) keys[dice.pick(['_id', `${path}.x`])] = dice.pick([1, -1]);
    const options = dice.pick([{}, {}, { sparse: true }, { partialFilterExpression: { c: { $gt: 1 } } }]);
    try {
      await collection.createIndex(keys, options);
    } catch (error) {
      if (!(error instanceof MongoServerError) || ![85, 86].includes(Number(error.code))) throw error;
    }
  }
}

function nextStep(generator: Generator, collection: string): Step | null {
  const { dice } = generator;
  switch (dice.below(9)) {
    case 0:
    case 1:
      return find(generator);
    case 2:
      return count(generator);
    case 3:
      return aggregate(generator, collection);
    case 4:
      return expression(generator);
    case 5:
      return updateOne(generator);
    case 6:
      return upsert(generator);
    case 7:
      return elements(generator);
    default:
      return findAndModify(generator);
  }
}

function find(generator: Generator): Step {
  const { dice } = generator;
  const filter = generator.filter();
  const projection = dice.chance(0.3) ? generator.projection() : {};
  const sort: Doc = dice.chance(0.5) ? generator.sort() : {};
  const sorted = Object.keys(sort).length > 0;
  const limit = sorted && dice.chance(0.5) ? 1 + dice.below(5) : 0;
  const skip = sorted && dice.chance(0.3) ? dice.below(3) : 0;
  return {
    what: `find ${text(filter)} sort ${text(sort)} project ${text(projection)} skip ${skip} limit ${limit}`,
    strictness: sorted ? EXACT : ANY_ORDER,
    run: (side) => side.find(filter, { raw: true, projection, sort: sort as never, limit, skip }).toArray(),
  };
}

function count(generator: Generator): Step {
  const filter = generator.filter();
  return {
    what: `count ${text(filter)}`,
    strictness: EXACT,
    run: async (side) => [{ count: await side.countDocuments(filter) }],
  };
}

function aggregate(generator: Generator, collection: string): Step {
  const pipeline = generator.pipeline(collection);
  return {
    what: `aggregate ${text({ pipeline })}`,
    // Of equal numbers of different widths a group keeps any.
    strictness: { ordered: false, widths: false },
    run: (side) => side.aggregate(pipeline, { raw: true }).toArray(),
  };
}

function expression(generator: Generator): Step {
  const value = generator.expression();
  return {
    what: `project ${text({ value })}`,
    strictness: EXACT,
    run: (side) => side.aggregate([{ $sort: { _id: 1 } }, { $project: { value } }], { raw: true }).toArray(),
  };
}

function updateOne(generator: Generator): Step {
  const { dice } = generator;
  // By `_id`: where nothing matches, DocumentDB does not look at the update at all.
  const filter: Doc = { _id: dice.below(DOCUMENTS) };
  const replaces = dice.chance(0.2);
  const update = replaces ? generator.replacement() : generator.update();
  return {
    what: `${replaces ? 'replace' : 'update'} ${text(filter)} with ${text(update)}`,
    strictness: EXACT,
    run: async (side) => {
      const { matchedCount } = await (replaces ? side.replaceOne(filter, update) : side.updateOne(filter, update));
      return [{ matchedCount }, ...(await all(side))];
    },
  };
}

function upsert(generator: Generator): Step {
  const filter: Doc = { ...generator.filter(), _id: 100 };
  const update = generator.update(true);
  return {
    what: `upsert ${text(filter)} with ${text(update)}`,
    strictness: EXACT,
    run: async (side) => {
      try {
        await side.updateOne(filter, update, { upsert: true });
        return await side.find({ _id: 100 as never }, { raw: true }).toArray();
      } finally {
        await side.deleteOne({ _id: 100 as never });
      }
    },
  };
}

function elements(generator: Generator): Step {
  const { filter, update, arrayFilters } = generator.elementUpdate();
  return {
    what: `update many ${text(filter)} with ${text(update)} array filters ${text({ arrayFilters })}`,
    strictness: EXACT,
    run: async (side) => {
      const { matchedCount } = await side.updateMany(filter, update, arrayFilters ? { arrayFilters } : {});
      return [{ matchedCount }, ...(await all(side))];
    },
  };
}

function findAndModify(generator: Generator): Step {
  const { dice } = generator;
  const filter = generator.filter();
  const sort = { _id: dice.pick([1, -1] as const) };
  const removes = dice.chance(0.2);
  const update = { $set: { [dice.pick(['a', 'b', 'c', 'd', 'e.f'])]: generator.value() }, $inc: { n: 1 } };
  const after = dice.chance(0.5);
  return {
    what: removes ? `find and remove ${text(filter)}` : `find and modify ${text(filter)} with ${text(update)}`,
    strictness: EXACT,
    run: async (side) => {
      const found = removes
        ? await side.findOneAndDelete(filter, { sort })
        : await side.findOneAndUpdate(filter, update, { sort, returnDocument: after ? 'after' : 'before' });
      return [{ found: found?._id ?? null }, ...(await all(side))];
    },
  };
}

function all(side: Collection): Promise<Document[]> {
  return side.find({}, { raw: true, sort: { _id: 1 } }).toArray();
}

async function answer(step: Step, side: Collection): Promise<Answer> {
  try {
    const documents = await step.run(side);
    return { documents: documents.map((document) => decode(Buffer.isBuffer(document) ? document : encode(document))) };
  } catch (error) {
    if (error instanceof MongoServerError) return { code: Number(error.code), message: error.message };
    throw error;
  }
}

function unlike(mine: Answer, real: Answer, strictness: Strictness): string | null {
  if ('code' in mine || 'code' in real) {
    const same =
      'code' in mine &&
      'code' in real &&
      (mine.code === real.code || SAME_REFUSAL.some((codes) => codes.includes(mine.code) && codes.includes(real.code)));
    return same ? null : `ours ${shown(mine)}\nreal ${shown(real)}`;
  }
  const left = mine.documents.map((document) => canonical(document, strictness));
  const right = real.documents.map((document) => canonical(document, strictness));
  if (!strictness.ordered) {
    left.sort();
    right.sort();
  }
  if (left.join('\n') === right.join('\n')) return null;
  const onlyLeft = left.filter((one, index) => one !== right[index]);
  const onlyRight = right.filter((one, index) => one !== left[index]);
  return `ours ${onlyLeft.join('\n     ')}\nreal ${onlyRight.join('\n     ')}`;
}

function shown(side: Answer): string {
  return 'code' in side ? `${side.code} ${side.message}` : text({ documents: side.documents });
}

function canonical(document: Doc, strictness: Strictness): string {
  return JSON.stringify(loosened(EJSON.serialize(document, { relaxed: false }), strictness));
}

function loosened(value: unknown, strictness: Strictness): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => loosened(item, strictness));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (!strictness.widths && only && entries.length === 1 && only[0].startsWith('$number')) {
    // Sums of doubles differ in their last places with the order in which they were made.
    return `number ${Number(Number(only[1]).toPrecision(12))}`;
  }
  // Beyond 2^53 sums that mix widths are rounded once by MongoDB and more often by others.
  if (only?.[0].startsWith('$number') && Math.abs(Number(only[1])) > 2 ** 52) return Number(only[1]).toPrecision(14);
  if (only?.[0] === '$numberDecimal') return decimalValue(String(only[1]));
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, loosened(item, strictness)]));
}

/** A decimal's digits and exponent without zeros at its end. */
function decimalValue(value: string): string {
  const [, sign = '', whole = '', places = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]\d+))?$/.exec(value) ?? [];
  if (whole === '') return `decimal ${value}`;
  const digits = (whole + places).replace(/^0+(?=\d)/, '');
  const kept = digits.replace(/0+$/, '');
  return `decimal ${sign}${kept}e${kept === '' ? 0 : Number(power) - places.length + digits.length - kept.length}`;
}

function text(value: object): string {
  return EJSON.stringify(value, { relaxed: false });
}
