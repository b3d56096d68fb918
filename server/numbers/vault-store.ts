import { type Connection, type Model, Schema } from 'mongoose';
import type { Side } from '../../shared/contract/primitives.ts';
import type { Caller } from '../registry/call.ts';
import type { Sealed } from './keyring.ts';

/** Whose number it is: what somebody said for a demand, a project's contact, a member of staff, or one side of a call. */
export interface Owner {
  kind: 'demand' | 'project' | 'staff' | 'call';
  /** Of the demand's or project's room, of the person, of the call. */
  id: string;
}

/** Who keeps or uses a number. */
export interface By {
  id: string;
  side: Side;
  org?: string | undefined;
}

export const byOf = ({ userId, side, org }: Caller): By => ({ id: userId, side, org });

/** What a number is taken out of the vault for: to ring it, or, of a carrier's, to tell it to the one caller who is to ring it. */
export type Purpose = 'call' | 'dial';

export interface NumberDoc extends Sealed {
  /** Random: it tells nothing of the number, and is all that is stored elsewhere. */
  _id: string;
  /** Equal for equal numbers; found by nobody without the vault's keys. */
  fingerprint: string;
  owner: Owner;
  /** When it is wiped whatever its owner holds, by the service's clock. */
  keepUntil: Date | null;
  /** When it is asked next whether its owner still holds it, likewise. */
  lookAt: Date;
  /** By the real clock. */
  keptAt: Date;
  keptBy: By;
}

/** One use of a number: who, for what, when, in which room. It stays when the number is wiped. */
export interface NumberUseDoc {
  numberId: string;
  owner: Owner;
  by: By;
  purpose: Purpose;
  roomId: string | null;
  /** By the service's clock. */
  at: Date;
  /** The correlation id of what it was used for. */
  cause?: string;
}

/** What the vault keeps of its own: the secret of fingerprints and codes, under its keys. */
export interface VaultSecretDoc extends Sealed {
  _id: string;
}

const mixed = Schema.Types.Mixed;
const sealed = { keyId: String, iv: String, sealed: String };
const numberSchema = new Schema<NumberDoc>(
  {
    _id: String,
    ...sealed,
    fingerprint: String,
    owner: mixed,
    keepUntil: Date,
    lookAt: Date,
    keptAt: Date,
    keptBy: mixed,
  },
  { collection: 'numbers', versionKey: false },
);
numberSchema.index({ 'owner.kind': 1, 'owner.id': 1 }, { name: 'owner' });
numberSchema.index({ lookAt: 1, _id: 1 }, { name: 'look' });
numberSchema.index({ keyId: 1, _id: 1 }, { name: 'key' });
const useSchema = new Schema<NumberUseDoc>(
  { numberId: String, owner: mixed, by: mixed, purpose: String, roomId: String, at: Date, cause: String },
  { collection: 'numberUses', versionKey: false },
);
useSchema.index({ numberId: 1, at: 1 }, { name: 'number_at' });
useSchema.index({ roomId: 1, at: 1 }, { name: 'room_at' });
const secretSchema = new Schema<VaultSecretDoc>(
  { _id: String, ...sealed },
  { collection: 'vaultSecrets', versionKey: false },
);

export interface VaultModels {
  numbers: Model<NumberDoc>;
  uses: Model<NumberUseDoc>;
  secrets: Model<VaultSecretDoc>;
}

export function vaultModels(connection: Connection): VaultModels {
  return {
    numbers: connection.model<NumberDoc>('Number', numberSchema),
    uses: connection.model<NumberUseDoc>('NumberUse', useSchema),
    secrets: connection.model<VaultSecretDoc>('VaultSecret', secretSchema),
  };
}
