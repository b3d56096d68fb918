import type { MessageEntry } from '../../shared/contract/entries.ts';

/** An entry with the very fields, and nearly the very bytes, of one of ours. */
export function bareEntry(seq: number, input: { roomId: string; clientId: string; text: string }): MessageEntry {
  return {
    id: '6b0f1c2d3e4f5a6b7c8d9e0f',
    roomId: input.roomId,
    stream: 'public',
    seq,
    kind: 'message',
    at: new Date().toISOString(),
    actor: { id: 'provider-000-admin-0000', name: 'Provider Admin 0000', side: 'provider', org: 'provider-000' },
    clientId: input.clientId,
    body: { text: input.text },
  };
}
