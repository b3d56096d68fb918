import { expect } from 'chai';
import { ERROR_CODES, type ErrorCode } from '../../shared/contract/errors.ts';
import { type CommandName, commands } from '../../shared/contract/registry.ts';
import { post, Refused, TestClient } from './client.ts';
import { people, type Portal } from './portal.ts';
import type { Who } from './tokens.ts';

/** Every kind of caller, in the order of a table's columns. `former` was a colleague until a moment ago; `added` is staff that the admin added. */
export const CALLERS = [
  ['anonymous', undefined],
  ['stranger', people.stranger],
  ['other of the org', people.otherOfOrg],
  ['buyer', people.buyer],
  ['colleague', people.colleague],
  ['former', { sub: 'former-1', side: 'buyer', org: 'buyers', name: 'Fang' }],
  ['admin', people.admin],
  ['added', people.designer],
  ['not added', people.idle],
  ['inactive', people.inactive],
  ['rival', people.rival],
  ['vendor', people.vendor],
  ['manager', people.manager],
  ['vendor staff', people.vendorStaff],
  ['other vendor', people.otherVendor],
  ['operator', people.operator],
  ['service', people.service],
] as const;
export type CallerName = (typeof CALLERS)[number][0];

/** What a letter of a table stands for. */
const CODES: Record<string, ErrorCode | 'ok'> = {
  o: 'ok',
  n: 'not_found',
  f: 'forbidden',
  u: 'unauthenticated',
  i: 'invalid',
  c: 'conflict',
  r: 'read_only',
};

/** A command, and what each caller is answered, by letters in the order of `CALLERS`. */
export type Row<Fixture> = readonly [
  command: CommandName,
  what: string,
  expected: string,
  input: (fixture: Fixture) => unknown,
];

export const whoIs = (name: CallerName): Who | undefined => CALLERS.find(([one]) => one === name)?.[1];

/** Calls of every caller over both transports, and all that each of them was shown: answers, errors and events. */
export class AccessCalls {
  readonly #portal: Portal;
  readonly #sockets = new Map<CallerName, TestClient>();
  readonly shown = new Map<CallerName, unknown[]>(CALLERS.map(([name]) => [name, []]));

  private constructor(portal: Portal) {
    this.#portal = portal;
  }

  static async open(portal: Portal): Promise<AccessCalls> {
    const calls = new AccessCalls(portal);
    for (const [name, who] of CALLERS) if (who !== undefined) calls.#sockets.set(name, await portal.connect(who));
    return calls;
  }

  socket(name: CallerName): TestClient | undefined {
    return this.#sockets.get(name);
  }

  /**
   * Expects of each caller what a row says, over a socket and over HTTP.
   * @param fixture makes a target for a cell, so that one caller's success is not the next one's failure
   */
  async expectRow<Fixture>(
    [command, what, expected, input]: Row<Fixture>,
    fixture: (name: CallerName, isAllowed: boolean) => Promise<Fixture>,
  ): Promise<void> {
    const wanted = expected.split(' ').map((letter) => CODES[letter]);
    const bound = commands[command].connectionBound === true;
    for (const [index, [name]] of CALLERS.entries()) {
      const cell = `${command} (${what}) by ${name}`;
      const isAllowed = wanted[index] === 'ok';
      const socket = await this.#overSocket(name, command, input(await fixture(name, isAllowed)));
      expect(socket, `${cell}, socket`).to.equal(wanted[index]);
      const http = await this.#overHttp(name, command, input(await fixture(name, isAllowed)));
      expect(http, `${cell}, HTTP`).to.equal(bound ? 'not_found' : wanted[index]);
    }
  }

  /** Everything that each caller was shown so far, as text. */
  async everything(): Promise<[CallerName, string][]> {
    for (const [name, client] of this.#sockets) {
      if (client.socket.connected) await client.flush();
      this.shown.get(name)?.push(client.received);
    }
    return [...this.shown].map(([name, seen]) => [name, JSON.stringify(seen)]);
  }

  async #overHttp(name: CallerName, command: CommandName, input: unknown): Promise<string> {
    const who = whoIs(name);
    const token = who === undefined ? undefined : await this.#portal.token(who);
    const answer = await post(this.#portal.url, token, command, input);
    this.shown.get(name)?.push(answer);
    if (answer.problem !== undefined) expect(answer.status).to.equal(ERROR_CODES[answer.problem.code].status);
    return answer.problem?.code ?? 'ok';
  }

  async #overSocket(name: CallerName, command: CommandName, input: unknown): Promise<string> {
    const client = this.#sockets.get(name);
    if (client?.socket.connected !== true) {
      const who = whoIs(name);
      const refusal: unknown = await TestClient.connect(
        this.#portal.url,
        who === undefined ? '' : await this.#portal.token(who),
      ).then(
        (connected) => connected.close(),
        (error: unknown) => error,
      );
      this.shown.get(name)?.push(refusal);
      return refusal instanceof Refused ? refusal.code : 'connected';
    }
    const answer = await client.answer(command, input);
    this.shown.get(name)?.push(answer);
    return answer.ok ? 'ok' : answer.error.code;
  }
}
