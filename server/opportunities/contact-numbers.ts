import { RoomError } from '../../shared/contract/errors.ts';
import type { PhoneCodes } from '../numbers/phone-codes.ts';
import type { ReadNumber } from '../numbers/phone-number.ts';
import { byOf } from '../numbers/vault-store.ts';
import type { Vault } from '../numbers/vault.ts';
import type { Caller } from '../registry/call.ts';

/** What demands do with phone numbers: they hold ids of the vault, and nothing else. */
export class ContactNumbers {
  readonly #parts: { vault: Vault; codes: PhoneCodes; read: ReadNumber };

  constructor(parts: { vault: Vault; codes: PhoneCodes; read: ReadNumber }) {
    this.#parts = parts;
  }

  /** @throws {RoomError} `invalid` where the code is not the one that the user was sent to that phone */
  async verified(phone: string, code: string, userId: string): Promise<true> {
    if (await this.#parts.codes.verify(phone, code, userId)) return true;
    const reason = 'is not the code that was sent to this phone last, or is over: ask for another one';
    throw new RoomError('invalid', `code: ${reason}`, { details: [{ path: 'code', reason }] });
  }

  /** Keeps a number while `use` stores its id in the demand, and forgets it when that is refused. */
  with<Result>(
    phone: string,
    { roomId, by }: { roomId: string; by: Caller },
    use: (numberId: string) => Promise<Result>,
  ): Promise<Result> {
    const { vault, read } = this.#parts;
    return vault.keepFor({ number: read(phone, 'phone'), owner: { kind: 'demand', id: roomId } }, byOf(by), use);
  }
}
