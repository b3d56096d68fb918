import { Program } from '../../deploy/program.ts';
import { look } from '../support/number-net.ts';

/** A program whose faults are written down. */
export class Mortal extends Program {
  /** Ends that nobody asked for after it served, with the process's last words. */
  readonly falls: string[] = [];
  /** What it logged as a fault of its own. */
  readonly faults: string[] = [];

  protected override heard(text: string): void {
    look(`what ${this.name} wrote`, text);
    for (const line of text.split('\n')) {
      // The levels of pino from "error" on.
      if (/"level":[56]0/.test(line) && this.faults.length < 50)
        this.faults.push(`${this.name}: ${line.slice(0, 600)}`);
    }
  }

  protected override fell(how: string): void {
    this.falls.push(`${this.name} ended by itself (${how}): ${this.lastWords}`);
  }
}
