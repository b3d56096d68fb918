import type { Connection } from 'mongoose';
import type { Clock } from '../clock.ts';
import type { DirectoryModels } from '../directory/directory-store.ts';
import { staffHolders } from '../directory/staff-numbers.ts';
import { CodeLimits, codeCountModel } from '../numbers/code-limits.ts';
import type { CodeSender } from '../numbers/code-sender.ts';
import { PhoneCodes, phoneCodeModel } from '../numbers/phone-codes.ts';
import { numberReader, type ReadNumber } from '../numbers/phone-number.ts';
import { Upkeep } from '../numbers/upkeep.ts';
import { Vault } from '../numbers/vault.ts';
import { vaultModels } from '../numbers/vault-store.ts';
import type { RoomModel } from '../rooms/room-model.ts';
import type { Log } from '../telemetry/log.ts';
import { createIndexes } from './create-indexes.ts';
import { roomHolders } from './room-numbers.ts';
import type { Settings } from './settings.ts';

export type NumberSettings = Pick<Settings, 'vaultKeys' | 'phoneRegion' | 'numberRetentionDays' | 'rateLimitFactor'>;

/** What is done with phone numbers. */
export interface Numbers {
  readonly vault: Vault;
  readonly readNumber: ReadNumber;
  readonly codes: PhoneCodes;
}

const DAY_MS = 86_400_000;

/** Opens the vault, and makes the indexes. @throws {StorageError} where the keys of the settings are not those of the database */
export async function openNumbers(parts: {
  connection: Connection;
  settings: NumberSettings;
  /** The service's time. */
  clock: Clock;
  /** The real time. */
  wall: Clock;
  /** Undefined where nobody can ask for codes, or nothing carries them. */
  sender: CodeSender | undefined;
  log: Log;
}): Promise<Numbers> {
  const { connection, settings, clock, wall, sender, log } = parts;
  const models = vaultModels(connection);
  const codes = phoneCodeModel(connection);
  const counts = codeCountModel(connection);
  await createIndexes([models.numbers, models.uses, models.secrets, codes, counts]);
  const vault = new Vault({ models, keys: settings.vaultKeys, clock, wall });
  await vault.load();
  if (settings.vaultKeys.length === 0) log.warn('phone numbers are refused: there is no VAULT_KEYS to keep them under');
  const readNumber = numberReader(settings.phoneRegion);
  return {
    vault,
    readNumber,
    codes: new PhoneCodes({
      model: codes,
      vault,
      limits: new CodeLimits(counts, settings.rateLimitFactor, wall),
      read: readNumber,
      sender,
      wall,
      onUnsent: (error) => log.warn({ err: error }, 'a code could not be sent to a phone'),
    }),
  };
}

/** The upkeep of the vault over those who hold numbers. */
export function numbersUpkeep(parts: {
  numbers: Numbers;
  rooms: RoomModel;
  staff: DirectoryModels['staff'];
  settings: NumberSettings;
  clock: Clock;
  wall: Clock;
  stopping: () => boolean;
  log: Log;
  onError: (error: unknown, about: object) => void;
}): Upkeep {
  const { numbers, rooms, staff, settings, clock, wall, stopping, log, onError } = parts;
  const ofRooms = roomHolders(rooms, settings.numberRetentionDays * DAY_MS);
  return new Upkeep({
    vault: numbers.vault,
    codes: numbers.codes,
    holders: { demand: ofRooms, project: ofRooms, staff: staffHolders(staff) },
    clock,
    wall,
    stopping,
    onRotated: (moved) => log.info({ numbers: moved }, 'numbers were put under the present key of VAULT_KEYS'),
    onError,
  });
}
