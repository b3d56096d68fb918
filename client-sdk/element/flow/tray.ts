import { ATTACHMENTS_MAX } from '../../../shared/contract/limits.ts';
import { RoomError } from '../../index.ts';
import type { NamedFile } from '../event-line.ts';

/** Brings a file to the service; `onProgress` is told the part that is there, from 0 to 1. */
export type UploadFile = (file: File, onProgress: (part: number) => void) => Promise<NamedFile>;

/** A file that somebody chose, on its way to the service or there. */
export interface TrayItem {
  readonly key: number;
  readonly file: File;
  readonly state: 'waiting' | 'uploading' | 'there' | 'failed';
  /** From 0 to 1. */
  readonly part: number;
  readonly stored?: NamedFile;
  readonly error?: RoomError;
}

/** Files for one act: each is uploaded as soon as it is chosen, one after the other. */
export class Tray {
  #items: readonly TrayItem[] = [];
  #key = 0;
  #running = false;
  /** Called whenever something about the files has changed. */
  changed: () => void = () => undefined;

  get items(): readonly TrayItem[] {
    return this.#items;
  }

  get isBusy(): boolean {
    return this.#items.some(({ state }) => state === 'waiting' || state === 'uploading');
  }

  get ids(): string[] {
    return this.#items.flatMap(({ stored }) => stored?.id ?? []);
  }

  /** Names of the files that are there. */
  get names(): string[] {
    return this.#items.flatMap(({ stored }) => stored?.name ?? []);
  }

  /** Takes files in, as many as an act may carry. */
  add(files: readonly File[], upload: UploadFile): void {
    const added = files
      .slice(0, Math.max(0, ATTACHMENTS_MAX - this.#items.length))
      .map((file): TrayItem => ({ key: this.#key++, file, state: 'waiting', part: 0 }));
    this.#become([...this.#items, ...added]);
    void this.#run(upload);
  }

  /** Tries a failed file again. */
  retry(key: number, upload: UploadFile): void {
    this.#put(key, (item) => (item.state === 'failed' ? { key, file: item.file, state: 'waiting', part: 0 } : item));
    void this.#run(upload);
  }

  /** Takes everything out; an upload that is under way comes to nothing. */
  clear(): void {
    this.#become([]);
  }

  remove(key: number): void {
    this.#become(this.#items.filter((item) => item.key !== key));
  }

  async #run(upload: UploadFile): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#bring(next, upload);
    this.#running = false;
  }

  #next(): TrayItem | undefined {
    return this.#items.find(({ state }) => state === 'waiting');
  }

  async #bring({ key, file }: TrayItem, upload: UploadFile): Promise<void> {
    this.#put(key, (item) => ({ ...item, state: 'uploading' }));
    try {
      const stored = await upload(file, (part) => this.#put(key, (item) => ({ ...item, part })));
      this.#put(key, (item) => ({ ...item, state: 'there', part: 1, stored }));
    } catch (fault) {
      const error = fault instanceof RoomError ? fault : new RoomError('internal', String(fault));
      this.#put(key, (item) => ({ ...item, state: 'failed', error }));
    }
  }

  #put(key: number, change: (item: TrayItem) => TrayItem): void {
    this.#become(this.#items.map((item) => (item.key === key ? change(item) : item)));
  }

  #become(items: readonly TrayItem[]): void {
    this.#items = items;
    this.changed();
  }
}
