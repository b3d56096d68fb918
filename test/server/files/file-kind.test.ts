import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { checkHead, kindOf, TextCheck } from '../../../server/files/file-kind.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import { PNG } from '../../support/files.ts';
import { zip } from '../../support/zip.ts';

const WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const contentTypes = `<Types><Override PartName="/word/document.xml" ContentType="${WORD}.main+xml"/></Types>`;
const macros =
  '<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml" PartName="/word/document.xml"/></Types>';
const PDF = Buffer.from('%PDF-1.7\n%\u00e2\u00e3\n1 0 obj\n');
const COMPOUND = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(512)]);
const EXE = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]);
const ELF = Buffer.concat([Buffer.from('7f454c46', 'hex'), Buffer.alloc(200)]);
const HTML = Buffer.from('<!doctype html><script>alert(1)</script>');
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
const GIFAR = Buffer.concat([Buffer.from('GIF89a/*'), Buffer.alloc(40), Buffer.from('*/=1;alert(1)')]);

const TABLE: readonly [what: string, extension: string, content: Buffer, type: string][] = [
  ['a picture', 'png', PNG, 'image/png'],
  ['a picture with another name', 'jpg', PNG, 'refused'],
  ['a PDF', 'pdf', PDF, 'application/pdf'],
  ['a PDF that is called a picture', 'png', PDF, 'refused'],
  ['an old document', 'doc', COMPOUND, 'application/msword'],
  ['a new document', 'docx', zip('[Content_Types].xml', contentTypes, 8), WORD],
  ['a document whose kind stands at the end', 'docx', zip('word/document.xml'), WORD],
  ['a document with a password', 'docx', COMPOUND, WORD],
  ['a document with macros', 'docx', zip('[Content_Types].xml', macros, 8), 'refused'],
  ['an archive', 'zip', zip('a.txt'), 'application/zip'],
  ['a program of Java, called an archive', 'zip', zip('META-INF/MANIFEST.MF'), 'refused'],
  ['a program of Java', 'jar', zip('META-INF/MANIFEST.MF'), 'refused'],
  ['a bomb, which is just bytes', 'gz', gzipSync(Buffer.alloc(5_000_000)), 'application/gzip'],
  ['a program', 'exe', EXE, 'refused'],
  ['a program that is called a PDF', 'pdf', EXE, 'refused'],
  ['a program that is called text', 'txt', EXE, 'refused'],
  ['a program of Linux', 'png', ELF, 'refused'],
  ['a script', 'sh', Buffer.from('#!/bin/sh\n'), 'refused'],
  ['a script of the browser', 'js', Buffer.from('alert(1)'), 'refused'],
  ['a page', 'html', HTML, 'refused'],
  ['a page that is called a picture', 'gif', HTML, 'refused'],
  ['a page that is called text is text', 'txt', HTML, 'text/plain'],
  ['a drawing with a script', 'svg', SVG, 'refused'],
  ['a drawing that is called a picture', 'png', SVG, 'refused'],
  ['XML', 'xml', Buffer.from('<?xml version="1.0"?><a/>'), 'refused'],
  ['a picture that is a script too is a picture', 'gif', GIFAR, 'image/gif'],
  ['a picture that is a script too, called a script', 'js', GIFAR, 'refused'],
  ['text', 'txt', Buffer.from('Grüße, 你好\r\n'), 'text/plain'],
  ['text that begins like a picture', 'txt', Buffer.from('BMW and others'), 'text/plain'],
  ['a table', 'csv', Buffer.from('\ufeffa,b\n1,2\n'), 'text/csv'],
  ['text that is not UTF-8', 'txt', Buffer.from([0xc4, 0xe3, 0xba, 0xc3]), 'refused'],
  ['text with NUL', 'txt', Buffer.from('a\u0000b'), 'refused'],
  ['text that ends in half a character', 'txt', Buffer.from('你').subarray(0, 2), 'refused'],
  ['nothing known', 'png', Buffer.from('x'), 'refused'],
  ['a name without an extension', '', PDF, 'refused'],
  ['an extension from the prototype', 'constructor', PDF, 'refused'],
];

async function judge(extension: string, content: Buffer): Promise<string> {
  try {
    const kind = kindOf(extension);
    await checkHead(kind, content);
    if (kind.content === 'text') {
      const check = new TextCheck();
      for (const byte of content) check.add(Buffer.from([byte]));
      check.end();
    }
    return kind.type;
  } catch (error) {
    if (!(error instanceof RoomError)) throw error;
    expect(error.code).to.equal('unsupported_type');
    return 'refused';
  }
}

describe('the kind of a file, by its extension and its content', () => {
  for (const [what, extension, content, type] of TABLE)
    it(`${what} (.${extension})`, async () => expect(await judge(extension, content)).to.equal(type));
});
