import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { AXB_NUMBERS, BOUGHT, CALLER, OTHER_PHONE } from '../server/calls/carriers/stories.ts';
import { PHONES } from '../support/phones.ts';
import { look, lookInFiles, passOver, takeCaught } from '../support/number-net.ts';

const NUMBERS = [...Object.values(PHONES), ...Object.values(BOUGHT), ...AXB_NUMBERS, CALLER, OTHER_PHONE.typed];

describe('The net over the suite', () => {
  // Else it would catch what these tests have thrown in.
  afterEach(() => takeCaught());

  for (const number of NUMBERS) {
    it(`catches ${number}, however it stands there`, () => {
      const national = number.replace(/^\+(86|1)/, '');
      const forms = [
        number,
        national,
        JSON.stringify({ phone: number }),
        encodeURIComponent(`to=${number}`),
        `rang ${national}.`,
        `a\u0000${national}\u0000b`,
      ];
      for (const written of forms) {
        look('a test', written);
        look('a test', Buffer.from(written));
        expect(takeCaught(), written).to.have.length(2);
      }
    });
  }

  it('catches a number as people write it', () => {
    for (const written of ['+1 202 555 0147', '(202) 555-0147', '139 0000 1111', '+86 139-0000-1111', '0571-88880001'])
      look('a test', `call ${written} now`);
    expect(takeCaught()).to.have.length(5);
  });

  it('lets ids, figures and the number that a caller is told to ring through', () => {
    for (const written of [
      '65555013900001110a8f',
      '"at":1390000111012',
      'x12025550147y',
      `{"dial":{"number":"${AXB_NUMBERS[0]}"}}`,
      '2025-55-50',
    ])
      look('a test', written);
    expect(takeCaught()).to.deep.equal([]);
  });

  it('hangs over every server of this process but those that play a carrier', async () => {
    const server = createServer((_request, response) => void response.end(`rang ${CALLER}`)).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('it listens nowhere');
      const ask = async () => (await fetch(`http://127.0.0.1:${address.port}`)).text();
      await ask();
      expect(takeCaught().map(({ where }) => where)).to.deep.equal(['what a server sent']);
      passOver(server);
      await ask();
      expect(takeCaught()).to.deep.equal([]);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('and over what is on disk, and says which test has written it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'number-net-'));
    try {
      await writeFile(join(folder, 'data'), Buffer.concat([Buffer.alloc(5000), Buffer.from(CALLER), Buffer.alloc(5)]));
      await lookInFiles(folder);
      const [one, ...more] = takeCaught();
      expect(more).to.deep.equal([]);
      expect(one?.where).to.equal('the file data');
      expect(one?.test).to.include('says which test');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
