import type { Client } from '../../index.ts';
import type { NamedFile } from '../event-line.ts';
import type { UploadFile } from './tray.ts';

/** What a client can do that has uploads. */
export interface Uploads {
  upload(options: {
    roomId: string;
    stream: string;
    file: Blob;
    name: string;
    onProgress?: (part: number) => void;
  }): Promise<NamedFile>;
}

/** Uploads into a stream of a room; nothing where the client has no uploads. */
export function uploaderTo(client: Client & Partial<Uploads>, roomId: string, stream: string): UploadFile | undefined {
  if (client.upload === undefined) return undefined;
  return async (file, onProgress) => {
    const stored = await client.upload?.({ roomId, stream, file, name: file.name, onProgress });
    if (stored === undefined) throw new Error('the client has no uploads any more');
    return stored;
  };
}

/** Fetches a file by a link that is made for this moment: whoever may not read it any more gets none. */
export async function download(client: Client, file: NamedFile, origin: string): Promise<void> {
  const { url } = await client.call('file.link', { fileId: file.id });
  const link = document.createElement('a');
  link.href = new URL(url, origin).href;
  link.download = file.name;
  link.rel = 'noopener';
  link.click();
}
