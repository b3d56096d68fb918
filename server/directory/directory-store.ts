import { type Connection, type Model, Schema } from 'mongoose';
import type { Role } from '../../shared/contract/primitives.ts';

export interface OrgDoc {
  _id: string;
  name: string;
  /** What it serves and where; missing where a portal has said nothing of it. */
  categories?: string[];
  regions?: string[];
  /** From 0 to 5. */
  rating?: number;
}

export interface StaffDoc {
  _id: string;
  org: string;
  name: string;
  roles: Role[];
  dept: string | null;
  maxLoad: number;
  accepting: boolean;
  tags: string[];
  leave: { from: string; to: string } | null;
  active: boolean;
  /** Of their number in the vault, where the portal has sent one. */
  numberId: string | null;
  /** Raised by each change. */
  version: number;
  /** The database's own time of the last change: other servers learn of changes by it. */
  changedAt: Date;
}

export interface ProductDoc {
  _id: string;
  name: string;
  vendorOrg: string;
  templateId: string;
  providers: { org: string; weight: number; maxLoad: number }[];
  warrantyDays: number | null;
}

const mixed = Schema.Types.Mixed;
const orgSchema = new Schema<OrgDoc>(
  {
    _id: String,
    name: String,
    categories: { type: [String], default: undefined },
    regions: { type: [String], default: undefined },
    rating: Number,
  },
  { collection: 'orgs', versionKey: false },
);
for (const offered of ['categories', 'regions'] as const) {
  const partialFilterExpression = { [offered]: { $exists: true } };
  orgSchema.index({ [offered]: 1, rating: -1, _id: 1 }, { name: offered, partialFilterExpression });
}
const staffSchema = new Schema<StaffDoc>(
  {
    _id: String,
    org: String,
    name: String,
    roles: [String],
    dept: String,
    maxLoad: Number,
    accepting: Boolean,
    tags: [String],
    leave: mixed,
    active: Boolean,
    numberId: String,
    version: Number,
    changedAt: Date,
  },
  { collection: 'staff', versionKey: false },
);
staffSchema.index({ org: 1, roles: 1, _id: 1 }, { name: 'org_roles_id' });
staffSchema.index({ org: 1, _id: 1 }, { name: 'org_id' });
staffSchema.index({ changedAt: 1, _id: 1 }, { name: 'changed_id' });
staffSchema.index({ active: 1 }, { name: 'inactive', partialFilterExpression: { active: false } });
const productSchema = new Schema<ProductDoc>(
  { _id: String, name: String, vendorOrg: String, templateId: String, providers: [mixed], warrantyDays: Number },
  { collection: 'products', versionKey: false },
);
productSchema.index({ vendorOrg: 1, _id: 1 }, { name: 'vendor_id' });
productSchema.index({ 'providers.org': 1, _id: 1 }, { name: 'provider_id' });

/** The companies, people and products that a portal keeps in step here. */
export interface DirectoryModels {
  orgs: Model<OrgDoc>;
  staff: Model<StaffDoc>;
  products: Model<ProductDoc>;
}

export function directoryModels(connection: Connection): DirectoryModels {
  return {
    orgs: connection.model<OrgDoc>('Org', orgSchema),
    staff: connection.model<StaffDoc>('Staff', staffSchema),
    products: connection.model<ProductDoc>('Product', productSchema),
  };
}
