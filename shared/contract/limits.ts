/** Every number of the contract, each written once. Sizes are never scaled; rates and counts are, by `RATE_LIMIT_FACTOR`. */

export const CONTRACT_VERSION = 1;

export const TEXT_MAX = 8000;
export const ATTACHMENTS_MAX = 10;
export const MENTIONS_MAX = 50;
export const ID_MAX = 200;
export const NAME_MAX = 200;
export const REMARK_MAX = 1000;

export const PAGE_DEFAULT = 50;
export const PAGE_MAX = 200;
/** Rows of one CSV export. */
export const EXPORT_ROWS_MAX = 5_000;
/** With `since`, `room.join` answers at most this many entries for a stream, then says `truncated`. */
export const CATCH_UP_MAX = 500;

/** A message is edited at most this often, so that a page of history stays a bounded read. */
export const EDITS_MAX = 20;
/** Files of one visit of a node: they stand in the project, which everybody who has it open is sent. */
export const NODE_FILES_MAX = 100;
/** Pauses of one visit of a node: its due instant is derived from all of them. */
export const PAUSES_MAX = 50;
/** People added to one room: they stand in its document, and everybody who opens the room gets their names. */
export const MEMBERS_MAX = 200;
export const RECALL_WINDOW_MS = 2 * 60_000;
/** Someone counts as gone this long after the last connection ended, so that a reload does not flicker. */
export const PRESENCE_GRACE_MS = 5_000;
/** A typing mark that is not renewed ends by itself after this long. */
export const TYPING_TTL_MS = 6_000;
/** The farthest that the service's clock jumps at a time: ten years. */
export const CLOCK_JUMP_MAX_MS = 10 * 366 * 86_400_000;
export const AUTH_EXPIRING_AHEAD_MS = 60_000;

/** The largest Socket.IO packet and the largest JSON body, in bytes. */
export const PAYLOAD_MAX_BYTES = 128 * 1024;
/** The largest file, in bytes. */
export const FILE_MAX_BYTES = 20 * 1024 * 1024;
/** What a form may hold beside the file itself, in bytes: boundaries and headers. */
export const FORM_MAX_BYTES = 64 * 1024;
/** Files that a stream of a room may hold, and their bytes: counted by stream, since nobody may learn what they cannot read holds. */
export const FILES_PER_STREAM_MAX = 1_000;
export const FILE_BYTES_PER_STREAM_MAX = 2 * 1024 * 1024 * 1024;
/** Uploads of one user that are under way at a time. Scaled by `RATE_LIMIT_FACTOR`, as rates are. */
export const UPLOADS_AT_A_TIME = 4;
/** An upload takes at most so long, and is given up when nothing of it has come for that long. */
export const UPLOAD_DEADLINE_MS = 10 * 60_000;
export const UPLOAD_STALL_MS = 30_000;
/** How long an address of `file.link` serves: long enough to be opened, too short to be passed on. */
export const FILE_LINK_MS = 5 * 60_000;
/** No input of a command is nested deeper, or holds more values, whatever its size. */
export const INPUT_DEPTH_MAX = 16;
export const INPUT_VALUES_MAX = 5_000;
/** What a connection may send before it has authenticated itself: a token twice over, in bytes, and a few packets. */
export const STRANGER_BYTES_MAX = 20 * 1024;
export const STRANGER_PACKETS_MAX = 10;
/** Each whole so many characters of a packet count against its connection as a packet does that is no call: no call of use is that long. */
export const LARGE_PACKET_CHARS = 32 * 1024;
/**
 * What may wait for a client that does not read, in packets and bytes. Of events, more is too much at once; an answer that the client asked for may be larger, as
 * long as it is taken.
 */
export const UNREAD_PACKETS_MAX = 1_000;
export const UNREAD_BYTES_MAX = 1024 * 1024;
/** For so long who connects again is told that an earlier connection of theirs was cut off, and why. */
export const CUT_TOLD_MS = 5 * 60_000;
/** Calls of one connection that are worked on at a time: so many that write, or so many that read, or a mixture; and reads of one user. */
export const CALLS_AT_A_TIME = 64;
export const READS_AT_A_TIME = 8;
/** Each further so many characters of entries in an answer count as another read. */
export const READ_UNIT_CHARS = 64 * 1024;
/** Calls of one connection that wait behind those; one more is refused. Scaled by `RATE_LIMIT_FACTOR`, as rates are. */
export const CALLS_WAITING_MAX = 1_000;
/** A connection that has not authenticated itself by then is cut. */
export const HANDSHAKE_DEADLINE_MS = 10_000;
export const PING_INTERVAL_MS = 15_000;
export const PING_TIMEOUT_MS = 10_000;

/** Rooms that one connection may have joined at a time. */
export const JOINED_ROOMS_MAX = 200;

/**
 * Rates by class: `points` in each `seconds`, counted for one user over all connections and both transports, and over all servers that share a Redis (somewhat late: README).
 * Two are counted for an address, before anybody is known: `handshake` for handshakes, and HTTP calls without a valid token; `page` for requests for what anybody
 * may have, and for what is not there. `excess` counts refusals: who does not slow down is cut off.
 */
export const RATES = {
  handshake: { points: 120, seconds: 60 },
  page: { points: 300, seconds: 60 },
  read: { points: 300, seconds: 10 },
  write: { points: 100, seconds: 10 },
  signal: { points: 100, seconds: 10 },
  directory: { points: 600, seconds: 10 },
  excess: { points: 300, seconds: 10 },
} as const;

export type RateClass = keyof typeof RATES;
/** The rates that a command can belong to. */
export type CommandRate = Exclude<RateClass, 'handshake' | 'page' | 'excess'>;

/** Connections at a time, for one user and for one address. */
export const CONNECTIONS_PER_USER = 30;
export const CONNECTIONS_PER_ADDRESS = 500;
/** So many connections of a user at a server are not counted by other servers, beside its own that are: what everybody has costs nobody a question. */
export const CONNECTIONS_UNSHARED = 5;
/** TCP connections of one address at a time, whatever they are for. Not counted behind a proxy (`TRUST_PROXY`), to which they all belong. */
export const TCP_PER_ADDRESS = 2_000;
