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
/** People that one company adds to a room: they stand in its document, and who opens the room gets their names. */
export const MEMBERS_MAX = 200;
export const RECALL_WINDOW_MS = 2 * 60_000;
/** Someone counts as gone this long after the last connection ended, so that a reload does not flicker. */
export const PRESENCE_GRACE_MS = 5_000;
/** A typing mark that is not renewed ends by itself after this long. */
export const TYPING_TTL_MS = 6_000;
/** The farthest that the service's clock jumps at a time: ten years. */
export const CLOCK_JUMP_MAX_MS = 10 * 366 * 86_400_000;
export const AUTH_EXPIRING_AHEAD_MS = 60_000;

/** How many providers one demand takes at a time where the deployment does not say otherwise; a targeted one takes one. */
export const PLACES_DEFAULT = 5;
/** More, each with all the proposals and lines that it may have, would be more than one document holds. */
export const PLACES_MAX = 10;
/** Engagements of one demand over its whole life: they stand in its document, and the buyer is sent them all. */
export const ENGAGEMENTS_MAX = 100;
/** Demands that one provider may grab on one calendar day of the office. */
export const GRABS_A_DAY = 5;
/** For so long an assigned or targeted provider may answer. */
export const OFFER_MS = 24 * 3_600_000;
/** For so long a provider follows a demand without a communication record; each one renews it. */
export const FOLLOWING_WINDOW_MS = 7 * 86_400_000;
/** The plaza takes in what was published since its last refresh, on each full hour. */
export const PLAZA_REFRESH_MS = 3_600_000;
export const DEMAND_TITLE_MAX = 120;
export const DEMAND_DETAILS_MAX = 4000;
/** A category, a sub-category, a region. */
export const DEMAND_TERM_MAX = 100;
/** Categories, or regions, that a company is known for. */
export const ORG_TERMS_MAX = 50;
export const RATING_MAX = 5;
/** Proposals that one engagement ever sends, withdrawn ones too: they stand in the demand's document. */
export const PROPOSALS_MAX = 20;
export const QUOTE_LINES_MAX = 30;
export const QUOTE_TEXT_MAX = 100;
export const PROPOSAL_REMARK_MAX = 500;
export const QUANTITY_MAX = 1_000_000;
/** Digits before the point of an amount of money that somebody names; what is computed from such may have more. */
export const AMOUNT_DIGITS_MAX = 12;
/** So many of an engagement's latest communication records are known by their clientId when they are sent again. */
export const RECORDS_KNOWN = 50;
/** Providers that the operators are suggested for one demand. */
export const SUGGESTIONS_MAX = 20;
/** A code that verifies a phone: its digits, how long it holds, how often it may be tried. */
export const CODE_DIGITS = 6;
export const CODE_TTL_MS = 10 * 60_000;
export const CODE_TRIES_MAX = 5;
/** When the next one for a number can be asked for; codes in 24 hours for a number, and for whoever asks. Scaled by `RATE_LIMIT_FACTOR`, as rates are. */
export const CODE_RESEND_MS = 60_000;
export const CODES_A_DAY_PER_NUMBER = 5;
export const CODES_A_DAY_PER_USER = 10;
export const PHONE_MAX = 40;

/** Calls that one person places on one calendar day of the office, where the deployment does not say otherwise. */
export const CALLS_A_DAY_DEFAULT = 20;
/** How long two people talk at most, likewise. */
export const CALL_MAX_MINUTES_DEFAULT = 60;
/** For so long a call waits to be agreed to, where somebody is asked. */
export const CALL_APPROVAL_MS = 5 * 60_000;
/** For so long it waits for its bridge to ring the first phone, and then for each phone to be answered. */
export const CALL_BEGIN_MS = 2 * 60_000;
export const CALL_RING_MS = 2 * 60_000;
/** Where the caller rings a number of the carrier's themselves, they have so long to do it. */
export const CALL_DIAL_MS = 10 * 60_000;
/** For so long after the longest talk the carrier's word of its end is waited for. */
export const CALL_REPORT_MS = 5 * 60_000;
/** The longest id of a call, in bytes: what carriers take along and give back. */
export const CALL_ID_BYTES = 15;
/** The largest callback of a carrier, in bytes: some push many records at a time. */
export const CALLBACK_MAX_BYTES = 64 * 1024;
/** A callback is answered by then, whatever it waits for: Twilio gives up after 15 seconds, and others far earlier. */
export const CALLBACK_ANSWER_MS = 5_000;
/** The largest recording, in bytes: the longest call that can be set, as no carrier's format exceeds it. */
export const RECORDING_MAX_BYTES = 256 * 1024 * 1024;
/** For so long a recording is asked for after its carrier has named it; carriers need up to 20 minutes to have it. */
export const RECORDING_WAIT_MS = 86_400_000;
/** How many days one is kept, where the deployment does not say otherwise. */
export const RECORDING_DAYS_DEFAULT = 180;

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
/** A user who was cut off for a flood opens no connection for so long: coming back at once gains nothing. */
export const FLOOD_PAUSE_MS = 5_000;
/** Calls of one connection that are worked on at a time: so many that write, or so many that read, or a mixture; and reads of one user. */
export const CALLS_AT_A_TIME = 64;
export const READS_AT_A_TIME = 8;
/** When more than so many reads wait, of a connection or of one user, they are worked on one at a time until none waits; rooms that are joined do not count. */
export const WAITING_CROWD = 32;
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
