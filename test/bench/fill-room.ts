import { connectStorage } from '../../server/storage/connect.ts';
import { entryModel } from '../../server/timeline/entry-store.ts';
import { storedEntry } from './stored-entry.ts';

const BATCH = 5_000;

/** Makes a room's public stream exactly so long, through the driver. What stood there before is replaced. */
export async function fillRoom(uri: string, roomId: string, length: number, text: string): Promise<void> {
  const storage = await connectStorage({ mongodbUri: uri, dataDir: '' });
  try {
    const entries = entryModel(storage.connection);
    await entries.deleteMany({ roomId, stream: 'public' });
    for (let from = 1; from <= length; from += BATCH) {
      const docs = Array.from({ length: Math.min(BATCH, length - from + 1) }, (_, i) =>
        storedEntry(roomId, from + i, text),
      );
      await entries.collection.insertMany(docs, { ordered: false });
    }
  } finally {
    await storage.stop();
  }
}
