import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { clientAddress, networkOf } from '../../../server/transport/client-address.ts';

/** A request that came over a connection from `remote`. */
function requestFrom(remote: string, forwarded?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remote });
  const request = new IncomingMessage(socket);
  if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded;
  return request;
}

describe('clientAddress', () => {
  const cases: [hops: number, remote: string, forwarded: string | undefined, address: string][] = [
    [0, '192.0.2.1', undefined, '192.0.2.1'],
    [0, '192.0.2.1', '198.51.100.1', '192.0.2.1'],
    [1, '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    [1, '10.0.0.1', '203.0.113.9, 198.51.100.1', '198.51.100.1'],
    [2, '10.0.0.1', '203.0.113.9, 198.51.100.1', '203.0.113.9'],
    [2, '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    [1, '10.0.0.1', undefined, '10.0.0.1'],
    [1, '::ffff:10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    [1, '10.0.0.1', '2001:db8::1', '2001:db8:0:0::/64'],
  ];
  for (const [hops, remote, forwarded, address] of cases) {
    it(`${hops} proxies, from ${remote}, forwarded for ${forwarded ?? 'nobody'}: ${address}`, () => {
      expect(clientAddress(hops)(requestFrom(remote, forwarded))).to.equal(address);
    });
  }
});

describe('networkOf', () => {
  const cases: [string, string][] = [
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::5:6', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
    ['unknown', 'unknown'],
  ];
  for (const [address, network] of cases) {
    it(`${address || 'nothing'} is of ${network || 'nothing'}`, () => {
      expect(networkOf(address)).to.equal(network);
    });
  }
});
