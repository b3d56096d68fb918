import { UPLOAD_DEADLINE_MS } from '../../shared/contract/limits.ts';
import type { Clock } from '../clock.ts';
import type { GridFiles } from './grid-files.ts';

const EVERY_MS = 3_600_000;
/** What is older cannot be an upload any more, by whatever server's clock. */
const OLD_MS = UPLOAD_DEADLINE_MS + 3_600_000;

/** Removes what uploads left behind whose server ended in the middle: at the start, and every hour. */
export class FileSweeper {
  readonly #files: Pick<GridFiles, 'sweep'>;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #cancel: () => void = () => undefined;
  #sweeping: Promise<void> = Promise.resolve();

  /** @param clock the real one: the demonstration's jumps ahead, and would take uploads for old */
  constructor(files: Pick<GridFiles, 'sweep'>, clock: Clock, onError: (error: unknown) => void) {
    this.#files = files;
    this.#clock = clock;
    this.#onError = onError;
  }

  start(): void {
    this.#sweeping = this.#files.sweep(this.#clock.now() - OLD_MS).catch(this.#onError);
    this.#cancel = this.#clock.after(EVERY_MS, () => this.start());
  }

  /** Resolves when a sweep that is under way has ended. */
  async stop(): Promise<void> {
    this.#cancel();
    await this.#sweeping;
  }
}
