import type { BSONRegExp } from 'bson';
import { MongoError } from '../errors.ts';
import { regexParts } from './values.ts';

const OPTIONS = /^[imsxu]*$/;

/**
 * Compiles a pattern with MongoDB's options (`i`, `m`, `s`, `x`, `u`) as a JavaScript expression.
 * The two dialects agree but in exotic syntax; what JavaScript does not know (possessive quantifiers, `\A`) is refused, not guessed.
 */
export function compileRegex(pattern: string, options: string): RegExp {
  if (!OPTIONS.test(options)) {
    const bad = Array.from(options).find((option) => !'imsxu'.includes(option)) ?? '';
    throw new MongoError(51108, `invalid flag in regex options: ${bad}`);
  }
  if (pattern.includes('\0'))
    throw new MongoError('BadValue', 'Regular expression cannot contain an embedded null byte');
  let source = options.includes('x') ? stripLayout(pattern) : pattern;
  let flags = ['i', 'm', 's'].filter((flag) => options.includes(flag)).join('');
  const leading = /^\(\?([ims]+)\)/.exec(source);
  if (leading) {
    source = source.slice(leading[0].length);
    flags = [...new Set(flags + (leading[1] ?? ''))].join('');
  }
  if (/\\[AzZGQEK]|[*+?}]\+|\(\?>|\(\?[imsx-]*[):]|\[\[:/.test(source.replaceAll('(?:', ''))) {
    throw new MongoError(
      'NotImplemented',
      `the regular expression /${pattern}/ uses syntax that this engine does not have`,
    );
  }
  for (const mode of [`${flags}u`, flags]) {
    try {
      return new RegExp(source, mode);
    } catch {
      // Without the flag `u` JavaScript accepts needless escapes such as `\-`, as MongoDB does.
    }
  }
  throw new MongoError(51091, `Regular expression is invalid: ${pattern}`);
}

/** The compiled form of a regular expression value. */
export function toRegExp(value: BSONRegExp | RegExp): RegExp {
  const { pattern, options } = regexParts(value);
  return compileRegex(pattern, options);
}

/** The option `x`: blanks and comments outside of character classes do not count. */
function stripLayout(pattern: string): string {
  return pattern.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\s+|#[^\n]*/g, (part) =>
    part.startsWith('\\') || part.startsWith('[') ? part : '',
  );
}
