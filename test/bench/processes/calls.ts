import type { ChildProcess } from 'node:child_process';

/** What a process of the bench offers to the one that started it: each takes one argument and may answer later. */
export type Offered = Record<string, (args: never) => unknown>;

interface Request {
  call: number;
  name: string;
  args: unknown;
}

type Reply = { reply: number; value: unknown } | { reply: number; fault: string };

/** Answers the parent's calls, and ends the process when the parent is gone: none of the bench outlives it. */
export function serveCalls(offered: Offered): void {
  process.on('message', (message: Request) => {
    const respond = (reply: Reply) => process.send?.(reply);
    const answering = async () => {
      const handler = Object.hasOwn(offered, message.name) ? offered[message.name] : undefined;
      if (handler === undefined) throw new Error(`nothing is called ${message.name}`);
      return handler(message.args as never);
    };
    answering().then(
      (value) => respond({ reply: message.call, value }),
      (error: unknown) =>
        respond({
          reply: message.call,
          fault: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
    );
  });
  process.once('disconnect', () => process.exit(0));
}

/** A call that has not been answered by then has failed: every loop of the bench is far shorter. */
const DEADLINE_MS = 240_000;

/** Calls what a child process offers. */
export class Calls<Api extends Offered> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #last = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.reply);
      if ('fault' in reply) waiting?.reject(new Error(reply.fault));
      else waiting?.resolve(reply.value);
    });
    child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`a process of the bench ended with ${signal ?? `code ${code}`}`));
    });
  }

  /** @throws when the child refuses, ends, or does not answer in time */
  async call<Name extends keyof Api & string>(
    name: Name,
    args: Parameters<Api[Name]>[0],
  ): Promise<Awaited<ReturnType<Api[Name]>>> {
    const call = ++this.#last;
    let timer: NodeJS.Timeout | undefined;
    try {
      const value = await new Promise<unknown>((resolve, reject) => {
        this.#waiting.set(call, { resolve, reject });
        timer = setTimeout(() => reject(new Error(`${name} was not answered in ${DEADLINE_MS} ms`)), DEADLINE_MS);
        this.#child.send({ call, name, args } satisfies Request, (error) => {
          if (error !== null) reject(error);
        });
      });
      return value as Awaited<ReturnType<Api[Name]>>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(call);
    }
  }
}
