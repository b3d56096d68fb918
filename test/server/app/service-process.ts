import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { look } from '../../support/number-net.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** What a service on the embedded engine, started anew by the loader, may take on a machine that does other things too. */
const START_MS = 60_000;

/** The service as a process of its own. Nothing of this process's environment reaches it but what Node needs. */
export class ServiceProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<{ code: number | null; signal: string | null }>;

  /** @param preload a module, as source text, that is loaded before the service */
  constructor(env: Record<string, string>, preload?: string) {
    const loaded = preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
    this.child = spawn(process.execPath, ['--import', 'tsx', ...loaded, 'server/main.ts'], {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'], PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      look('what a process wrote', chunk);
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      look('what a process wrote', chunk);
    });
    this.ended = once(this.child, 'close').then(([code, signal]: unknown[]) => ({
      code: typeof code === 'number' ? code : null,
      signal: typeof signal === 'string' ? signal : null,
    }));
  }

  get lines(): Record<string, unknown>[] {
    return this.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): Record<string, unknown> => JSON.parse(line));
  }

  /** The address, once it serves. */
  async url(): Promise<string> {
    const url = await this.until('that it serves', () => this.lines.find(({ msg }) => msg === 'serving')?.['url']);
    return String(url);
  }

  /** Looks at the output each time there is some until `find` finds. */
  async until<Found>(what: string, find: () => Found | undefined): Promise<Found> {
    const signal = AbortSignal.timeout(START_MS);
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (over || signal.aborted)
        throw new Error(
          `the process ${over ? 'ended' : 'did not say in time'}: ${what}\n${this.stdout}\n${this.stderr}`,
        );
      const more = [this.child.stdout, this.child.stderr].flatMap((stream) =>
        stream === null ? [] : [once(stream, 'data', { signal }).catch(() => undefined)],
      );
      await Promise.race([...more, this.ended]);
    }
  }

  async end(): Promise<{ code: number | null; signal: string | null }> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), START_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it whatever it does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
