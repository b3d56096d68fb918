import type { ErrorCode } from '../../../shared/contract/errors.ts';
import type { Side } from '../../../shared/contract/primitives.ts';
import type { ProjectStatus, QueuedReason } from '../../../shared/contract/projects.ts';
import { enCall } from './en-call.ts';
import { enFlow } from './en-flow.ts';
import { enMarket } from './en-market.ts';
import { enOpportunity } from './en-opportunity.ts';

/** Every word that the elements show, in English. `{name}`-like holes are functions, so that each language orders them. */
export const en = {
  tag: 'en',
  sides: {
    buyer: 'Buyer',
    provider: 'Provider',
    vendor: 'Vendor',
    operator: 'Operator',
    service: 'System',
  } as Record<Side, string>,
  streams: { public: 'Everyone', provider: 'Notes', operator: 'Remarks' } as Record<string, string>,
  streamHints: {
    provider: 'Only the provider, the vendor and operators read this.',
    operator: 'Only operators read this.',
  } as Record<string, string>,
  projectStatus: {
    executing: 'In progress',
    paused: 'Paused',
    completed: 'Completed',
    cancelled: 'Closed',
  } as Record<ProjectStatus, string>,
  queued: {
    no_provider: 'waiting for a provider',
    providers_full: 'all providers are full',
    no_staff_with_role: 'nobody has the role it needs',
    staff_full: 'everybody is full',
  } as Record<QueuedReason, string>,
  overdue: 'Overdue',
  roles: {
    designer: 'designer',
    account_manager: 'account manager',
    delivery_specialist: 'delivery specialist',
    service_agent: 'service agent',
    developer: 'developer',
    tester: 'tester',
    provider_admin: 'admin',
    vendor_admin: 'admin',
    project_manager: 'project manager',
  } as Record<string, string>,
  /** Names of the built-in templates' nodes, where the language has its own. */
  nodeNames: {} as Record<string, string>,
  order: (orderId: string) => `Order ${orderId}`,
  step: (number: number, of: number, name: string) => `Step ${number} of ${of}: ${name}`,
  turnOf: { buyer: "the buyer's turn", provider: "the provider's turn", system: 'by the service itself' } as Record<
    string,
    string
  >,
  flow: 'Flow',
  nodeStatus: {
    pending: 'to come',
    active: 'now',
    done: 'done',
    rejected: 'rejected',
    skipped: 'skipped',
  } as Record<string, string>,
  people: 'People',
  online: 'online',
  offline: 'away',
  you: 'you',
  onlineCount: (count: number) => (count === 1 ? '1 online' : `${count} online`),
  details: 'People and flow',
  closeDetails: 'Close',

  timeline: 'Messages',
  loadOlder: 'Load older messages',
  loadMore: 'Show more',
  loadingOlder: 'Loading…',
  beginning: 'This is where it begins.',
  empty: 'Nothing here yet.',
  unread: 'New',
  today: 'Today',
  yesterday: 'Yesterday',
  newest: 'To the newest',
  newBelow: (count: number) => (count === 1 ? '1 new message' : `${count} new messages`),
  edited: 'edited',
  recalled: (name: string) => `${name} recalled a message`,
  recalledByYou: 'You recalled a message',
  reply: 'Reply',
  edit: 'Edit',
  recall: 'Recall',
  retry: 'Try again',
  discard: 'Discard',
  earlierMessage: 'an earlier message',
  states: { pending: 'waiting to be sent', sending: 'sending', sent: 'sent', failed: 'not sent' } as Record<
    string,
    string
  >,
  readBy: (names: string) => `read by ${names}`,
  typing: (names: readonly string[]) =>
    names.length === 1
      ? `${names[0]} is typing`
      : names.length === 2
        ? `${names[0]} and ${names[1]} are typing`
        : `${names.length} people are typing`,

  write: 'Write a message',
  writeTo: { provider: 'Write a note. The buyer never sees it.', operator: 'Write a remark for operators.' } as Record<
    string,
    string
  >,
  send: 'Send',
  save: 'Save',
  cancel: 'Cancel',
  editing: 'Editing your message',
  replyingTo: (name: string) => `Replying to ${name}`,
  sendHint: 'Enter sends, Shift+Enter makes a new line',
  tooLong: (length: number, most: number) => `${length} of ${most} characters`,
  readOnly: 'You can read here, but not write.',
  closed: 'This room is closed. Nobody writes here any more.',

  connecting: 'Connecting…',
  resuming: 'Catching up…',
  live: 'Live',
  waiting: (seconds: number) =>
    seconds > 0 ? `No connection. Trying again in ${seconds} s.` : 'No connection. Trying again…',
  noNetwork: 'You are offline. What you write is kept and sent when the network is back.',
  connectionFailed: (reason: string) => `Not connected: ${reason}`,
  disconnected: 'Not connected.',
  tryNow: 'Try now',
  opening: 'Opening the room…',
  roomFailed: (reason: string) => `The room cannot be opened: ${reason}`,
  revoked: 'You no longer have access to this room.',
  errors: {
    invalid: 'This cannot be sent as it is.',
    unsupported_version: 'This page is too old for the server: reload it.',
    unauthenticated: 'Your session is over: log in again.',
    forbidden: 'You may not do this.',
    not_found: 'It is not there, or not yours to see.',
    conflict: 'It is too late for this, or somebody else was first.',
    read_only: 'Nobody writes here any more.',
    too_large: 'It is too large.',
    unsupported_type: 'This kind of content is not accepted.',
    rate_limited: 'Too fast: wait a moment.',
    internal: 'Something went wrong on the server.',
    unavailable: 'The server cannot be reached right now.',
  } as Record<ErrorCode, string>,

  rooms: 'Rooms',
  noRooms: 'No rooms yet.',
  unreadCount: (count: number) => `${count} unread`,
  backToRooms: 'All rooms',

  delivery: enFlow,
  opportunity: enOpportunity,
  market: enMarket,
  calls: enCall,
};

export type Words = typeof en;
