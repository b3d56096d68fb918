import { NAME_MAX } from '../../shared/contract/limits.ts';

// Marks that turn the direction of writing, and others that cannot be seen: they make `gpj.exe` of `exe.jpg`. Joiners stay: scripts and emoji need them.
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
/** What no file system of our users takes; a colon would also name a stream of another file. */
const UNFIT = /[<>:"|?*]/g;
const EXTENSION_MAX = 10;

/**
 * A name that can be shown and saved anywhere, made of what a sender called a file: no path, nothing unseen, nothing that a file system reads as something
 * else. Undefined where nothing is left.
 */
export function fileName(given: string): string | undefined {
  const last = given.normalize('NFC').toWellFormed().split(/[/\\]/).at(-1) ?? '';
  // Windows drops dots and spaces at the end: `x.exe.` is an `x.exe`.
  const name = last
    .replace(UNSEEN, '')
    .replace(UNFIT, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '');
  return name === '' ? undefined : shortened(name);
}

/** What stands behind the last dot, in lower case; empty where there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** Cuts a long name before its extension. */
function shortened(name: string): string {
  if (name.length <= NAME_MAX) return name;
  const extension = extensionOf(name);
  const tail = extension === '' || extension.length > EXTENSION_MAX ? '' : name.slice(-extension.length - 1);
  const head = name.slice(0, NAME_MAX - tail.length);
  // A character of two halves is not cut in two.
  return `${head.isWellFormed() ? head : head.slice(0, -1)}${tail}`;
}
