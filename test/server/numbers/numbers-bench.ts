import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { type Numbers } from '../../../server/app/open-numbers.ts';
import type { CodeSender } from '../../../server/numbers/code-sender.ts';
import type { VaultKey } from '../../../server/numbers/keyring.ts';
import { PhoneNumber } from '../../../server/numbers/phone-number.ts';
import { type Holding, Upkeep } from '../../../server/numbers/upkeep.ts';
import type { NumberDoc, NumberUseDoc, Owner, VaultSecretDoc } from '../../../server/numbers/vault-store.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { testNumbers } from '../../support/vault.ts';

/** Numbers of a range that is reserved for examples. */
export const NUMBER = new PhoneNumber('+12025550147');
export const OTHER_NUMBER = new PhoneNumber('+12025550158');
export const BY = { id: 'portal', side: 'service' } as const;
export const STAFF = { kind: 'staff', id: 'dan' } as const satisfies Owner;

export const newKey = (id: string): VaultKey => ({ id, key: randomBytes(32).toString('base64') });

/** A database with a vault, clocks that the test moves, and owners of whom the test says what they hold. */
export class NumbersBench {
  readonly database: TestDatabase;
  readonly #storage: Storage;
  readonly clock = new ManualClock();
  readonly wall = new ManualClock();
  /** What owners hold, by `<kind>/<id>`. */
  readonly held = new Map<string, Holding>();
  /** Numbers that the upkeep could not open. */
  readonly failed: string[] = [];
  rotated = 0;

  private constructor(database: TestDatabase, storage: Storage) {
    this.database = database;
    this.#storage = storage;
  }

  static async open(): Promise<NumbersBench> {
    const database = await createTestDatabase();
    const { MONGODB_URI: mongodbUri, DATA_DIR: dataDir } = database.env;
    return new NumbersBench(database, await connectStorage({ mongodbUri, dataDir }));
  }

  async close(): Promise<void> {
    await this.#storage.stop();
    await this.database.drop();
  }

  get connection(): Connection {
    return this.#storage.connection;
  }

  /** What a server on the database has, under these keys. */
  server(vaultKeys: readonly VaultKey[], more: { factor?: number; sender?: CodeSender } = {}): Promise<Numbers> {
    const { clock, wall, connection } = this;
    const { factor: rateLimitFactor = 1, sender } = more;
    const settings = { vaultKeys, rateLimitFactor };
    return testNumbers(connection, { settings, clock, wall, ...(sender === undefined ? {} : { sender }) });
  }

  upkeep({ vault, codes }: Numbers): Upkeep {
    const { clock, wall, failed, held } = this;
    const holders = (kind: Owner['kind']) => (ids: readonly string[]) =>
      Promise.resolve(
        new Map(
          ids.flatMap((id) => {
            const holding = held.get(`${kind}/${id}`);
            return holding === undefined ? [] : [[id, holding] as const];
          }),
        ),
      );
    return new Upkeep({
      vault,
      codes,
      holders: { demand: holders('demand'), project: holders('project'), staff: holders('staff') },
      clock,
      wall,
      stopping: () => false,
      onRotated: (moved) => {
        this.rotated += moved;
      },
      onError: (_error, { number }) => void failed.push(number),
    });
  }

  get numbers() {
    return this.connection.collection<NumberDoc>('numbers');
  }

  get uses() {
    return this.connection.collection<NumberUseDoc>('numberUses');
  }

  get secrets() {
    return this.connection.collection<VaultSecretDoc>('vaultSecrets');
  }

  /** The ids of everything that is kept. */
  async kept(): Promise<string[]> {
    return (await this.numbers.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);
  }
}
