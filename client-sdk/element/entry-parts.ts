/** Readers of what came over the wire in an entry's body, which may hold anything. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const textIn = (value: unknown, name: string): string =>
  isObject(value) && Object.hasOwn(value, name) ? textOf(value[name]) : '';
