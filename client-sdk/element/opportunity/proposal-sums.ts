import type { Proposal } from '../../../shared/contract/proposals.ts';
import { amountOf, hundredths, isMore } from '../../../shared/model/money.ts';

/** The one open proposal that costs less than all others; undefined where there is nothing to compare: one alone, several currencies, a tie. */
export function cheapest(
  proposals: readonly Pick<Proposal, 'id' | 'status' | 'currency' | 'total'>[],
): string | undefined {
  const open = proposals.filter(({ status }) => status === 'open');
  if (open.length < 2 || new Set(open.map(({ currency }) => currency)).size > 1) return undefined;
  const [first, second] = open.toSorted((a, b) => (a.total === b.total ? 0 : isMore(a.total, b.total) ? 1 : -1));
  return first === undefined || first.total === second?.total ? undefined : first.id;
}

/** What is asked less than the list says; undefined where it is not less. */
export function savedBy({ listTotal, total }: Pick<Proposal, 'listTotal' | 'total'>): string | undefined {
  return isMore(listTotal, total) ? amountOf(hundredths(listTotal) - hundredths(total)) : undefined;
}
