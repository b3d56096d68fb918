/** Other ways in which a number could stand somewhere unnoticed. */
export const codesOf = (text: string): string[] =>
  [text, text.slice(1), text.slice(2)].flatMap((one) => [
    // The last character of base64 depends on what follows.
    Buffer.from(one).toString('base64').slice(0, 12),
    Buffer.from(one).toString('hex'),
    Array.from(one).reverse().join(''),
  ]);
