const HEAD = 'The code that was asked for: ';

/** What whoever tries the service without a carrier reads in its output. To whose phone it would have gone, is not said. */
export const codeLine = (code: string): string => `${HEAD}${code}`;

export const isCodeLine = (line: string): boolean => line.startsWith(HEAD);
