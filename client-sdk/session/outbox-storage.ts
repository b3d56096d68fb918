import type { OutboxStorage, StoredMessage } from '../core/api.ts';

/** Keeps unsent messages for as long as the program runs, which the outbox itself does already. */
export const memoryStorage: OutboxStorage = {
  load: () => [],
  put: () => {},
  remove: () => {},
};

const prefixOf = (owner: string) => `delivery-rooms:outbox:${encodeURIComponent(owner)}:`;

/**
 * Keeps unsent messages in the browser's `localStorage`, so that a reload or a crash loses none.
 *
 * One record a message: tabs of one person see each other's unsent messages after a reload and may both send one; the
 * clientId makes that one entry. A record that cannot be read is passed over. Texts are stored as they are.
 */
export function localOutboxStorage(area: Storage = localStorage): OutboxStorage {
  return {
    load(owner) {
      const prefix = prefixOf(owner);
      const keys = Array.from({ length: area.length }, (_, index) => area.key(index)).filter((key) =>
        key?.startsWith(prefix),
      );
      return keys.flatMap((key) => readMessage(area.getItem(key as string)) ?? []);
    },
    put: (owner, message) => area.setItem(prefixOf(owner) + message.clientId, JSON.stringify(message)),
    remove: (owner, clientId) => area.removeItem(prefixOf(owner) + clientId),
  };
}

function readMessage(record: string | null): StoredMessage | undefined {
  try {
    const message = JSON.parse(record ?? 'null') as Partial<StoredMessage> | null;
    const whole =
      typeof message?.clientId === 'string' &&
      typeof message.roomId === 'string' &&
      typeof message.stream === 'string' &&
      typeof message.text === 'string' &&
      typeof message.createdAt === 'number' &&
      typeof message.order === 'number';
    return whole ? (message as StoredMessage) : undefined;
  } catch {
    return undefined;
  }
}
