import type { MessageEntry } from '../../shared/contract/entries.ts';
import { Tray } from './flow/tray.ts';

/** What a writer is doing beside writing something new. */
export type ComposerTask = { readonly type: 'reply' | 'edit'; readonly entry: MessageEntry };

/** Texts that are being written, one for each stream, with their files; a text under edit is kept apart from what is being written anew. */
export class Drafts {
  readonly #texts = new Map<string, string>();
  readonly #trays = new Map<string, Tray>();
  readonly #changed: () => void;

  /** @param changed called when something about the files has changed */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  trayOf(stream: string): Tray {
    const tray = this.#trays.get(stream) ?? new Tray();
    tray.changed = this.#changed;
    this.#trays.set(stream, tray);
    return tray;
  }

  textOf(stream: string, task: ComposerTask | undefined): string {
    return this.#texts.get(keyOf(stream, task)) ?? '';
  }

  set(stream: string, task: ComposerTask | undefined, text: string): void {
    this.#texts.set(keyOf(stream, task), text);
  }

  drop(stream: string, task: ComposerTask | undefined): void {
    this.#texts.delete(keyOf(stream, task));
  }

  clear(): void {
    this.#texts.clear();
    this.#trays.clear();
  }
}

const keyOf = (stream: string, task: ComposerTask | undefined): string =>
  task?.type === 'edit' ? `edit ${task.entry.id}` : `stream ${stream}`;
