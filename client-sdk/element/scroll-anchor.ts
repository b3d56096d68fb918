/** Keeps what a reader looks at where it is while rows come and go above it. */
export class ScrollAnchor {
  readonly #scroller: () => HTMLElement | null;
  #held: { key: string; top: number } | undefined;

  /** @param scroller holds rows that carry `data-key` */
  constructor(scroller: () => HTMLElement | null) {
    this.#scroller = scroller;
  }

  /** Before the rows change: which row is at the top of the view, and where. */
  remember(): void {
    const scroller = this.#scroller();
    this.#held = undefined;
    if (scroller === null) return;
    const top = scroller.getBoundingClientRect().top;
    for (const row of scroller.querySelectorAll<HTMLElement>('[data-key]')) {
      const box = row.getBoundingClientRect();
      if (box.bottom <= top) continue;
      this.#held = { key: row.dataset['key'] ?? '', top: box.top };
      // A day's line can stand above other rows after the change; a message holds better.
      if (row.classList.contains('message')) return;
    }
  }

  /** After the rows changed: puts that row where it was. */
  restore(): void {
    const scroller = this.#scroller();
    const held = this.#held;
    if (scroller === null || held === undefined) return;
    for (const row of scroller.querySelectorAll<HTMLElement>('[data-key]')) {
      if (row.dataset['key'] !== held.key) continue;
      const moved = row.getBoundingClientRect().top - held.top;
      if (moved !== 0) scroller.scrollTop += moved;
      return;
    }
  }

  toEnd(): void {
    const scroller = this.#scroller();
    if (scroller !== null) scroller.scrollTop = scroller.scrollHeight;
  }
}
