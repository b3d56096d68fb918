import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const START_MS = 30_000;
/** How much of a process's last words is kept, in characters. */
const LAST_WORDS = 4_000;

export interface MortalOptions {
  name: string;
  program: string;
  env: () => NodeJS.ProcessEnv;
  /** Finds the address in what the process writes once it serves. */
  address: RegExp;
}

/** A program that is started, killed and started again on the same data. */
export class Mortal {
  readonly name: string;
  /** Ends that nobody asked for after it served, with the process's last words. */
  readonly falls: string[] = [];
  /** What it logged as a fault of its own. */
  readonly faults: string[] = [];
  /** Milliseconds that its last complete start took. */
  startMs = 1_000;
  readonly #options: MortalOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #words = '';
  #address: string | undefined;
  #told = false;

  constructor(options: MortalOptions) {
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

  /** Begins a start, and says whether it came to serve: false when it ended before. */
  start(): Promise<boolean> {
    if (this.#child !== undefined) throw new Error(`${this.name} is running`);
    const { program, env } = this.#options;
    const began = performance.now();
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, ...env() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#words = '';
    this.#told = false;
    return new Promise<boolean>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} does not serve:\n${this.#words}`)), START_MS);
      const hear = (text: string): void => {
        this.#hear(text);
        if (this.#address !== undefined || this.#child !== child) return;
        this.#address = this.#options.address.exec(this.#words)?.[1];
        if (this.#address === undefined) return;
        this.startMs = performance.now() - began;
        clearTimeout(timer);
        resolve(true);
      };
      child.stdout.setEncoding('utf8').on('data', hear);
      child.stderr.setEncoding('utf8').on('data', hear);
      this.#ended = once(child, 'exit').then(([code, signal]) => {
        clearTimeout(timer);
        if (this.#address !== undefined && !this.#told)
          this.falls.push(
            `${this.name} ended by itself (${String(code ?? signal)}): ${this.#words.slice(-LAST_WORDS)}`,
          );
        this.#child = undefined;
        this.#address = undefined;
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

  /** Kills it, and says whether there was something to kill. */
  async kill(): Promise<boolean> {
    const child = this.#child;
    if (child === undefined) return false;
    this.#told = true;
    child.kill('SIGKILL');
    await this.#ended;
    return child.signalCode === 'SIGKILL';
  }

  #hear(text: string): void {
    for (const line of text.split('\n')) {
      // The levels of pino from "error" on.
      if (/"level":[56]0/.test(line) && this.faults.length < 50)
        this.faults.push(`${this.name}: ${line.slice(0, 600)}`);
    }
    this.#words = (this.#words + text).slice(-LAST_WORDS);
  }
}
