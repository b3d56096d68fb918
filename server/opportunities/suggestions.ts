import type { Suggestion } from '../../shared/contract/opportunities.ts';
import type { Opportunity } from '../../shared/model/opportunity/opportunity.ts';
import { type Candidate, suggestProviders } from '../../shared/model/opportunity/suggest.ts';
import type { DirectoryModels, OrgDoc, ProductDoc } from '../directory/directory-store.ts';
import { providerLoads } from '../rooms/loads.ts';
import type { RoomModel } from '../rooms/room-model.ts';

/** Companies that are looked at for each thing that is wanted, the best rated first. */
const LOOKED_AT = 200;

/**
 * The providers that fit a demand best, and why: of those whom the directory knows for its category, its sub-category or its region. Whoever has been engaged in it
 * is left out, however that ended, and so is the buyer's own company.
 */
export async function suggestionsFor(
  { directory, rooms }: { directory: DirectoryModels; rooms: RoomModel },
  { demand, engagements, buyer }: Pick<Opportunity, 'demand' | 'engagements' | 'buyer'>,
): Promise<Suggestion[]> {
  const { category, subCategory, region } = demand;
  const found = await Promise.all([
    ...[category, subCategory].flatMap((term) => (term === undefined ? [] : [known(directory, 'categories', term)])),
    known(directory, 'regions', region),
  ]);
  const engaged = new Set([buyer.org, ...engagements.map(({ provider }) => provider.org)]);
  const orgs = new Map(found.flat().flatMap((org) => (engaged.has(org._id) ? [] : [[org._id, org]])));
  const ids = [...orgs.keys()];
  const [loads, maxima] = await Promise.all([providerLoads(rooms, ids), maximaOf(directory, ids)]);
  const candidates = [...orgs.values()].map(
    ({ _id: org, name, categories = [], regions = [], rating }): Candidate => ({
      org,
      name,
      categories,
      regions,
      rating: rating ?? null,
      load: loads.get(org) ?? 0,
      maxLoad: maxima.get(org) ?? null,
    }),
  );
  return suggestProviders(demand, candidates);
}

function known({ orgs }: DirectoryModels, by: 'categories' | 'regions', term: string): Promise<OrgDoc[]> {
  return orgs
    .find({ [by]: term })
    .sort({ rating: -1, _id: 1 })
    .limit(LOOKED_AT)
    .lean<OrgDoc[]>()
    .exec();
}

/** The largest maximum that any product gives a company; one that no product lists is not in it. */
async function maximaOf({ products }: DirectoryModels, orgs: readonly string[]): Promise<Map<string, number>> {
  const maxima = new Map<string, number>();
  if (orgs.length === 0) return maxima;
  const listing = await products
    .find({ 'providers.org': { $in: [...orgs] } }, { providers: 1 })
    .lean<Pick<ProductDoc, 'providers'>[]>();
  for (const { org, maxLoad } of listing.flatMap(({ providers }) => providers)) {
    maxima.set(org, Math.max(maxLoad, maxima.get(org) ?? 0));
  }
  return maxima;
}
