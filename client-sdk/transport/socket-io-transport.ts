import { io, type Socket } from 'socket.io-client';
import { readError } from '../core/failure.ts';
import type { Transport } from '../core/transport.ts';

export interface SocketIoOptions {
  /** In the order in which they are tried; only `websocket` unless given, which works behind any load balancer. */
  transports?: ('websocket' | 'polling')[];
  path?: string;
}

/** Connects over Socket.IO. Its own reconnection and buffering stay off: a connection has one life, then the SDK decides. */
export function socketIoTransport({
  transports = ['websocket'],
  path = '/socket.io',
}: SocketIoOptions = {}): Transport {
  return {
    connect(url, auth, listener) {
      const socket: Socket = io(url, {
        auth,
        path,
        transports,
        forceNew: true,
        multiplex: false,
        reconnection: false,
        autoConnect: false,
      });
      let over = false;
      const end = () => {
        over = true;
        socket.off();
        socket.offAny();
        socket.disconnect();
      };
      socket.on('connect', () => listener.opened(socket.id));
      socket.on('connect_error', (fault: Error & { data?: unknown }) => {
        end();
        listener.refused(fault.data === undefined ? undefined : readError(fault.data).toWire(), fault.message);
      });
      socket.on('disconnect', (reason) => {
        end();
        listener.lost(reason);
      });
      socket.onAny((name: string, payload: unknown) => listener.event(name, payload));
      socket.connect();
      return {
        emit(name, input, ack) {
          if (over) return;
          socket.emit(name, input, (answer: unknown) => {
            if (!over) ack(answer);
          });
        },
        close: end,
      };
    },
  };
}
