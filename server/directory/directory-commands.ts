import { RoomError } from '../../shared/contract/errors.ts';
import { builtInTemplate } from '../../shared/model/flow/built-in-templates.ts';
import type { Handlers } from '../registry/call.ts';
import type { DirectoryModels, StaffDoc } from './directory-store.ts';
import type { InactivePeople } from './inactive-people.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';

export function directoryCommands(parts: {
  directory: DirectoryModels;
  inactive: InactivePeople;
}): Pick<Handlers, 'org.put' | 'staff.put' | 'product.put'> {
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

    async 'staff.put'(input) {
      await requireOrgs([input.org]);
      const doc = await putStaff(staff, input);
      parts.inactive.learn(doc);
      return { staff: { userId: doc._id, org: doc.org, name: doc.name, roles: doc.roles, active: doc.active } };
    },

    async 'product.put'(input, { caller }) {
      if (caller.side === 'vendor' && !(caller.org === input.vendorOrg && caller.roles.includes('vendor_admin'))) {
        throw new RoomError('forbidden', "A product is put by its vendor's admin.");
      }
      if (builtInTemplate(input.templateId) === undefined) {
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
      try {
        await products.replaceOne(
          { _id: productId, ...mine },
          { ...rest, warrantyDays: warrantyDays ?? null },
          { upsert: true },
        );
      } catch (error) {
        // The id is taken, and not by a product of this vendor.
        if (!isDuplicateKey(error)) throw error;
        throw new RoomError('not_found', 'There is no such product.');
      }
      return { product: { productId, name: input.name, vendorOrg: input.vendorOrg, templateId: input.templateId } };
    },
  };

  async function putStaff(
    model: DirectoryModels['staff'],
    input: Parameters<Handlers['staff.put']>[0],
  ): Promise<StaffDoc> {
    // A number is not kept before there is a vault for numbers.
    const { userId, dept, tags, leave, phone: _phone, ...rest } = input;
    const doc = await model
      .findOneAndUpdate(
        { _id: userId },
        {
          $set: { ...rest, dept: dept ?? null, tags: tags ?? [], leave: leave ?? null },
          $inc: { version: 1 },
          $currentDate: { changedAt: true },
        },
        { upsert: true, returnDocument: 'after' },
      )
      .lean<StaffDoc>();
    if (doc === null) throw new Error('an upsert answered without a document');
    return doc;
  }
}
