import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { Keyring, SealBroken, type Sealed } from '../../../server/numbers/keyring.ts';

const key = (id: string) => ({ id, key: randomBytes(32).toString('base64') });
const [old, present] = [key('2025'), key('2026')];
const keyring = new Keyring([present, old]);
const about = ['number', 'an id', 'staff', 'somebody'];
const TEXT = Buffer.from('+12025550147');

const breaks = (sealed: Sealed, of: readonly string[] = about, ring = keyring): void => {
  expect(() => ring.open(sealed, of)).to.throw(SealBroken);
};
/** The text with one bit of one byte changed. */
const flipped = (text: string, at: number): string => {
  const bytes = Buffer.from(text, 'base64');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64');
};

describe('what is sealed', () => {
  it('opens to what it was, for what it was sealed for, under any of the keys', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(fc.string(), { maxLength: 4 }), (bytes, whatever) => {
        const sealed = keyring.seal(bytes, whatever);
        expect(sealed.keyId).to.equal('2026');
        expect(keyring.open(sealed, whatever).equals(Buffer.from(bytes))).to.equal(true);
      }),
    );
    const before = new Keyring([old]).seal(TEXT, about);
    expect(keyring.open(before, about).toString()).to.equal('+12025550147');
  });

  it('is different each time, and shows nothing', () => {
    const many = Array.from({ length: 200 }, () => keyring.seal(TEXT, about));
    expect(new Set(many.map(({ iv }) => iv)).size).to.equal(200);
    expect(new Set(many.map(({ sealed }) => sealed)).size).to.equal(200);
    expect(Buffer.from(many[0]?.sealed ?? '', 'base64').toString('latin1')).to.not.include('2025');
  });

  it('does not open once any byte of it was changed', () => {
    const sealed = keyring.seal(TEXT, about);
    for (let at = 0; at < 12; at++) breaks({ ...sealed, iv: flipped(sealed.iv, at) });
    for (let at = 0; at < TEXT.length + 16; at++) breaks({ ...sealed, sealed: flipped(sealed.sealed, at) });
  });

  it('does not open cut short, or as nothing at all', () => {
    const sealed = keyring.seal(TEXT, about);
    const bytes = Buffer.from(sealed.sealed, 'base64');
    for (let length = 0; length < bytes.length; length++)
      breaks({ ...sealed, sealed: bytes.subarray(0, length).toString('base64') });
    for (const iv of ['', 'AAAA', '!']) breaks({ ...sealed, iv });
  });

  it('does not open for anything else: another id, owner, or a list that only reads the same', () => {
    const sealed = keyring.seal(TEXT, about);
    for (let at = 0; at < about.length; at++)
      breaks(
        sealed,
        about.map((part, index) => (index === at ? 'other' : part)),
      );
    breaks(sealed, about.slice(1));
    breaks(sealed, ['number', 'an id', 'staffsomebody', '']);
  });

  it('does not open under another key, by whatever name, nor under one that is not there; the message holds no key', () => {
    const sealed = keyring.seal(TEXT, about);
    breaks(sealed, about, new Keyring([{ ...old, id: '2026' }]));
    breaks({ ...sealed, keyId: '2025' });
    breaks({ ...sealed, keyId: '__proto__' });
    expect(() => new Keyring([old]).open(sealed, about)).to.throw(SealBroken, 'VAULT_KEYS holds no key "2026"');
  });
});
