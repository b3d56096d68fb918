import type { IncomingMessage } from 'node:http';
import { type RequestHandler, Router } from 'express';
import { RoomError } from '../../../shared/contract/errors.ts';
import { FILES_PATH } from '../../../shared/contract/file-route.ts';
import { downloadRoute, uploadAnswer, uploadQuery, uploadRoute } from '../../../shared/contract/files.ts';
import { UPLOAD_STALL_MS, UPLOADS_AT_A_TIME } from '../../../shared/contract/limits.ts';
import type { Clock } from '../../clock.ts';
import type { FileLinks } from '../../files/file-links.ts';
import { type FileStore, unknownFile } from '../../files/file-store.ts';
import { infoOf } from '../../files/grid-files.ts';
import type { Admit, Barred } from '../../registry/admit.ts';
import type { Caller } from '../../registry/call.ts';
import { parseInput, toWireError } from '../../registry/execute.ts';
import type { Figures, Outcome } from '../../telemetry/figures.ts';
import type { Log } from '../../telemetry/log.ts';
import { UnderWay } from '../../under-way.ts';
import { sendProblem } from '../problem.ts';
import { bearerOf, type BearerParts } from './bearer.ts';
import { correlate } from './correlation.ts';
import { sendFile } from './send-file.ts';
import { BODY_MAX_BYTES, receiveFile } from './upload-form.ts';

export interface FileRoutesParts extends BearerParts {
  files: FileStore;
  links: FileLinks;
  admit: Admit;
  barred: Barred;
  /** Multiplies how many uploads one user may have under way; 0: no limit. */
  factor: number;
  /** The real clock. */
  clock: Clock;
  figures: Figures;
  log: Log;
}

export interface FileRoutes {
  router: Router;
  /** Takes no uploads any more, ends those that are under way, and resolves when nothing of them is left. */
  close(): Promise<void>;
}

/** Serves the bytes of files. */
export function fileRoutes(parts: FileRoutesParts): FileRoutes {
  const uploads = new Uploads(parts.factor);
  const router = Router();
  router.post(FILES_PATH, upload(parts, uploads));
  router.get(`${FILES_PATH}/:id`, download(parts));
  return { router, close: () => uploads.close() };
}

/** Uploads under way, by user. */
class Uploads {
  readonly #most: number;
  readonly #byUser = new Map<string, number>();
  readonly #running = new UnderWay();
  readonly #stop = new AbortController();

  constructor(factor: number) {
    this.#most = factor === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(UPLOADS_AT_A_TIME * factor));
  }

  /** @throws {RoomError} `rate_limited` or `unavailable` */
  async run<Done>({ side, userId }: Caller, work: (signal: AbortSignal) => Promise<Done>): Promise<Done> {
    const { signal } = this.#stop;
    if (signal.aborted) throw signal.reason;
    const user = `${side}:${userId}`;
    const before = this.#byUser.get(user) ?? 0;
    if (before >= this.#most)
      throw new RoomError('rate_limited', `At most ${this.#most} uploads at a time.`, { retryAfterMs: 1000 });
    this.#byUser.set(user, before + 1);
    const running = work(signal);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      const left = (this.#byUser.get(user) ?? 1) - 1;
      if (left > 0) this.#byUser.set(user, left);
      else this.#byUser.delete(user);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(
      new RoomError('unavailable', 'This server is stopping: send the file again to another.', { retryAfterMs: 1000 }),
    );
    await this.#running.idle();
  }
}

function upload(parts: FileRoutesParts, uploads: Uploads): RequestHandler {
  const { files, admit, barred, clock } = parts;
  return answering(parts, async (request, response, known) => {
    const caller = known(await bearerOf(parts, request));
    admit(`POST ${FILES_PATH}`, uploadRoute, caller);
    const { roomId, stream } = parseInput(uploadQuery, request.query);
    await files.requireRoomFor(caller, roomId, stream);
    const file = await uploads.run(caller, (signal) =>
      receiveFile(request, { clock, stallMs: UPLOAD_STALL_MS, signal }, ({ name, bytes }) =>
        files.add(caller, { roomId, stream, name, bytes: unlessBarred(bytes, caller, barred) }),
      ),
    );
    response.setHeader('Cache-Control', 'no-store').json(uploadAnswer.parse({ file }));
  });
}

function download(parts: FileRoutesParts): RequestHandler<{ id: string }> {
  const { files, links, admit, barred, rates, addressOf } = parts;

  /** Whom a link was made for; what is wrong with one is not told apart from a file that is not there. */
  function bearerOfLink(request: IncomingMessage, link: unknown, fileId: string): Caller {
    const caller = typeof link === 'string' ? links.read(link, fileId) : undefined;
    if (caller === undefined) rates.take('handshake', addressOf(request));
    if (caller === undefined || barred(caller) !== undefined) throw unknownFile();
    return caller;
  }

  return answering<{ id: string }>(parts, async (request, response, known) => {
    const { id } = request.params;
    const { link } = request.query;
    const caller = known(link === undefined ? await bearerOf(parts, request) : bearerOfLink(request, link, id));
    admit(`GET ${FILES_PATH}`, downloadRoute, caller);
    const file = await files.require(caller, id);
    await sendFile(request, response, {
      info: infoOf(file),
      at: file.uploadDate,
      read: (from, to) => unlessBarred(files.read(file, from, to), caller, barred),
    });
  });
}

/** Bytes on their way from or to somebody, for as long as they have access. */
async function* unlessBarred(
  bytes: AsyncIterable<Uint8Array>,
  caller: Caller,
  barred: Barred,
): AsyncGenerator<Uint8Array> {
  const check = (): void => {
    const reason = barred(caller);
    if (reason !== undefined) throw new RoomError('unauthenticated', reason);
  };
  for await (const chunk of bytes) {
    check();
    yield chunk;
  }
  check();
}

type Answer<Params> = (
  request: Parameters<RequestHandler<Params>>[0],
  response: Parameters<RequestHandler<Params>>[1],
  /** Notes who is calling, for the log. */
  known: (caller: Caller) => Caller,
) => Promise<void>;

/** Answers every error of a route with a problem document, where an answer can still be given. */
function answering<Params>({ log, clock, figures }: FileRoutesParts, answer: Answer<Params>): RequestHandler<Params> {
  return async (request, response) => {
    const begun = performance.now();
    const command = `${request.method} ${FILES_PATH}`;
    const answered = (outcome: Outcome): void => figures.answered(command, outcome, performance.now() - begun);
    const correlationId = correlate(request, response);
    let caller: Caller | undefined;
    try {
      await answer(request, response, (known) => {
        caller = known;
        return known;
      });
      answered('ok');
    } catch (error) {
      // The sender has gone, or has half of a file: there is nobody to tell, and nothing to add.
      if (response.headersSent || response.destroyed) {
        log.debug({ err: error, user: caller?.userId, correlationId }, 'a file was not transferred to its end');
        response.destroy();
        return;
      }
      const problem = toWireError(error, { command, user: caller?.userId, correlationId }, log);
      answered(problem.code);
      sendProblem(response, problem);
      discardRest(request, clock);
    }
  };
}

const DISCARD_MS = 30_000;

/**
 * Lets somebody who is refused finish what they had begun to send, within bounds: a connection that is cut at once often takes the answer with it, before
 * they have read it.
 */
function discardRest(request: IncomingMessage, clock: Clock): void {
  if (request.complete || request.destroyed) return;
  let left = BODY_MAX_BYTES;
  const cancel = clock.after(DISCARD_MS, () => request.destroy());
  request.on('error', () => undefined);
  request.once('close', cancel);
  request.on('data', (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}
