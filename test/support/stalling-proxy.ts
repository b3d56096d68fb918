import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between clients and a server, and can stop reading what the server sends, as the network of a client that is asleep does. */
export interface StallingProxy {
  readonly url: string;
  /** Reads nothing more from the server. What clients send still passes. */
  stall(): void;
  /** Reads on: first what the systems have kept, then whatever became of the connection. */
  release(): void;
  close(): void;
}

export async function startStallingProxy(port: number): Promise<StallingProxy> {
  const upstreams = new Set<Socket>();
  let stalled = false;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    upstreams.add(upstream);
    const end = () => {
      upstreams.delete(upstream);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    client.pipe(upstream);
    upstream.on('data', (chunk) => void client.write(chunk));
    if (stalled) upstream.pause();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stall() {
      stalled = true;
      for (const upstream of upstreams) upstream.pause();
    },
    release() {
      stalled = false;
      for (const upstream of upstreams) upstream.resume();
    },
    close() {
      server.close();
      for (const upstream of upstreams) upstream.destroy();
    },
  };
}
