import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';

/** Says from which network a request comes: what is counted for strangers, before anybody is known. */
export type AddressOf = (request: IncomingMessage) => string;

/**
 * Makes the function that reads a request's address.
 * @param hops how many proxies stand before this server; with 0 nobody can say another address than the connection's own
 */
export function clientAddress(hops: number): AddressOf {
  const isOurs = (_address: string, hop: number): boolean => hop < hops;
  return (request) => networkOf(hops === 0 ? (request.socket.remoteAddress ?? '') : proxyAddr(request, isOurs));
}

/** An IPv4 address, or the /64 of an IPv6 one: a single customer has that many of them, so one alone would bound nothing. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}
