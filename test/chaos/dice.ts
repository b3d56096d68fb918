/** A seeded source of numbers from 0 (included) to 1 (excluded): the same seed gives the same run of them (mulberry32). */
export function createDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const pick = <Item>(dice: () => number, items: readonly Item[]): Item | undefined =>
  items[Math.floor(dice() * items.length)];

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
