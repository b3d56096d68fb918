import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { getFile, PNG, postFile } from '../support/files.ts';
import { zip } from '../support/zip.ts';
import { wireSuite } from '../support/wire-suite.ts';

const HTML = Buffer.from('<!doctype html><script>alert(1)</script>');
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>');
const EXE = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]);
/** Sixteen megabytes each, of which a few kilobytes are sent. */
const UNPACKED = Buffer.alloc(16 * 1024 * 1024, 'a');

/** What is taken as it is and can do no harm: under which name and as what it is served. */
const TAKEN: readonly [what: string, name: string, bytes: Buffer, servedAs: string, type: string][] = [
  ['a path', '../../../etc/passwd.png', PNG, 'passwd.png', 'image/png'],
  ['a path of Windows', 'C:\\Windows\\System32\\x.png', PNG, 'x.png', 'image/png'],
  ['a path from the root', '/etc/cron.d/x.png', PNG, 'x.png', 'image/png'],
  ['a stream of another file', 'a.exe:x.png', PNG, 'a.exe_x.png', 'image/png'],
  ['two extensions, of which the last is true', 'run.exe.png', PNG, 'run.exe.png', 'image/png'],
  ['marks that turn the writing', 'gnp\u202e.png', PNG, 'gnp.png', 'image/png'],
  ['a page that says that it is text', 'page.txt', HTML, 'page.txt', 'text/plain; charset=utf-8'],
  ['a drawing that says that it is text', 'draw.txt', SVG, 'draw.txt', 'text/plain; charset=utf-8'],
  ['a bomb', 'bomb.gz', gzipSync(UNPACKED), 'bomb.gz', 'application/gzip'],
  ['a bomb in an archive', 'bomb.zip', zip('a.txt', UNPACKED, 8), 'bomb.zip', 'application/zip'],
  [
    'a bomb where a document names its parts',
    'bomb.docx',
    zip('[Content_Types].xml', UNPACKED, 8),
    'bomb.docx',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  ],
  [
    'a path in an archive, which nobody unpacks',
    'slip.zip',
    zip('../../evil.sh', '#!/bin/sh'),
    'slip.zip',
    'application/zip',
  ],
];

const REFUSED: readonly [what: string, name: string, bytes: Buffer][] = [
  ['a program behind two extensions', 'picture.png.exe', EXE],
  ['a program that says that it is a picture', 'picture.png', EXE],
  ['a page', 'page.html', HTML],
  ['a page that says that it is a picture', 'page.png', HTML],
  ['a page behind two extensions', 'page.png.html', HTML],
  ['a drawing with a script', 'draw.svg', SVG],
  ['a drawing with a script that says that it is a picture', 'draw.png', SVG],
  ['a drawing with a script, packed', 'draw.svgz', gzipSync(SVG)],
  ['a page of XHTML', 'page.xhtml', HTML],
  ['a script', 'run.js', Buffer.from('alert(1)')],
  ['a shortcut', 'go.url', Buffer.from('[InternetShortcut]\nURL=file:///x')],
  ['a document with macros', 'sheet.xlsm', zip('[Content_Types].xml')],
  ['a program of Java that says that it is an archive', 'a.zip', zip('META-INF/MANIFEST.MF')],
  ['an extension with a dot behind it', 'run.exe.', EXE],
  ['an extension with a blank behind it', 'run.exe ', EXE],
  ['no extension', 'run', EXE],
];

describe('Files that mean harm', () => {
  const suite = wireSuite();
  let roomId = '';
  before(async () => {
    roomId = await suite.portal.project();
  });
  const files = () => suite.database.connection.collection('files.files');

  for (const [what, name, bytes, servedAs, type] of TAKEN) {
    it(`${what} is kept as it is, never opened here, and saved and not run by whoever gets it`, async () => {
      const { portal } = suite;
      const { file, problem } = await postFile(portal.url, await portal.token('buyer'), { roomId, name, bytes });
      expect(problem).to.equal(undefined);
      expect(file).to.include({ name: servedAs, size: bytes.length });
      const got = await getFile(portal.url, await portal.token('admin'), file?.id ?? '');
      expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).to.equal(true);
      const header = (of: string) => got.headers.get(of) ?? '';
      expect(header('content-type')).to.equal(type);
      expect(header('content-disposition'))
        .to.match(/^attachment; /)
        .and.include(`filename="${servedAs}"`);
      expect(header('x-content-type-options')).to.equal('nosniff');
      expect(header('content-security-policy')).to.match(/default-src 'none'.*sandbox/);
      expect(await files().countDocuments({ filename: servedAs, length: bytes.length })).to.be.greaterThan(0);
    });
  }

  for (const [what, name, bytes] of REFUSED) {
    it(`${what} is refused, and nothing of it kept`, async () => {
      const { portal } = suite;
      const kept = await files().countDocuments();
      const { problem } = await postFile(portal.url, await portal.token('buyer'), { roomId, name, bytes });
      expect(problem?.code).to.equal('unsupported_type');
      expect(await files().countDocuments()).to.equal(kept);
    });
  }
});
