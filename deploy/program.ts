import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const START_MS = 30_000;
/** How much of a process's last words is kept, in characters. */
const LAST_WORDS = 4_000;

export interface ProgramOptions {
  name: string;
  /** The file to run and its arguments. */
  command: readonly [file: string, ...args: string[]];
  /** What is added to this process's environment; asked for at each start. */
  env?: () => NodeJS.ProcessEnv;
  /** Finds the address, or another sign that it serves, in what the process writes. */
  address: RegExp;
  /** A process group of its own: a Ctrl-C in the terminal does not reach it. */
  detached?: boolean;
}

/** A program that is started, stopped and started again on the same data. */
export class Program {
  readonly name: string;
  /** Milliseconds that its last complete start took. */
  startMs = 1_000;
  readonly #options: ProgramOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #words = '';
  #address: string | undefined;
  #told = false;

  constructor(options: ProgramOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Where it serves; undefined while it does not. */
  get address(): string | undefined {
    return this.#address;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The end of what it has written since its last start. */
  get lastWords(): string {
    return this.#words;
  }

  /** Begins a start, and says whether it came to serve: false when it ended before. */
  start(): Promise<boolean> {
    if (this.#child !== undefined) throw new Error(`${this.name} is running`);
    const [file, ...args] = this.#options.command;
    const began = performance.now();
    const child = spawn(file, args, {
      env: { ...process.env, ...this.#options.env?.() },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: this.#options.detached ?? false,
    });
    this.#child = child;
    this.#words = '';
    this.#told = false;
    return new Promise<boolean>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} does not serve:\n${this.#words}`)), START_MS);
      const hear = (text: string): void => {
        this.#words = (this.#words + text).slice(-LAST_WORDS);
        this.heard(text);
        if (this.#address !== undefined || this.#child !== child) return;
        this.#address = this.#options.address.exec(this.#words)?.[1];
        if (this.#address === undefined) return;
        this.startMs = performance.now() - began;
        clearTimeout(timer);
        resolve(true);
      };
      child.stdout.setEncoding('utf8').on('data', hear);
      child.stderr.setEncoding('utf8').on('data', hear);
      child.once('error', (error) => hear(`${error.message}\n`));
      // Not `exit`: what it wrote last may come after that.
      this.#ended = once(child, 'close').then(([code, signal]) => {
        clearTimeout(timer);
        const served = this.#address !== undefined;
        this.#child = undefined;
        this.#address = undefined;
        if (served && !this.#told) this.fell(String(code ?? signal));
        resolve(false);
      });
    });
  }

  /** Starts it until it serves; a start may fail while what it needs is down. */
  async serve(): Promise<void> {
    const end = performance.now() + START_MS;
    while (this.#address === undefined) {
      if (performance.now() > end) throw new Error(`${this.name} cannot be started:\n${this.#words}`);
      if (this.#child === undefined) await this.start();
      else await this.#ended;
    }
  }

  /** Asks it to stop; it is still running when this returns. */
  ask(): void {
    this.#told = true;
    this.#child?.kill('SIGTERM');
  }

  /** Asks it to stop and waits until it has; one that takes longer than so many milliseconds is killed. Says whether it ended by itself, with code 0. */
  async stop(withinMs: number): Promise<boolean> {
    const child = this.#child;
    this.ask();
    const timer = setTimeout(() => child?.kill('SIGKILL'), withinMs);
    await this.#ended;
    clearTimeout(timer);
    return child?.exitCode === 0;
  }

  /** Kills it, and says whether there was something to kill. */
  async kill(): Promise<boolean> {
    const child = this.#child;
    if (child === undefined) return false;
    this.#told = true;
    child.kill('SIGKILL');
    await this.#ended;
    return child.signalCode === 'SIGKILL';
  }

  /** Stops it in the middle of what it does: its connections stay open and nothing answers, until it is resumed. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Told of what it writes, as it comes. */
  protected heard(_text: string): void {}

  /** Told of an end that nobody asked for after it served, with its exit code or signal. */
  protected fell(_how: string): void {}
}
