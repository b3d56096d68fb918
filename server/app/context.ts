import type { Connection } from 'mongoose';
import type { Entry } from '../../shared/contract/entries.ts';
import { AddedYears } from '../calendar/added-years.ts';
import { OfficeTime } from '../calendar/office-time.ts';
import type { StandIn } from '../calls/bridges/open-bridge.ts';
import type { Clock } from '../clock.ts';
import { Deliveries } from '../delivery/deliveries.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import { Places } from '../delivery/places.ts';
import { ProjectCreation } from '../delivery/project-creation.ts';
import { createSweeps, projectTick, type Seen, type Sweeps } from '../delivery/sweeps.ts';
import { type DirectoryModels, directoryModels } from '../directory/directory-store.ts';
import type { CodeSender } from '../numbers/code-sender.ts';
import { orderOfDeal } from '../opportunities/order-of-deal.ts';
import { Activity } from '../rooms/activity.ts';
import { LaneStore } from '../rooms/lane-store.ts';
import { Notifications } from '../rooms/notifications.ts';
import { Outbox } from '../rooms/outbox.ts';
import type { OpportunityRoom, RoomDoc } from '../rooms/room-doc.ts';
import { roomModel } from '../rooms/room-model.ts';
import { RoomStore } from '../rooms/room-store.ts';
import type { Storage } from '../storage/connect.ts';
import { Figures } from '../telemetry/figures.ts';
import type { Log } from '../telemetry/log.ts';
import { Appender } from '../timeline/appender.ts';
import { type EntryDoc, entryModel } from '../timeline/entry-store.ts';
import { TemplateStore } from '../templates/template-store.ts';
import { createPages, type Pages } from '../timeline/pages.ts';
import { createReadMarks, type ReadMarks, readMarkModel } from '../timeline/read-marks.ts';
import type { ServiceClock } from '../time/service-clock.ts';
import { WordingEraser } from '../timeline/wording-eraser.ts';
import { createIndexes } from './create-indexes.ts';
import { type CallWork, type CallWorkSettings, openCalls } from './open-calls.ts';
import { type NumberSettings, type Numbers, numbersUpkeep, openNumbers } from './open-numbers.ts';
import { openOpportunities, type OpportunityWork, type OpportunityWorkSettings } from './open-opportunities.ts';
import type { Settings } from './settings.ts';
import type { Step } from './stop-in-order.ts';
import { FileStore } from '../files/file-store.ts';
import { fileChunks, fileModel, GridFiles } from '../files/grid-files.ts';

/** Who is told of what changes here; nobody, where no client is connected. */
export interface Listeners {
  onRoom(room: RoomDoc, before: RoomDoc | undefined): void;
  /** This process itself has changed a room. */
  onStored(room: RoomDoc): void;
  onEntry(doc: EntryDoc, entry: Entry, writtenHere: boolean): void;
}

export interface ContextParts {
  settings: Pick<Settings, 'opening' | 'cutoff'> & OpportunityWorkSettings & NumberSettings & CallWorkSettings;
  storage: Storage;
  clock: ServiceClock;
  /** The real time. */
  wall: Clock;
  dice: () => number;
  log: Log;
  listeners: Listeners;
  figures?: Figures;
  /** What carries codes to phones, in a process that is asked for them. */
  codeSender?: CodeSender | undefined;
  /** In the place of the carrier that joins phones. */
  standIn?: StandIn | undefined;
  /** In the place of the projects' own. */
  sweeps?: ((connection: Connection, clock: Clock) => Sweeps) | undefined;
}

/** What rooms and deliveries are worked on with, whether clients are connected (the server) or not (the jobs apart from it). */
export interface Context extends Numbers, OpportunityWork, CallWork {
  readonly connection: Connection;
  /** The service's time. */
  readonly clock: ServiceClock;
  /** The real time. */
  readonly wall: Clock;
  readonly dice: () => number;
  readonly log: Log;
  /** Told of work in the background that failed, and of what it was about. */
  onError(error: unknown, about?: object): void;
  readonly directory: DirectoryModels;
  readonly rooms: RoomStore;
  readonly pages: Pages;
  readonly marks: ReadMarks;
  readonly activity: Activity;
  readonly lanes: LaneStore;
  readonly appender: Appender;
  readonly outbox: Outbox;
  readonly notifications: Notifications;
  readonly eraser: WordingEraser;
  readonly gridFiles: GridFiles;
  readonly files: FileStore;
  readonly templates: TemplateStore;
  readonly years: AddedYears;
  readonly officeTime: OfficeTime;
  /** The office's. */
  readonly timeZone: string;
  readonly deliveries: Deliveries;
  readonly creation: ProjectCreation;
  readonly places: Places;
  readonly dispatcher: Dispatcher;
  readonly sweeps: Sweeps;
  /** Sweeps and dispatch begin nothing more: a stop need not wait for all that is due, and what is left is for others. */
  stopWork(): void;
  /** Stores what is held back and closes the database, after everything that writes has ended. */
  readonly closing: readonly Step[];
}

/** Builds it over a database and makes the indexes. It starts nothing. */
export async function createContext(parts: ContextParts): Promise<Context> {
  const { settings, storage, clock, wall, dice, log, listeners, figures = new Figures() } = parts;
  const { connection } = storage;
  const onError = (error: unknown, about: object = {}) =>
    log.error({ ...about, err: error }, 'work in the background failed');
  const onSeen = (seen: Seen): void => {
    if (seen.lateMs !== undefined) figures.lateness.add(seen.lateMs);
    log.info(seen, 'a room was seen to');
  };

  const entries = entryModel(connection);
  const readMarks = readMarkModel(connection);
  const roomDocs = roomModel(connection);
  const directory = directoryModels(connection);
  const notifications = new Notifications(connection);
  const lanes = new LaneStore(connection);
  const templates = new TemplateStore(connection);
  const years = new AddedYears(connection);
  const { orgs, staff, products } = directory;
  const stored = [notifications.model, lanes.model, orgs, staff, products, templates.model, years.model];
  await createIndexes([entries, readMarks, roomDocs, ...stored]);
  const { calendarTimeZone: timeZone, opening, cutoff } = settings;
  const officeTime = new OfficeTime({
    years,
    hours: { timeZone, opening, cutoff },
    onYearAdded: (year) => log.info({ year }, 'a year was added to the calendar'),
  });
  await officeTime.load();
  const numbers = await openNumbers({ connection, settings, clock, wall, sender: parts.codeSender, log });
  const gridFiles = new GridFiles(fileModel(connection), fileChunks(connection));
  await gridFiles.createIndexes();

  const activity = new Activity({
    rooms: roomDocs,
    lanes,
    kindOf: (roomId) => rooms.cached(roomId)?.kind,
    dice,
    onError,
  });
  const appender = new Appender({
    entries,
    clock,
    log,
    figures,
    onEntry(doc, entry, writtenHere) {
      activity.note(doc.roomId, doc.stream, doc.at);
      listeners.onEntry(doc, entry, writtenHere);
    },
  });
  const rooms = new RoomStore(
    roomDocs,
    (room, before) => listeners.onRoom(room, before),
    (room) => listeners.onStored(room),
  );
  const pages = createPages(entries);
  const outbox = new Outbox({ rooms, appender, notifications, lanes, onError });
  const deliveries = new Deliveries({
    rooms,
    outbox,
    vault: numbers.vault,
    readNumber: numbers.readNumber,
    clock,
    calendar: () => officeTime.current,
    follow: (needs, cause) => void dispatcher.serve(needs, cause),
  });
  const places = new Places({ connection, rooms: roomDocs, wall });
  let stopped = false;
  const stopping = () => stopped;
  const dispatcher = new Dispatcher({
    rooms,
    deliveries,
    places,
    directory,
    clock,
    timeZone,
    dice,
    stopping,
    onSeen,
    onError,
  });
  const upkeep = numbersUpkeep({ numbers, rooms: roomDocs, staff, settings, clock, wall, stopping, log, onError });
  const creation = new ProjectCreation({
    rooms,
    outbox,
    directory,
    deliveries,
    vault: numbers.vault,
    readNumber: numbers.readNumber,
    dispatcher,
    publishedTemplate: (id) => templates.published(id),
    async dealOf(orderId) {
      const room = await roomDocs.findOne({ 'opportunity.deal.orderId': orderId }).lean<OpportunityRoom>();
      return room === null ? undefined : orderOfDeal(room);
    },
  });
  const demands = await openOpportunities({
    connection,
    settings,
    rooms,
    outbox,
    pages,
    directory,
    creation,
    numbers,
    clock,
    wall,
  });
  const files = new FileStore({ files: gridFiles, rooms, entries, pages, clock });
  const { calls, recordings, retention } = await openCalls({
    connection,
    settings,
    rooms,
    appender,
    directory,
    numbers,
    files,
    standIn: parts.standIn,
    keepRecord: (call, cause) => demands.opportunities.keepCall(call, cause),
    clock,
    wall,
    stopping,
    log,
    onError,
  });
  return {
    connection,
    clock,
    wall,
    dice,
    log,
    onError,
    directory,
    rooms,
    pages,
    marks: createReadMarks({ entries, marks: readMarks }),
    activity,
    lanes,
    appender,
    outbox,
    notifications,
    eraser: new WordingEraser(entries, onError),
    gridFiles,
    files,
    ...numbers,
    templates,
    years,
    officeTime,
    timeZone,
    deliveries,
    creation,
    ...demands,
    places,
    dispatcher,
    calls,
    recordings,
    sweeps: parts.sweeps?.(connection, clock) ?? {
      ...createSweeps({
        rooms: roomDocs,
        ticks: {
          project: projectTick(deliveries, dispatcher),
          opportunity: (roomId, cause) => demands.opportunities.tick(roomId, cause),
        },
        dispatcher,
        clock,
        stopping,
        onSeen,
        onError,
      }),
      numbers: () => upkeep.run(),
      calls: (cause) => calls.settle(cause),
      callEnds: (cause) => calls.finish(cause),
      nextCallAt: () => calls.nextDueAt(),
      async recordings() {
        const copied = (await recordings?.run()) ?? 0;
        await retention.run();
        return copied;
      },
    },
    stopWork() {
      stopped = true;
    },
    closing: [
      ['appends', () => appender.close()],
      ['activity', () => activity.close()],
      ['database', () => storage.stop()],
    ],
  };
}
