import type { Client } from '../../index.ts';
import type { NamedFile } from '../event-line.ts';
import type { UploadFile } from './tray.ts';

/** Uploads into a stream of a room. */
export function uploaderTo(client: Client, roomId: string, stream: string): UploadFile {
  return (file, onProgress) =>
    client.upload({
      roomId,
      stream,
      file,
      name: file.name,
      onProgress: (sent, total) => onProgress(total === 0 ? 1 : sent / total),
    });
}

/** Fetches a file by a link that is made for this moment: whoever may not read it any more gets none. */
export async function download(client: Client, file: NamedFile): Promise<void> {
  const { url } = await client.fileLink(file.id);
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.rel = 'noopener';
  link.click();
}
