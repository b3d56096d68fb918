import { z } from 'zod';
import { defineCommand, EVERYONE, PEOPLE } from './command.ts';
import { entry, streamPage } from './entries.ts';
import { CATCH_UP_MAX, PAGE_DEFAULT, PAGE_MAX } from './limits.ts';
import { opportunity, opportunityStatus } from './opportunities.ts';
import { cursor, empty, id, isoTime, limit, name, page, person, seq, side, streamName } from './primitives.ts';
import { project, projectStatus } from './projects.ts';

export const roomKind = z.enum(['project', 'opportunity']);
export type RoomKind = z.infer<typeof roomKind>;

export const roomStatus = z.enum([...projectStatus.options, ...opportunityStatus.options]);
export type RoomStatus = z.infer<typeof roomStatus>;

export const room = z.object({
  id,
  kind: roomKind,
  title: z.string(),
  status: roomStatus,
  streams: z.array(z.object({ stream: streamName, head: seq })),
  members: z.array(person),
  project: project.optional(),
  opportunity: opportunity.optional(),
});
export type Room = z.infer<typeof room>;

export const roomItem = z.object({
  id,
  kind: roomKind,
  title: z.string(),
  status: roomStatus,
  unread: z.record(streamName, z.int().min(0)),
  last: entry.optional(),
  updatedAt: isoTime,
});
export type RoomItem = z.infer<typeof roomItem>;

const aStream = z.strictObject({ roomId: id, stream: streamName });

/** What the caller is in a room. */
const me = z.object({ side, canWrite: z.array(streamName) });

export const roomCommands = {
  'room.list': defineCommand({
    summary: 'Rooms of the caller, newest activity first, each with its unread entries and its last entry.',
    input: z.strictObject({ kind: roomKind.optional(), cursor: cursor.optional(), limit }),
    output: page(roomItem),
    callers: EVERYONE,
    errors: [],
    rate: 'read',
    writes: false,
  }),
  'room.get': defineCommand({
    summary:
      'One room: its streams that the caller reads, its members, what it is about, and what the caller may write in it.',
    input: z.strictObject({ roomId: id }),
    output: z.object({ room, me }),
    callers: EVERYONE,
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
  'room.join': defineCommand({
    summary: 'Opens a room on this connection: history or what was missed, then every later entry live.',
    input: z.strictObject({
      roomId: id,
      since: z
        .record(streamName, seq)
        .optional()
        .meta({
          description: `The last seq that the client holds, by stream; up to ${CATCH_UP_MAX} entries after it are answered`,
        }),
      limit: z.int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
    }),
    output: z.object({
      room,
      me,
      streams: z.array(streamPage),
      online: z.array(person),
    }),
    callers: PEOPLE,
    errors: ['not_found', 'conflict'],
    rate: 'read',
    writes: false,
    connectionBound: true,
  }),
  'room.leave': defineCommand({
    summary: 'Closes a room on this connection.',
    input: z.strictObject({ roomId: id }),
    output: empty,
    callers: PEOPLE,
    errors: [],
    rate: 'read',
    writes: false,
    connectionBound: true,
  }),
  'member.add': defineCommand({
    summary: "Adds a person of the adder's own company to a room; who joins may read what came before.",
    input: z.strictObject({ roomId: id, userId: id, name }),
    output: z.object({ member: person }),
    callers: ['buyer', 'provider', 'operator'],
    errors: ['forbidden', 'not_found', 'conflict', 'read_only'],
    rate: 'write',
    writes: true,
  }),
  'member.remove': defineCommand({
    summary: 'Removes a person who was added; they lose the room at once on every open connection.',
    input: z.strictObject({ roomId: id, userId: id, name: name.optional() }),
    output: empty,
    callers: ['buyer', 'provider', 'operator'],
    errors: ['forbidden', 'not_found', 'read_only'],
    rate: 'write',
    writes: true,
  }),
  'member.list': defineCommand({
    summary: 'The people of a room by name; operators and admins who have it by their role are not listed one by one.',
    input: z.strictObject({ roomId: id }),
    output: page(person),
    callers: EVERYONE,
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
  'entry.fetch': defineCommand({
    summary: 'A page of a stream, oldest first: after a seq, before a seq, or the newest.',
    input: z
      .strictObject({ roomId: id, stream: streamName, after: seq.optional(), before: z.int().min(1).optional(), limit })
      .refine((input) => input.after === undefined || input.before === undefined, {
        path: ['before'],
        message: 'give after or before, not both',
      }),
    output: z.object({ entries: z.array(entry), head: seq }),
    callers: EVERYONE,
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
  'read.mark': defineCommand({
    summary: 'Marks a stream as read up to a seq; going backwards changes nothing.',
    input: z.strictObject({ roomId: id, stream: streamName, seq }),
    output: z.object({ seq, unread: z.int().min(0) }),
    callers: PEOPLE,
    errors: ['not_found'],
    rate: 'signal',
    writes: true,
  }),
  'typing.set': defineCommand({
    summary: 'Shows or hides that the caller is typing; it ends by itself when it is not renewed.',
    input: aStream.extend({ typing: z.boolean() }),
    output: empty,
    callers: PEOPLE,
    errors: ['not_found', 'forbidden', 'read_only'],
    rate: 'signal',
    writes: false,
    connectionBound: true,
  }),
} as const;
