import { z } from 'zod';
import { MEMBER_CUT_REASONS } from './cuts.ts';
import { deskItem } from './desk.ts';
import { entry } from './entries.ts';
import { opportunity } from './opportunities.ts';
import { id, isoTime, seq, side, streamName } from './primitives.ts';
import { project } from './projects.ts';

const at = z.object({ at: isoTime });

/** What the server sends without being asked, by event name. */
export const events = {
  entry: { summary: 'A new entry of a stream that this connection has joined.', payload: entry },
  receipt: {
    summary: 'Somebody has read a stream up to a seq.',
    payload: z.object({ roomId: id, stream: streamName, userId: id, seq }),
  },
  typing: {
    summary: 'Somebody began or stopped typing.',
    payload: z.object({ roomId: id, stream: streamName, userId: id, typing: z.boolean() }),
  },
  presence: {
    summary: 'Somebody opened the room, or is gone from it.',
    payload: z.object({ roomId: id, userId: id, name: z.string(), side, online: z.boolean() }),
  },
  project: { summary: "A project's new state, to those in its room.", payload: project },
  opportunity: {
    summary:
      "A demand's new state, to those in its room whose view of it has changed: to each as much as they may know. Streams that it names and this connection has not joined are opened by joining again.",
    payload: opportunity,
  },
  desk: {
    summary:
      'What a provider has asked the operators and is not answered yet, to operators; none is left where `since` is null.',
    payload: deskItem,
  },
  inbox: {
    summary: 'Something happened in a room of the caller that this connection has not joined.',
    payload: z.object({ roomId: id, stream: streamName, head: seq, unread: z.int().min(0), last: entry }),
  },
  'access.revoked': {
    summary: 'The caller may no longer read the room, or the stream.',
    payload: z.object({ roomId: id, stream: streamName.optional(), reason: z.string() }),
  },
  'connection.cut': {
    summary:
      'The server has cut off a connection of the caller: this one, or, sent when they connect again within five minutes, an earlier one. `connection` is its `socket.id`.',
    payload: z.object({ connection: id, reason: z.enum(MEMBER_CUT_REASONS), at: isoTime }),
  },
  'auth.expiring': { summary: 'The token of this connection is over at that instant; renew it.', payload: at },
  'server.draining': { summary: 'This server stops at that instant; connect again, to any server.', payload: at },
} as const satisfies Record<string, { summary: string; payload: z.ZodType }>;

export type ServerEvents = { [Name in keyof typeof events]: z.infer<(typeof events)[Name]['payload']> };
export type ServerEventName = keyof ServerEvents;
