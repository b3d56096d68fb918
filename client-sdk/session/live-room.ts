import type { Call } from '../../shared/contract/calls.ts';
import type { Entry } from '../../shared/contract/entries.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { ServerEvents } from '../../shared/contract/events.ts';
import type { Opportunity } from '../../shared/contract/opportunities.ts';
import type { Project } from '../../shared/contract/projects.ts';
import { PAGE_DEFAULT } from '../../shared/contract/limits.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import { gapOf } from '../../shared/model/stream-log.ts';
import type {
  LiveRoom,
  NodeAct,
  ProjectCommand,
  RoomEvents,
  RoomSnapshot,
  SendOptions,
  SentMessage,
} from '../core/api.ts';
import type { Clock } from '../core/clock.ts';
import { Emitter } from '../core/emitter.ts';
import type { Shown } from '../core/outbox.ts';
import { callCame, callFactOf } from '../core/room-calls.ts';
import * as rooms from '../core/room-state.ts';
import * as subject from '../core/room-subject.ts';
import { RoomView } from '../core/room-view.ts';
import { CallActs } from './calls.ts';
import { GapRepair } from './gap-repair.ts';
import { Membership } from './membership.ts';
import type { OutboxSender } from './outbox-sender.ts';
import { ProjectActs } from './project-acts.ts';
import { ReadMarks } from './read-marks.ts';
import type { Session } from './session.ts';
import { Timers } from './timers.ts';
import { TypingSignals } from './typing-signals.ts';

export interface RoomShellOptions {
  session: Session;
  outbox: OutboxSender;
  clock: Clock;
  random: () => number;
  livenessMs: number;
}

type Cause = RoomEvents['entry']['cause'];

/** A room around its pure state: it asks the server, takes in what comes, and tells its listeners. */
export class RoomShell implements LiveRoom {
  readonly roomId: string;
  readonly calls: CallActs;
  readonly #options: RoomShellOptions;
  readonly #timers: Timers;
  readonly #emitter: Emitter<RoomEvents>;
  readonly #view = new RoomView();
  readonly #membership: Membership;
  readonly #repair: GapRepair;
  readonly #marks: ReadMarks;
  readonly #typing: TypingSignals;
  readonly #acts: ProjectActs;
  readonly #olderAsked = new Map<string, Promise<boolean>>();
  #state = rooms.CLOSED_ROOM;
  #snapshot: RoomSnapshot | undefined;

  constructor(roomId: string, options: RoomShellOptions, onFault: (fault: unknown) => void) {
    const { session, clock, random, livenessMs } = options;
    this.roomId = roomId;
    this.#options = options;
    this.#timers = new Timers(clock);
    this.#emitter = new Emitter(onFault);
    this.#typing = new TypingSignals(roomId, session, clock);
    this.#repair = new GapRepair(roomId, session, this.#timers, random, {
      gap: (stream) => this.#gap(stream),
      page: (stream, entries, head) => this.#become(rooms.pageCame(this.#state, stream, entries, head), 'resume'),
      refused: () => this.#membership.joinAgain(),
    });
    this.#marks = new ReadMarks(roomId, session, this.#timers, random, {
      has: (stream) => this.#isOpen && this.#state.streams.has(stream),
      marked: (stream, seq, unread) => this.#become(rooms.markCame(this.#state, stream, seq, unread)),
    });
    this.#acts = new ProjectActs(session, {
      project: () => this.#state.project,
      came: (project) => this.projectCame(project),
      doubt: () => this.#membership.lookAgain(),
    });
    this.calls = new CallActs(roomId, session, this.#timers, random, {
      isOpen: () => this.#isOpen,
      calls: () => this.snapshot.calls,
      callerDials: (callId) => this.#view.callerDials(callId),
      came: (call) => this.callCame(call),
    });
    this.#membership = new Membership({ roomId, session, clock, random, livenessMs }, this.#timers, {
      since: () => rooms.heldSince(this.#state),
      joining: () => this.#become(rooms.joining(this.#state)),
      joined: (answer, since) => this.#joined(answer, since),
      compared: (answer) => {
        this.#become(rooms.compared(this.#state, answer));
        return !rooms.isBehind(this.#state, answer.room);
      },
      refused: (error) => this.#refused(error),
      closed: () => this.#dropped(rooms.CLOSED_ROOM),
    });
  }

  get snapshot(): RoomSnapshot {
    const { outbox, session } = this.#options;
    this.#snapshot ??= this.#view.snapshot(this.roomId, this.#state, outbox.outbox, session.me?.userId);
    return this.#snapshot;
  }

  /** False while the room is held open and has not been joined on this connection. */
  get maySend(): boolean {
    const { status } = this.#state;
    return !this.#membership.held || status === 'open' || status === 'failed' || status === 'revoked';
  }

  open(): Promise<void> {
    return this.#membership.hold();
  }

  close(): void {
    this.#membership.release();
  }

  /** The client closes: the room lets go of its timers and of its listeners. */
  end(): void {
    this.#membership.end();
    this.#timers.cancelAll();
    this.#emitter.clear();
  }

  on<Name extends keyof RoomEvents>(name: Name, listener: (payload: RoomEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  send(text: string, options: SendOptions = {}): SentMessage {
    const { stream = subject.ownStream(this.#state) } = options;
    this.typing(stream, false);
    return this.#options.outbox.send(this.roomId, text, { ...options, stream });
  }

  retry(clientId: string): SentMessage {
    return this.#options.outbox.retry(this.roomId, clientId);
  }

  discard(clientId: string): boolean {
    return this.#options.outbox.discard(this.roomId, clientId);
  }

  async edit(entryId: string, text: string): Promise<Entry> {
    const { entry } = await this.#options.session.request('message.edit', { roomId: this.roomId, entryId, text });
    this.entryCame(entry);
    return entry;
  }

  async recall(entryId: string): Promise<Entry> {
    const { entry } = await this.#options.session.request('message.recall', { roomId: this.roomId, entryId });
    this.entryCame(entry);
    return entry;
  }

  act(act: NodeAct): Promise<Project> {
    return this.#acts.act(act);
  }

  change<Name extends ProjectCommand>(name: Name, input: Omit<CommandInput<Name>, 'projectId'>): Promise<Project> {
    return this.#acts.change(name, input);
  }

  markRead(stream: string, seq: number): void {
    const held = this.#state.streams.get(stream);
    if (!held) return;
    const reached = Math.min(seq, held.log.last);
    this.#become(rooms.markCame(this.#state, stream, reached));
    this.#marks.mark(stream, reached);
  }

  typing(stream: string, on: boolean): void {
    this.#typing.set(stream, on);
  }

  older(stream: string): Promise<boolean> {
    const asked = this.#olderAsked.get(stream) ?? this.#older(stream).finally(() => this.#olderAsked.delete(stream));
    this.#olderAsked.set(stream, asked);
    return asked;
  }

  async #older(stream: string): Promise<boolean> {
    const held = this.#state.streams.get(stream);
    if (held === undefined) throw new RoomError('not_found', 'The room shows no such stream');
    if (!rooms.hasOlder(held)) return false;
    const { entries, head } = await this.#options.session.request('entry.fetch', {
      roomId: this.roomId,
      stream,
      before: held.log.first,
      limit: PAGE_DEFAULT,
    });
    this.#become(rooms.olderCame(this.#state, stream, entries, head));
    const now = this.#state.streams.get(stream);
    return now !== undefined && rooms.hasOlder(now);
  }

  connected(): void {
    this.#repair.restart();
    this.#membership.connected();
  }

  disconnected(): void {
    this.#typing.clear();
    this.#membership.disconnected();
    this.#become(rooms.disconnected(this.#state));
  }

  outboxChanged(): void {
    this.#changed();
  }

  /** An entry, live or out of an ack; answers whether the timeline shows it or is about to. */
  entryCame(entry: Entry): boolean {
    if (this.#isOver) return false;
    const known = this.#state.streams.has(entry.stream);
    this.#membership.heard(entry.stream);
    this.#become(rooms.entryCame(this.#state, entry), 'live');
    if (!known && this.#isOpen) this.#membership.joinAgain();
    return known;
  }

  /** The ack of an own message came; answers whether the timeline shows its entry, or is about to. */
  acknowledged(entry: Entry): boolean {
    const known = this.entryCame(entry);
    const last = this.#state.streams.get(entry.stream)?.log.last;
    if (last !== undefined) this.#tellOutbox([{ stream: entry.stream, last, entries: [] }]);
    return known;
  }

  receiptCame(receipt: ServerEvents['receipt']): void {
    if (this.#isOver) return;
    this.#become(rooms.receiptCame(this.#state, receipt, this.#options.session.me?.userId));
    this.#emitter.emit('receipt', receipt);
  }

  presenceCame(change: ServerEvents['presence']): void {
    if (this.#isOver) return;
    this.#become(rooms.presenceCame(this.#state, change));
    this.#emitter.emit('presence', change);
  }

  typingCame(change: ServerEvents['typing']): void {
    if (this.#isOver) return;
    this.#become(rooms.typingCame(this.#state, change, this.#options.clock.now()));
    this.#emitter.emit('typing', change);
  }

  /** The project's state, out of an event or an answer; one that is older than what is shown is passed over. */
  projectCame(project: Project): void {
    this.#subjectCame(subject.projectCame(this.#state, project), () => this.#emitter.emit('project', project));
  }

  /** The opportunity's, likewise. */
  opportunityCame(one: Opportunity): void {
    this.#subjectCame(subject.opportunityCame(this.#state, one), () => this.#emitter.emit('opportunity', one));
  }

  /** A call as a command answered it; one that has come further meanwhile is left as it is. */
  callCame(call: Call): void {
    if (!this.#isOver) this.#become(callCame(this.#state, call));
  }

  #subjectCame(next: rooms.RoomState, tell: () => void): void {
    const before = this.#state;
    if (this.#isOver || next === before) return;
    this.#become(next);
    tell();
    if (!subject.changesRights(before, next)) return;
    // What may be read and written is said by a join alone, and one that is on its way may have been answered before.
    this.#membership.doubtJoin();
    this.#membership.joinAgain();
  }

  revoked({ roomId, stream, reason }: ServerEvents['access.revoked']): void {
    if (this.#isOver) return;
    if (stream === undefined) {
      this.#membership.revoked();
      this.#dropped(rooms.roomRevoked(reason));
    } else {
      // A join's answer that is on its way may have been made before: it is asked for again.
      this.#membership.doubtJoin();
      this.#options.outbox.released(roomId, stream);
      this.#become(rooms.streamRevoked(this.#state, stream));
    }
    this.#emitter.emit('revoked', { roomId, ...(stream === undefined ? {} : { stream }), reason });
  }

  get #isOpen(): boolean {
    return this.#state.status === 'open';
  }

  get #isOver(): boolean {
    return this.#state.status === 'revoked' || this.#state.status === 'failed' || this.#state.status === 'closed';
  }

  #gap(stream: string): { after: number; upTo: number } | undefined {
    const log = this.#isOpen ? this.#state.streams.get(stream)?.log : undefined;
    return log && gapOf(log);
  }

  #joined(answer: Parameters<typeof rooms.joined>[1], since: Record<string, number> | undefined): void {
    if (this.#state.early.some(rooms.changesRoom)) this.#membership.lookAgain();
    this.#become(rooms.joined(this.#state, answer, since), 'resume');
    // The one who answered knows less than is known here.
    if (subject.namesMore(this.#state)) this.#membership.lookAgain();
    for (const stream of this.#state.streams.keys()) this.#marks.synchronize(stream);
    this.calls.joined(since !== undefined || ![...this.#state.streams.values()].some(rooms.hasOlder));
    this.#options.outbox.flush();
  }

  /** The server will not let the room be joined: it was never ours to see, or it is not any more. */
  #refused(error: RoomError): void {
    const withdrawn = this.#state.streams.size > 0 && (error.code === 'not_found' || error.code === 'forbidden');
    if (!withdrawn) {
      this.#become(rooms.roomFailed(this.#state, error));
    } else {
      this.#dropped(rooms.roomRevoked(error.message));
      this.#emitter.emit('revoked', { roomId: this.roomId, reason: error.message });
    }
    this.#options.outbox.flush();
  }

  #dropped(state: rooms.RoomState): void {
    this.#timers.cancelAll();
    this.#marks.clear();
    this.#typing.clear();
    this.#options.outbox.released(this.roomId);
    this.#become(state);
  }

  /** The one way to a new state: what follows from it is done here, whatever brought it. */
  #become(state: rooms.RoomState, cause: Cause = 'resume'): void {
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    const appended = rooms.appendedSince(before, state);
    this.#settleOutbox(before, appended);
    this.#changed();
    if (appended.some(rooms.changesRoom)) this.#membership.lookAgain();
    for (const entry of appended) this.#emitter.emit('entry', { entry, cause });
    this.#tellCalls(appended);
    for (const stream of this.#state.streams.keys()) this.#repair.check(stream);
    this.#watchTyping();
  }

  #tellCalls(appended: readonly Entry[]): void {
    const ids = new Set(appended.flatMap((entry) => callFactOf(entry)?.callId ?? []));
    if (ids.size === 0) return;
    for (const call of this.snapshot.calls) if (ids.has(call.id)) this.#emitter.emit('call', call);
    this.calls.heard(appended);
  }

  #settleOutbox(before: rooms.RoomState, appended: readonly Entry[]): void {
    const timelines = [...this.#state.streams].flatMap(([stream, { log }]) => {
      const past = before.streams.get(stream)?.log;
      if (past?.last === log.last) return [];
      const entries = past ? appended.filter((entry) => entry.stream === stream) : log.entries;
      return [{ stream, last: log.last, entries }];
    });
    if (timelines.length > 0) this.#tellOutbox(timelines);
  }

  #tellOutbox(timelines: readonly Pick<Shown, 'stream' | 'last' | 'entries'>[]): void {
    const { outbox, session } = this.#options;
    const whose = { roomId: this.roomId, userId: session.me?.userId };
    outbox.shown(timelines.map((timeline) => ({ ...whose, ...timeline })));
  }

  #changed(): void {
    this.#snapshot = undefined;
    if (this.#emitter.has('change')) this.#emitter.emit('change', this.snapshot);
  }

  #watchTyping(): void {
    const endsAt = rooms.typingEndsAt(this.#state);
    if (endsAt === undefined) return this.#timers.cancel('typing');
    this.#timers.set('typing', endsAt - this.#options.clock.now(), () =>
      this.#become(rooms.typingExpired(this.#state, this.#options.clock.now())),
    );
  }
}
