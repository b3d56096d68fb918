import type { MessageEntry } from '../../shared/contract/entries.ts';

/** What a writer is doing beside writing something new. */
export type ComposerTask = { readonly type: 'reply' | 'edit'; readonly entry: MessageEntry };

/** Texts that are being written, one for each stream; a text under edit is kept apart from what is being written anew. */
export class Drafts {
  readonly #texts = new Map<string, string>();

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
  }
}

const keyOf = (stream: string, task: ComposerTask | undefined): string =>
  task?.type === 'edit' ? `edit ${task.entry.id}` : `stream ${stream}`;
