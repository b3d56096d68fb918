import { RoomError } from '../../shared/contract/errors.ts';
import type { Handlers } from '../registry/call.ts';
import type { RoomModel } from '../rooms/room-store.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import { vendorOwner } from '../templates/template-access.ts';
import type { TemplateStore } from '../templates/template-store.ts';
import type { DirectoryModels, ProductDoc, StaffDoc } from './directory-store.ts';
import { providersWithNewCapacity, staffFreesCapacity } from './frees-capacity.ts';
import type { InactivePeople } from './inactive-people.ts';
import { productCommands } from './product-commands.ts';
import { staffCommands } from './staff-commands.ts';

export interface DirectoryParts {
  directory: DirectoryModels;
  inactive: InactivePeople;
  templates: TemplateStore;
  /** What loads are counted in. */
  rooms: RoomModel;
  /** Called when a company may take more projects than before: as a provider of a product, or because of its staff. */
  onCapacity(org: string, cause: string): Promise<void>;
}

type DirectoryHandlers = Pick<
  Handlers,
  'org.put' | 'staff.put' | 'staff.list' | 'staff.update' | 'product.put' | 'product.get' | 'product.list'
>;

export function directoryCommands(parts: DirectoryParts): DirectoryHandlers {
  const { orgs, staff, products } = parts.directory;

  async function requireOrgs(ids: readonly string[]): Promise<void> {
    const wanted = [...new Set(ids)];
    const known = await orgs.find({ _id: { $in: wanted } }, { _id: 1 }).lean<{ _id: string }[]>();
    const missing = wanted.filter((id) => !known.some(({ _id }) => _id === id));
    if (missing.length > 0) {
      throw new RoomError('not_found', 'A company is not in the directory: put it there with org.put first.', {
        details: { orgs: missing },
      });
    }
  }

  return {
    async 'org.put'({ orgId, name }) {
      await orgs.updateOne({ _id: orgId }, { $set: { name } }, { upsert: true });
      return { org: { orgId, name } };
    },

    async 'staff.put'(input, { correlationId }) {
      await requireOrgs([input.org]);
      const { before, doc } = await putStaff(staff, input);
      parts.inactive.learn(doc);
      if (staffFreesCapacity(before, doc)) await parts.onCapacity(doc.org, correlationId);
      return { staff: { userId: doc._id, org: doc.org, name: doc.name, roles: doc.roles, active: doc.active } };
    },

    async 'product.put'(input, { caller, correlationId }) {
      if (caller.side === 'vendor' && !(caller.org === input.vendorOrg && caller.roles.includes('vendor_admin'))) {
        throw new RoomError('forbidden', "A product is put by its vendor's admin.");
      }
      if ((await parts.templates.usableBy(vendorOwner(input.vendorOrg), input.templateId)) === undefined) {
        throw new RoomError('not_found', `There is no published template "${input.templateId}".`);
      }
      const orgsOfProviders = input.providers.map(({ org }) => org);
      if (new Set(orgsOfProviders).size < orgsOfProviders.length) {
        throw new RoomError('invalid', 'providers: a company stands there twice', {
          details: [{ path: 'providers', reason: 'a company stands there twice' }],
        });
      }
      await requireOrgs([input.vendorOrg, ...orgsOfProviders]);
      const { productId, warrantyDays, ...rest } = input;
      const mine = caller.side === 'vendor' ? { vendorOrg: input.vendorOrg } : {};
      const product = { ...rest, warrantyDays: warrantyDays ?? null };
      let before: ProductDoc | null;
      try {
        before = await products
          .findOneAndReplace({ _id: productId, ...mine }, product, { upsert: true, returnDocument: 'before' })
          .lean<ProductDoc>();
      } catch (error) {
        // The id is taken, and not by a product of this vendor.
        if (!isDuplicateKey(error)) throw error;
        throw new RoomError('not_found', 'There is no such product.');
      }
      for (const org of providersWithNewCapacity(before, product)) await parts.onCapacity(org, correlationId);
      return { product: { productId, name: input.name, vendorOrg: input.vendorOrg, templateId: input.templateId } };
    },

    ...staffCommands(parts),
    ...productCommands(parts),
  };

  async function putStaff(model: DirectoryModels['staff'], input: Parameters<Handlers['staff.put']>[0]) {
    // A number is not kept before there is a vault for numbers.
    const { userId, dept, tags, leave, phone: _phone, ...rest } = input;
    const set = { ...rest, dept: dept ?? null, tags: tags ?? [], leave: leave ?? null };
    const before = await model
      .findOneAndUpdate(
        { _id: userId },
        { $set: set, $inc: { version: 1 }, $currentDate: { changedAt: true } },
        { upsert: true, returnDocument: 'before' },
      )
      .lean<StaffDoc>();
    return { before, doc: { _id: userId, ...set, version: (before?.version ?? 0) + 1 } };
  }
}
