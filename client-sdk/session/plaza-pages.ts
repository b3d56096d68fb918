import type { Opportunity, PlazaCard } from '../../shared/contract/opportunities.ts';
import { asRoomError } from '../core/failure.ts';
import type { LiveOpportunity, Plaza, PlazaFilter } from '../core/opportunity-api.ts';
import type { Session } from './session.ts';

/** The plaza's pages, one after the other, without what was grabbed meanwhile. */
export class PlazaPages implements Plaza {
  readonly #session: Session;
  readonly #filter: PlazaFilter;
  readonly #one: (id: string) => LiveOpportunity;
  #cards: readonly PlazaCard[] = [];
  #cursor: string | undefined;
  #refreshed: { at: string; next: string } | undefined;
  /** Counts first pages: what a page after an earlier one brings is passed over. */
  #asked = 0;
  #following: Promise<void> | undefined;

  constructor(session: Session, filter: PlazaFilter, one: (id: string) => LiveOpportunity) {
    this.#session = session;
    this.#filter = filter;
    this.#one = one;
  }

  get cards(): readonly PlazaCard[] {
    return this.#cards;
  }

  get refreshedAt(): string | undefined {
    return this.#refreshed?.at;
  }

  get nextRefreshAt(): string | undefined {
    return this.#refreshed?.next;
  }

  get hasMore(): boolean {
    return this.#cursor !== undefined;
  }

  load(): Promise<void> {
    this.#following = undefined;
    return this.#page(++this.#asked, undefined);
  }

  more(): Promise<void> {
    if (this.#cursor === undefined) return Promise.resolve();
    const following = this.#following ?? this.#page(this.#asked, this.#cursor);
    this.#following = following;
    return following.finally(() => {
      if (this.#following === following) this.#following = undefined;
    });
  }

  async grab(opportunityId: string): Promise<Opportunity> {
    try {
      const taken = await this.#one(opportunityId).change('opportunity.grab', {});
      this.#drop(opportunityId);
      return taken;
    } catch (fault) {
      const { code } = asRoomError(fault, 'internal');
      if (code === 'conflict' || code === 'not_found') this.#drop(opportunityId);
      throw fault;
    }
  }

  #drop(opportunityId: string): void {
    this.#cards = this.#cards.filter(({ id }) => id !== opportunityId);
  }

  async #page(asked: number, cursor: string | undefined): Promise<void> {
    const page = await this.#session.request('opportunity.plaza', {
      ...this.#filter,
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (asked !== this.#asked) return;
    const before = cursor === undefined ? [] : this.#cards;
    const known = new Set(before.map(({ id }) => id));
    this.#cards = [...before, ...page.items.filter(({ id }) => !known.has(id))];
    this.#cursor = page.nextCursor;
    this.#refreshed = { at: page.refreshedAt, next: page.nextRefreshAt };
  }
}
