import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { Server, Socket } from 'node:net';
import { join } from 'node:path';
import type { Context, RootHookObject } from 'mocha';

/**
 * A net over the whole suite: no number that tests use may stand in what a server of this process sends, what a service logs, what clients are sent, or what is
 * stored. Numbers that a test wants to see somewhere it looks for itself.
 */

/** Something with a number in it. */
export interface Caught {
  /** Where it was written. */
  readonly where: string;
  /** What stands around the number. */
  readonly text: string;
  /** What ran when it was written. */
  readonly test: string;
}

/**
 * The numbers of tests: of ranges that are reserved for examples, and invented ones of mainland China, in the forms in which people and carriers write them. What
 * stands around them keeps figures and random ids out. A caller who is to ring a number is told it.
 */
const NUMBER = new RegExp(
  [
    '(?<!"dial":\\{"number":"\\+?\\d*)(?:(?<![0-9A-Za-z])|(?<=%[0-9A-F]{2}))(?:',
    [
      '(?:1_)?\\(?(?:202|900)\\)?_555_01\\d\\d',
      '(?:(?:00)?86_)?(?:139_0000_\\d{4}|138_0013_800\\d|170_0000_\\d{4})',
      '(?:(?:00)?86_)?0?(?:571_8888_000\\d|10_5550_01\\d\\d|592_5550_0100)',
    ]
      .join('|')
      .replaceAll('_', '(?: |-|%20)?'),
    ')(?![0-9A-Za-z])',
  ].join(''),
);
/** Pieces one of which stands in whatever `NUMBER` finds: most of what is looked at holds none, which is found out at once. */
const PIECES = [
  ['55501', '1390000', '1380013', '1700000', '8888000', '555001'],
  ['55 01', '139 0', '138 0', '170 0', '8888 0', '5550 01'],
  ['55-01', '139-0', '138-0', '170-0', '8888-0', '5550-01'],
  ['55%2001', '139%200', '138%200', '170%200', '8888%200', '5550%2001'],
].flat();
/** Characters that are shown before and behind a number. */
const AROUND = 60;
const CAUGHT_MAX = 20;

const caught: Caught[] = [];
const passedOver = new WeakSet<Server>();
let running = 'before the first test';
/** Off where no suite runs: benchmarks and chaos use the same clients. */
let isOn = false;

/** Looks at something that was written. */
export function look(where: string, written: string | Uint8Array): void {
  if (!isOn || !isSuspicious(written)) return;
  const text = typeof written === 'string' ? written : Buffer.from(written).toString('latin1');
  const at = text.search(NUMBER);
  if (at < 0 || caught.length >= CAUGHT_MAX) return;
  caught.push({ where, text: text.slice(Math.max(0, at - AROUND), at + AROUND), test: running });
}

function isSuspicious(written: string | Uint8Array): boolean {
  if (typeof written === 'string') return PIECES.some((piece) => written.includes(piece));
  const bytes = Buffer.from(written.buffer, written.byteOffset, written.byteLength);
  return PIECES.some((piece) => bytes.includes(piece, 0, 'latin1'));
}

/** Looks at whatever stands in the files of a folder, also what was deleted and not yet overwritten. */
export async function lookInFiles(folder: string): Promise<void> {
  // A test may have taken its data away itself.
  if (!isOn || !existsSync(folder)) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) look(`the file ${entry.name}`, await readFile(join(entry.parentPath, entry.name)));
  }
}

/** What this one sends is not looked at: it plays somebody who knows numbers. */
export function passOver(server: Server): void {
  passedOver.add(server);
}

/** What was caught up to now, and it is forgotten. */
export const takeCaught = (): Caught[] => caught.splice(0);

function expectNothingCaught(): void {
  const all = takeCaught();
  if (all.length === 0) return;
  const told = all.map(({ where, text, test }) => `in ${where}, while ${test}: …${text}…`);
  throw new Error(`a phone number stands where none may stand:\n${told.join('\n')}`);
}

/** Lets whatever servers in this process send be looked at. */
function lookAtServers(): void {
  // oxlint-disable-next-line typescript/unbound-method -- it is given its socket back
  const { write } = Socket.prototype;
  const looking = function (this: Socket & { server?: unknown }, ...args: unknown[]): boolean {
    const [written] = args;
    // Of the accepted ones alone: what is sent to a server may hold numbers.
    if (this.server instanceof Server && !passedOver.has(this.server)) {
      if (typeof written === 'string' || written instanceof Uint8Array) look('what a server sent', written);
    }
    return Reflect.apply(write, this, args) as boolean;
  };
  Socket.prototype.write = looking;
}

export const mochaHooks: RootHookObject = {
  beforeAll() {
    isOn = true;
    lookAtServers();
  },
  beforeEach(this: Context) {
    running = this.currentTest?.fullTitle() ?? running;
  },
  afterEach: expectNothingCaught,
  afterAll: expectNothingCaught,
};
