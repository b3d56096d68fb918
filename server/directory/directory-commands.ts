import { RoomError } from '../../shared/contract/errors.ts';
import type { ReadNumber } from '../numbers/phone-number.ts';
import type { Vault } from '../numbers/vault.ts';
import { type By, byOf } from '../numbers/vault-store.ts';
import type { Handlers } from '../registry/call.ts';
import type { RoomModel } from '../rooms/room-model.ts';
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
  vault: Vault;
  readNumber: ReadNumber;
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
    async 'org.put'({ orgId, ...org }) {
      await orgs.replaceOne({ _id: orgId }, org, { upsert: true });
      return { org: { orgId, ...org } };
    },

    async 'staff.put'(input, { caller, correlationId }) {
      await requireOrgs([input.org]);
      const { before, doc } = await putStaff(input, byOf(caller));
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

  /** A number is kept before the person who has it is stored: a crash in between leaves one that nobody has, which is wiped. */
  async function putStaff(input: Parameters<Handlers['staff.put']>[0], by: By) {
    const { vault, readNumber } = parts;
    const { userId, dept, tags, leave, phone = '', ...rest } = input;
    const set = { ...rest, dept: dept ?? null, tags: tags ?? [], leave: leave ?? null };
    const read = phone.trim() === '' ? undefined : readNumber(phone, 'phone');
    // Who is not active any more is not rung.
    const number = input.active ? read : undefined;
    const change = (numberId: string | null) => ({
      $set: { ...set, numberId },
      $inc: { version: 1 },
      $currentDate: { changedAt: true },
    });
    const stored = (before: StaffDoc | null, numberId: string | null) => ({
      before,
      doc: { _id: userId, ...set, numberId, version: (before?.version ?? 0) + 1 },
    });

    const known = number === undefined ? null : await staff.findById(userId, { numberId: 1 }).lean<StaffDoc>();
    const numberId = known?.numberId ?? null;
    if (number !== undefined && numberId !== null && (await vault.holds(numberId, number))) {
      // The same number once more stays where it is, unless another call has taken it out in the meantime: it is never put back.
      const before = await staff
        .findOneAndUpdate({ _id: userId, numberId }, change(numberId), { returnDocument: 'before' })
        .lean<StaffDoc>();
      if (before !== null) return stored(before, numberId);
    }
    const store = (kept: string | null) =>
      staff
        .findOneAndUpdate({ _id: userId }, change(kept), { upsert: true, returnDocument: 'before' })
        .lean<StaffDoc>()
        .then((before) => stored(before, kept));
    const put =
      number === undefined
        ? await store(null)
        : await vault.keepFor({ number, owner: { kind: 'staff', id: userId } }, by, store);
    await vault.drop(put.before?.numberId);
    return put;
  }
}
