import type { ConnectionListener, Transport } from '../../client-sdk/index.ts';
import { socketIoTransport } from '../../client-sdk/index.ts';

/** Where somebody connects while no server serves: nothing listens there. */
export const NOWHERE = 'http://127.0.0.1:9';

export interface Tap {
  /** Where the next connection goes. */
  url(): string;
  /** Told of a command before it leaves; what it gives is told of the answer. */
  sent?(name: string, input: unknown): ((answer: unknown) => void) | undefined;
  /** Told of each event as it comes, before the client is. */
  event?(name: string, payload: unknown): void;
  /** Told when a connection that was open has ended, or one was refused. */
  ended?(): void;
}

/** Socket.IO as the SDK uses it, with somebody who listens to the wire and can cut it. */
export interface TappedTransport extends Transport {
  /** Cuts the connection that is there, as a network does: what was on its way gets no answer. Says whether there was one. */
  cut(): boolean;
}

export function tappedTransport(tap: Tap): TappedTransport {
  const inner = socketIoTransport();
  let cutNow: (() => void) | undefined;
  return {
    cut() {
      const cut = cutNow;
      cut?.();
      return cut !== undefined;
    },
    connect(_url, auth, listener) {
      let over = false;
      const end = (): void => {
        over = true;
        if (cutNow === cut) cutNow = undefined;
      };
      const told: ConnectionListener = {
        opened: () => listener.opened(),
        event(name, payload) {
          tap.event?.(name, payload);
          listener.event(name, payload);
        },
        refused(error, reason) {
          end();
          tap.ended?.();
          listener.refused(error, reason);
        },
        lost(reason) {
          end();
          tap.ended?.();
          listener.lost(reason);
        },
      };
      const connection = inner.connect(tap.url(), auth, told);
      const cut = (): void => {
        if (over) return;
        end();
        connection.close();
        listener.lost('cut');
      };
      cutNow = cut;
      return {
        emit(name, input, ack) {
          const answered = tap.sent?.(name, input);
          connection.emit(name, input, (answer) => {
            answered?.(answer);
            ack(answer);
          });
        },
        close() {
          end();
          connection.close();
        },
      };
    },
  };
}
