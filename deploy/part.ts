import { isCodeLine } from '../server/app/code-line.ts';
import { Program, type ProgramOptions } from './program.ts';

export type Say = (line: string) => void;

/** From here on pino's levels are worth a person's while. */
const WARNING = 40;

/** One process of the cluster. What it has to say of faults is passed on, so is a demonstration's code, and an end that nobody asked for. */
export class Part extends Program {
  readonly #say: Say;

  constructor(options: Omit<ProgramOptions, 'detached'>, say: Say) {
    // A Ctrl-C is for the cluster, which stops its parts in order.
    super({ ...options, detached: true });
    this.#say = say;
  }

  protected override heard(text: string): void {
    for (const line of text.split('\n')) if (isFault(line) || isCodeLine(line)) this.#say(`[${this.name}] ${line}`);
  }

  protected override fell(how: string): void {
    this.#say(
      `${this.name} has ended (${how}). Nothing starts it again: type "${this.name}" to do it, Ctrl-C stops all.`,
    );
  }
}

const isFault = (line: string): boolean =>
  Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? 0) >= WARNING || /\[(warn|error|crit|alert|emerg)\]/.test(line);
