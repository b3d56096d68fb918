import { expect } from 'chai';
import { extensionOf, fileName } from '../../../server/files/file-name.ts';
import { NAME_MAX } from '../../../shared/contract/limits.ts';

const NAMES: readonly [what: string, given: string, name: string | undefined][] = [
  ['a plain name', 'report.pdf', 'report.pdf'],
  ['Chinese', '合同 终稿.pdf', '合同 终稿.pdf'],
  ['decomposed letters', 'cafe\u0301.txt', 'caf\u00e9.txt'],
  ['a path', '../../etc/passwd.txt', 'passwd.txt'],
  ['a Windows path', 'C:\\Users\\me\\x.png', 'x.png'],
  ['a path that ends in one', 'a/b/', undefined],
  ['control characters', 'a\u0000b\r\nc\u007f.txt', 'abc.txt'],
  ['a turned direction', 'invoice\u202egpj.exe', 'invoicegpj.exe'],
  ['isolates and marks', '\u2067a\u200f\u061c.txt\u2069', 'a.txt'],
  ['characters that are not seen', 'a\u200b\ufeff\u2060.txt', 'a.txt'],
  ['a joined emoji', '\u{1f468}\u200d\u{1f4bb}.png', '\u{1f468}\u200d\u{1f4bb}.png'],
  ['a stream of another file', 'x.pdf:evil.exe', 'x.pdf_evil.exe'],
  ['what no file system takes', 'a<b>"c|d?e*.txt', 'a_b__c_d_e_.txt'],
  ['dots and spaces at the end', 'x.exe. . ', 'x.exe'],
  ['dots at the beginning', '...htaccess', 'htaccess'],
  ['half a character', 'a\ud800.txt', 'a\ufffd.txt'],
  ['nothing', '', undefined],
  ['dots alone', '..', undefined],
  ['marks alone', '\u202e\u0000', undefined],
];

describe('fileName', () => {
  for (const [what, given, name] of NAMES) it(`of ${what}`, () => expect(fileName(given)).to.equal(name));

  it('is cut before its extension, and never in the middle of a character', () => {
    const long = fileName(`${'a'.repeat(500)}.docx`) ?? '';
    expect(long).to.have.length(NAME_MAX);
    expect(long).to.match(/a\.docx$/);
    for (const lead of ['', 'x']) {
      const emoji = fileName(`${lead}${'\u{1f600}'.repeat(300)}.png`) ?? '';
      expect(emoji.isWellFormed()).to.equal(true);
      expect(emoji.length).to.be.within(NAME_MAX - 1, NAME_MAX);
      expect(extensionOf(emoji)).to.equal('png');
    }
  });
});

describe('extensionOf', () => {
  const table: readonly [string, string][] = [
    ['a.PDF', 'pdf'],
    ['x.pdf.exe', 'exe'],
    ['a.tar.gz', 'gz'],
    ['README', ''],
    ['.profile', ''],
  ];
  for (const [name, extension] of table) it(name, () => expect(extensionOf(name)).to.equal(extension));
});
