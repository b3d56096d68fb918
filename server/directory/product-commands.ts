import { z } from 'zod';
import type { ProductWithProviders } from '../../shared/contract/directory.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Caller, Handlers } from '../registry/call.ts';
import { decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { providerLoads } from '../rooms/loads.ts';
import type { DirectoryParts } from './directory-commands.ts';
import type { OrgDoc, ProductDoc } from './directory-store.ts';

const cursorShape = z.tuple([z.string()]);

/** Reading products with what their providers have in hand. */
export function productCommands({
  directory: { orgs, products },
  rooms,
}: DirectoryParts): Pick<Handlers, 'product.get' | 'product.list'> {
  /** Competing providers of a product do not see each other: each is shown its own line. */
  async function shown(caller: Caller, docs: readonly ProductDoc[]): Promise<ProductWithProviders[]> {
    const lines = docs.map((product) => ({
      ...product,
      providers: product.providers.filter(({ org }) => caller.side !== 'provider' || org === caller.org),
    }));
    const providers = lines.flatMap((product) => product.providers.map(({ org }) => org));
    const [loads, names] = await Promise.all([
      providerLoads(rooms, providers),
      namesOf([...providers, ...lines.map(({ vendorOrg }) => vendorOrg)]),
    ]);
    return lines.map(({ _id, name, vendorOrg, templateId, warrantyDays, providers }) => ({
      productId: _id,
      name,
      vendorOrg,
      vendorName: names.get(vendorOrg) ?? vendorOrg,
      templateId,
      warrantyDays,
      providers: providers.map((line) => ({
        ...line,
        name: names.get(line.org) ?? line.org,
        load: loads.get(line.org) ?? 0,
      })),
    }));
  }

  async function namesOf(ids: readonly string[]): Promise<Map<string, string>> {
    const docs = await orgs.find({ _id: { $in: [...new Set(ids)] } }).lean<OrgDoc[]>();
    return new Map(docs.map(({ _id, name }) => [_id, name]));
  }

  return {
    async 'product.get'({ productId }, { caller }) {
      const mine = ownProducts(caller);
      const doc = mine === undefined ? null : await products.findOne({ _id: productId, ...mine }).lean<ProductDoc>();
      const [product] = doc === null ? [] : await shown(caller, [doc]);
      if (product === undefined) throw new RoomError('not_found', 'There is no such product.');
      return { product };
    },

    async 'product.list'({ cursor, limit }, { caller }) {
      const [after] = cursor === undefined ? [''] : decodeCursor(cursor, cursorShape);
      const mine = ownProducts(caller);
      if (mine === undefined) return { items: [] };
      const found = await products
        .find({ ...mine, _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(limit + 1)
        .lean<ProductDoc[]>();
      const page = found.slice(0, limit);
      const end = page.at(-1);
      return {
        items: await shown(caller, page),
        ...(found.length > limit && end !== undefined ? { nextCursor: encodeCursor([end._id]) } : {}),
      };
    },
  };
}

/** Which products a caller may know of; undefined for none. */
function ownProducts({ side, org = '', roles }: Caller): Record<string, string> | undefined {
  switch (side) {
    case 'operator':
    case 'service':
      return {};
    case 'vendor':
      return roles.includes('vendor_admin') || roles.includes('project_manager') ? { vendorOrg: org } : undefined;
    case 'provider':
      return { 'providers.org': org };
    case 'buyer':
      return undefined;
  }
}
