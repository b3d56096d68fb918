import { fileTypeFromBuffer } from 'file-type';
import { RoomError } from '../../shared/contract/errors.ts';

/** What a file of an extension is, and what its content may be found to be. */
export interface FileKind {
  readonly type: string;
  /** Types that the first bytes may show; `text` is told by all of them instead. */
  readonly content: readonly string[] | 'text';
}

const OOXML = 'application/vnd.openxmlformats-officedocument';
const COMPOUND = 'application/x-cfb';
const ZIP = 'application/zip';

const binary = (type: string, ...others: readonly string[]): FileKind => ({ type, content: [type, ...others] });
const stored = (type: string, ...content: readonly string[]): FileKind => ({ type, content });
const text = (type: string): FileKind => ({ type, content: 'text' });
// Some programs put the part that names the format at the end of the archive; one with a password is a compound file.
const office = (type: string): FileKind => binary(type, ZIP, COMPOUND);
const compound = (type: string): FileKind => stored(type, COMPOUND);

/**
 * The files that a delivery is made of. What is not listed is refused: programs and scripts, documents with macros, and what a browser would run as a page
 * (HTML, SVG, XML). Those travel in an archive, which nobody opens by accident and which is never unpacked here.
 */
const KINDS: ReadonlyMap<string, FileKind> = new Map<string, FileKind>([
  ['pdf', binary('application/pdf')],
  ['doc', stored('application/msword', COMPOUND, 'application/rtf')],
  ['xls', compound('application/vnd.ms-excel')],
  ['ppt', compound('application/vnd.ms-powerpoint')],
  ['docx', office(`${OOXML}.wordprocessingml.document`)],
  ['xlsx', office(`${OOXML}.spreadsheetml.sheet`)],
  ['pptx', office(`${OOXML}.presentationml.presentation`)],
  ['odt', binary('application/vnd.oasis.opendocument.text')],
  ['ods', binary('application/vnd.oasis.opendocument.spreadsheet')],
  ['odp', binary('application/vnd.oasis.opendocument.presentation')],
  ['rtf', binary('application/rtf')],
  ['txt', text('text/plain')],
  ['log', text('text/plain')],
  ['md', text('text/markdown')],
  ['csv', text('text/csv')],
  ['json', text('application/json')],
  ['png', binary('image/png', 'image/apng')],
  ['jpg', binary('image/jpeg')],
  ['jpeg', binary('image/jpeg')],
  ['gif', binary('image/gif')],
  ['webp', binary('image/webp')],
  ['bmp', binary('image/bmp')],
  ['tif', binary('image/tiff')],
  ['tiff', binary('image/tiff')],
  ['heic', binary('image/heic', 'image/heif')],
  ['heif', binary('image/heif', 'image/heic')],
  ['psd', binary('image/vnd.adobe.photoshop')],
  ['ai', stored('application/postscript', 'application/pdf', 'application/postscript')],
  ['zip', binary(ZIP)],
  ['7z', binary('application/x-7z-compressed')],
  ['rar', stored('application/vnd.rar', 'application/x-rar-compressed')],
  ['gz', binary('application/gzip')],
  ['tgz', binary('application/gzip')],
  ['tar', binary('application/x-tar')],
  ['mp3', binary('audio/mpeg')],
  ['m4a', binary('audio/mp4', 'audio/x-m4a')],
  ['wav', binary('audio/wav')],
  ['mp4', binary('video/mp4', 'video/x-m4v')],
  ['mov', binary('video/quicktime')],
  ['webm', binary('video/webm')],
]);

/** The extensions that are taken, in the order of the table. */
export const FILE_EXTENSIONS: readonly string[] = [...KINDS.keys()];

/** @throws {RoomError} `unsupported_type` for an extension that is not taken */
export function kindOf(extension: string): FileKind {
  const kind = KINDS.get(extension);
  if (kind !== undefined) return kind;
  throw new RoomError('unsupported_type', 'Files of this type are not taken: put it into an archive, such as zip.', {
    details: { extensions: FILE_EXTENSIONS },
  });
}

/**
 * Compares a file's first bytes with what its extension says.
 * @throws {RoomError} `unsupported_type` when they are of something else
 */
export async function checkHead({ content }: FileKind, head: Uint8Array): Promise<void> {
  if (content === 'text') return;
  const found = await contentType(head);
  if (found === undefined || !content.includes(found)) throw otherContent();
}

/** What some sound is, by its first bytes, and the extension of a file of it. @throws {RoomError} `unsupported_type` for anything else */
export async function soundOf(head: Uint8Array): Promise<{ extension: string; type: string }> {
  const found = await contentType(head);
  for (const [extension, { type, content }] of KINDS) {
    if (type.startsWith('audio/') && found !== undefined && content.includes(found)) return { extension, type };
  }
  throw otherContent();
}

async function contentType(head: Uint8Array): Promise<string | undefined> {
  // The library would unpack it to see what is inside; for us it is bytes.
  if (head[0] === 0x1f && head[1] === 0x8b) return 'application/gzip';
  try {
    return (await fileTypeFromBuffer(head))?.mime;
  } catch {
    // Hostile bytes may make a parser give up: then nothing is known of them.
    return undefined;
  }
}

const NUL = 0;

/** Text has no first bytes to be known by: it is text when all of it is valid UTF-8 without NUL. */
export class TextCheck {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });

  /** @throws {RoomError} `unsupported_type` */
  add(chunk: Uint8Array): void {
    if (chunk.includes(NUL)) throw otherContent();
    this.#decode(chunk);
  }

  /** @throws {RoomError} `unsupported_type` for a character that was begun and not ended */
  end(): void {
    this.#decode();
  }

  #decode(chunk?: Uint8Array): void {
    try {
      this.#decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw otherContent();
    }
  }
}

const otherContent = (): RoomError =>
  new RoomError('unsupported_type', "The file's content is not what its name says; text must be UTF-8.");
