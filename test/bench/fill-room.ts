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
    let from = 1;
    const write = async (): Promise<void> => {
      while (from <= length) {
        const first = from;
        from += BATCH;
        const docs = Array.from({ length: Math.min(BATCH, length - first + 1) }, (_, i) =>
          storedEntry(roomId, first + i, text),
        );
        await entries.collection.insertMany(docs, { ordered: false });
      }
    };
    // While the database writes one batch, the next is being made.
    await Promise.all([write(), write()]);
  } finally {
    await storage.stop();
  }
}
