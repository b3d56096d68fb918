import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('SECURITY.md', () => {
  const text = readFileSync(join(root, 'SECURITY.md'), 'utf8');

  it('names files that are there', () => {
    const paths = [...text.matchAll(/`((?:test|server|shared)\/[^`]+)`/g)].map((match) => match[1] ?? '');
    expect(paths.length).to.be.greaterThan(10);
    expect(paths.filter((path) => !existsSync(join(root, path)))).to.deep.equal([]);
  });

  it('is found from the README', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8')).to.include('SECURITY.md');
  });
});
