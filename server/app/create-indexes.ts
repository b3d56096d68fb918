import type { Model } from 'mongoose';

/** Makes collections and their indexes before anything is written: an index that came later would let duplicates in. */
export async function createIndexes(
  models: readonly Pick<Model<unknown>, 'createIndexes' | 'createCollection'>[],
): Promise<void> {
  for (const model of models) {
    await model.createCollection();
    await model.createIndexes();
  }
}
