import { z } from 'zod';

const empty = (value: unknown): unknown => (value === '' ? undefined : value);

/** A variable of the environment; an empty one is as good as none. */
export const setting = <T extends z.ZodType>(schema: T) => z.preprocess(empty, schema);

/** The parts of a text that commas separate. */
export const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

export const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

export const whole = (from: number, to: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= from && Number(text) <= to, {
      error: `must be a whole number from ${from} to ${to}`,
    })
    .transform(Number);
