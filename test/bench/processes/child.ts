import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The compiled bench runs compiled servers; run from its sources, it runs sources. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');

/** A module of this tree as a URL, with the ending that it has where the bench runs. */
export function moduleUrl(path: string, base: string): URL {
  return new URL(FROM_SOURCE ? path : path.replace(/\.ts$/, '.js'), base);
}

export interface ChildOptions {
  execArgv?: readonly string[];
  env?: NodeJS.ProcessEnv;
}

/** Starts a module as a process of its own, with a channel for calls. What it writes to standard error is shown. */
export function startChild(module: URL, { execArgv = [], env = {} }: ChildOptions = {}): ChildProcess {
  return fork(module, [], {
    execArgv: [...(FROM_SOURCE ? ['--import', 'tsx'] : []), ...execArgv],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
}

/** A line of a server's log. */
export type Logged = Record<string, unknown>;

/**
 * Reads the child's lines until one tells, as JSON, where it serves. The faults that it logs later are shown.
 * @param onLogged told of each line, also later
 */
export async function servingUrl(
  child: ChildProcess,
  withinMs: number,
  onLogged: (logged: Logged) => void = () => undefined,
): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the output of the child is not read');
  const lines = createInterface({ input: stdout });
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no server was ready in ${withinMs} ms`)), withinMs);
    lines.on('line', (line) => {
      const logged = parsed(line);
      if (Number(logged['level']) >= FAULT) process.stderr.write(`${line}\n`);
      onLogged(logged);
      if (typeof logged['url'] !== 'string') return;
      clearTimeout(timer);
      resolve(logged['url']);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`a server under test ended with code ${code} before it served`));
    });
  });
}

/** Reads the first line that a child writes. */
export async function firstLine({ stdout }: ChildProcess, withinMs: number): Promise<string> {
  if (stdout === null) throw new Error('the output of the child is not read');
  const lines = createInterface({ input: stdout });
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`a child wrote nothing in ${withinMs} ms`)), withinMs);
    lines.once('line', resolve);
    lines.once('close', () => reject(new Error('a child ended before it wrote anything')));
    lines.once('line', () => clearTimeout(timer));
    lines.once('close', () => clearTimeout(timer));
  });
}

/** The level from which on pino calls something an error. */
const FAULT = 50;

function parsed(line: string): Logged {
  try {
    const logged: unknown = JSON.parse(line);
    return typeof logged === 'object' && logged !== null ? { ...logged } : {};
  } catch {
    return {};
  }
}

/** Asks a child to end, and makes it when it does not. Resolves when it is gone. */
export async function endChild(child: ChildProcess, withinMs = 15_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
