import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { look } from './number-net.ts';

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
/** A start by the loader, with all that a demonstration begins with, on a machine that does much else beside: normally it is 3 s. */
const START_MS = 60_000;

/** The service in a process of its own, so that it can be killed. */
export interface ServiceProcess {
  readonly url: string;
  readonly port: number;
  /** Everything that it wrote to its standard output so far. */
  output(): string;
  /** Sends the signal and waits until the process has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts the service from its sources; resolves when it serves. @throws with its last words when it ends before that */
export async function startServiceProcess(env: NodeJS.ProcessEnv): Promise<ServiceProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { ...process.env, RATE_LIMIT_FACTOR: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    look('what a process wrote', text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    look('what a process wrote', text);
  });
  try {
    const url = await served(child, () => out);
    return { url, port: Number(new URL(url).port), output: () => out, end: (signal) => ended(child, signal) };
  } catch (error) {
    await ended(child, 'SIGKILL');
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${err}${out}`, { cause: error });
  }
}

function served(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not serving after ${START_MS} ms`)), START_MS);
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      child.stdout?.off('data', look);
      child.off('exit', gone);
      finish();
    };
    const look = () => {
      const url = /"url":"([^"]+)"[^\n]*"msg":"serving"/.exec(output())?.[1];
      if (url !== undefined) settle(() => resolve(url));
    };
    const gone = (code: number | null) => settle(() => reject(new Error(`the service ended with ${String(code)}`)));
    child.stdout?.on('data', look);
    child.on('exit', gone);
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
