import type { ProjectAction } from '../../../shared/contract/projects.ts';

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** `for the buyer` and the like: what the log says of whoever acted in another's place. */
const inPlace = ({ side, late }: EventNames): string =>
  (side === '' ? '' : ` for the ${side.toLowerCase()}`) + (late ? ' in place of a late operator' : '');
const because = (words: string): string => (words === '' ? '' : `: ${words}`);
const due = (words: string): string => (words === '' ? '' : `, due ${words}`);

/** What a line about an event can name; empty where the event says nothing of it. */
export interface EventNames {
  event: string;
  actor: string;
  orderId: string;
  provider: string;
  node: string;
  member: string;
  template: string;
  /** A reason or a remark. */
  reason: string;
  queued: string;
  from: string;
  to: string;
  /** Who works it from now on, if that is not the actor. */
  operator: string;
  role: string;
  run: number;
  action: string;
  due: string;
  /** The side that an operator of the platform acted for. */
  side: string;
  late: boolean;
  auto: boolean;
  manual: boolean;
  files: readonly string[];
  /** Whom a notification is for. */
  receiver: string;
  /** A notification's own words. */
  message: string;
}

/** The words of a delivery's flow, in English. */
export const enFlow = {
  /** Words on the buttons of the built-in templates, where the language has its own. */
  labels: {} as Record<string, string>,
  yourTurn: 'your turn',
  whoWorks: 'one who works the step',
  workedBy: (name: string) => `worked by ${name}`,
  enteredAt: (when: string) => `since ${when}`,
  endedAt: (when: string) => when,
  timesVisited: (count: number) => `entered ${count} times`,
  dueIn: (span: string) => `${span} left`,
  overdueBy: (span: string) => `overdue by ${span}`,
  dueAt: (when: string) => `Due ${when}`,
  provisional: 'provisional: the holidays of that year are not published yet',
  paused: (when: string) => `Paused since ${when}`,
  pausedLeft: (span: string) => `${span} of working time left`,
  runNumber: (run: number) => `Run ${run}, after a change of provider`,
  queuedAt: (reason: string) => `Queued: ${reason}`,
  span: { day: 'd', hour: 'h', minute: 'min', second: 's', join: ' ' },
  thresholds: { day: 'Less than a day is left.', hour: 'Less than an hour is left.', over: 'This step is overdue.' },
  currentStep: 'Current step',
  flowDone: 'All steps are done.',
  flowClosed: 'The flow was closed.',
  manage: 'Project',
  forSide: (label: string, side: string) => `${label} (for the ${side.toLowerCase()})`,
  actions: {
    pause: 'Pause',
    resume: 'Resume',
    changeOperator: 'Change operator',
    changeProvider: 'Change provider',
    dispatch: 'Dispatch now',
    close: 'Close the flow',
  } as Record<ProjectAction, string>,
  explain: {
    submit: 'The provider gets this as soon as you submit it.',
    claim: 'The order becomes yours, and your department owns it.',
    upload: 'The files are added to this step.',
    finish: 'This step ends, and the next one begins.',
    confirm: 'This step ends, and the flow goes on. It cannot be taken back.',
    reject: 'The flow goes back to the step before, and your reason is shown to everyone.',
    pause: 'The clocks stop. What is left of the time is left when the project is resumed.',
    resume: 'The clocks go on with what was left.',
    changeOperator: 'Somebody else of the same role takes over. They must have capacity free.',
    changeProvider: 'The flow starts again from its first step. The present provider loses the room at once.',
    dispatch: 'The project leaves its queue at once.',
    close: 'The flow ends for good. Everyone can still read, and nobody writes but operators.',
  } as Record<string, string>,
  force: (side: string) =>
    `As an operator of the platform you act for the ${side.toLowerCase()}. The log names you and says so.`,
  forceProject: 'As an operator of the platform you act over the parties. The log names you.',
  inPlaceOf: (name: string) => `${name} is late: you act in their place, and the log says so.`,
  fields: {
    contactName: 'Contact name',
    phone: 'Phone',
    email: 'E-mail',
    address: 'Address',
    details: 'Details of the demand',
    attachments: 'Attachments',
    files: 'Files',
    reason: 'Reason',
    remark: 'Remark',
    org: 'Provider',
    userId: 'Operator',
    nodeId: 'Role',
  } as Record<string, string>,
  required: 'required',
  requiredMarked: 'Fields with * are required.',
  optional: 'optional',
  faults: {
    required: 'This is required.',
    phone: 'This must be a phone number.',
    email: 'This must be a mail address.',
    choose: 'Choose one.',
    fileNeeded: 'This step needs a file first.',
    other: 'This does not fit.',
  },
  tooLongFault: (most: string) => `At most ${most} characters.`,
  tooLargeFault: (size: string) => `A file may have ${size} at most.`,
  typesFault: (types: string) => `Files must be one of: ${types}.`,
  faultCount: (count: number) => `${plural(count, 'field does', 'fields do')} not fit yet.`,
  sending: 'Sending…',
  addFiles: 'Add files',
  uploading: (name: string, percent: number) => `${name}: ${percent} %`,
  uploadFailed: 'not uploaded',
  uploadsRunning: 'Wait until the files are uploaded.',
  noUploads: 'Files cannot be uploaded here.',
  remove: (name: string) => `Remove ${name}`,
  download: (name: string) => `Download ${name}`,
  lostRace: 'It is too late for this: somebody else was first, or the project has gone on.',
  nowAt: (step: string, turn: string) => `It now stands at "${step}"${turn === '' ? '' : ` (${turn})`}.`,
  nowStatus: (status: string) => `The project is now: ${status.toLowerCase()}.`,
  movedOn: 'While you were here the project has gone on. What you wrote is kept until you close this.',
  notSent: 'There is no connection: nothing was sent. Try again when it is back.',
  notSure: 'The connection broke: it may have been done all the same. Look at the step before you try again.',
  load: (load: number, most: number) => `${load} of ${most}`,
  full: 'full',
  notAccepting: 'takes no orders',
  onLeave: 'on leave',
  present: 'now',
  loadingChoices: 'Loading…',
  noChoices: 'There is nobody to choose.',
  choicesFailed: (reason: string) => `This cannot be loaded: ${reason}`,
  demand: 'The demand',
  viewDemand: 'View demand',
  noDemand: 'Nothing was submitted yet.',
  queue: 'Queue',
  queueEmpty: 'Nothing waits.',
  waitsSince: (when: string) => `since ${when}`,
  place: (place: number) => `No. ${place}`,
  dispatch: 'Dispatch',
  openRoom: 'Open',

  events: {
    'project.created': ({ orderId, template }) =>
      orderId !== ''
        ? `The project was created for order ${orderId}`
        : `The project was created${template === '' ? '' : ` with the flow "${template}"`}`,
    'project.queued': ({ node, queued }) => `Queued at ${node}: ${queued}`,
    'project.paused': ({ actor, reason }) => `${actor} paused the project${because(reason)}`,
    'project.resumed': (named) => `${named.actor} resumed the project${because(named.reason)}${due(named.due)}`,
    'project.completed': () => 'The project is completed',
    'project.closed': ({ actor, reason }) => `${actor} closed the flow${because(reason)}`,
    'provider.assigned': ({ actor, provider, manual }) =>
      manual ? `${actor} assigned ${provider} as the provider` : `${provider} was assigned as the provider`,
    'provider.changed': ({ actor, from, to, reason, run }) =>
      `${actor} changed the provider ${from === '' ? '' : `from ${from} `}to ${to}${because(reason)}. The flow starts again as run ${run}.`,
    'operator.changed': ({ actor, role, from, to, reason }) =>
      `${actor} changed the operator (${role}) ${from === '' ? '' : `from ${from} `}to ${to}${because(reason)}`,
    'order.claimed': (named) =>
      named.operator === ''
        ? `${named.actor} claimed the order${inPlace(named)}`
        : `${named.actor} gave the order to ${named.operator} (${named.role})`,
    'order.dispatched': ({ actor, operator, role, manual }) =>
      manual
        ? `${actor} dispatched the order to ${operator} (${role})`
        : `The order was dispatched to ${operator} (${role})`,
    'node.entered': (named) => `Step entered: ${named.node}${due(named.due)}`,
    'node.done': (named) => {
      if (named.auto) return `${named.node}: its time was over, and the flow went on by itself`;
      const did =
        ({ submit: 'submitted', confirm: 'confirmed', finish: 'finished' } as Record<string, string>)[named.action] ??
        'finished';
      return `${named.actor} ${did} ${named.node}${inPlace(named)}`;
    },
    'node.rejected': (named) => `${named.actor} rejected ${named.node}${inPlace(named)}${because(named.reason)}`,
    'node.due_changed': ({ node, due }) => `${node} is now due ${due}`,
    'node.due_soon': ({ node }) => `${node} is due soon`,
    'node.timed_out': ({ node }) => `${node} is overdue`,
    'file.added': (named) =>
      `${named.actor} added ${plural(named.files.length, 'file', 'files')}${named.node === '' ? '' : ` to ${named.node}`}${inPlace(named)}`,
    'notes.handed_over': ({ provider }) => `The notes begin here for ${provider}`,
    notification: ({ receiver, message }) =>
      receiver === '' ? message : `For the ${receiver.toLowerCase()}: ${message}`,
    'member.added': ({ actor, member }) => `${actor} added ${member}`,
    'member.removed': ({ actor, member }) => `${actor} removed ${member}`,
    'member.changed': () => "The buyer's people in this room have changed",
  } as Record<string, (named: EventNames) => string>,
  otherEvent: ({ actor, event }: EventNames) => `${actor}: ${event}`,
};

export type FlowWords = typeof enFlow;
