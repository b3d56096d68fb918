import type { Connection, Model } from 'mongoose';
import type { Entry } from '../../shared/contract/entries.ts';
import { AddedYears } from '../calendar/added-years.ts';
import { OfficeTime } from '../calendar/office-time.ts';
import type { Clock } from '../clock.ts';
import { Deliveries } from '../delivery/deliveries.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import { Places } from '../delivery/places.ts';
import { createSweeps, type Seen, type Sweeps } from '../delivery/sweeps.ts';
import { type DirectoryModels, directoryModels } from '../directory/directory-store.ts';
import { Activity } from '../rooms/activity.ts';
import { Notifications } from '../rooms/notifications.ts';
import { Outbox } from '../rooms/outbox.ts';
import { type RoomDoc, RoomStore, roomModel } from '../rooms/room-store.ts';
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
  settings: Pick<Settings, 'calendarTimeZone' | 'opening' | 'cutoff'>;
  storage: Storage;
  clock: ServiceClock;
  /** The real time. */
  wall: Clock;
  dice: () => number;
  log: Log;
  listeners: Listeners;
  figures?: Figures;
  /** In the place of the projects' own. */
  sweeps?: ((connection: Connection, clock: Clock) => Sweeps) | undefined;
}

/** What rooms and deliveries are worked on with, whether clients are connected (the server) or not (the jobs apart from it). */
export interface Context {
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
  readonly appender: Appender;
  readonly outbox: Outbox;
  readonly eraser: WordingEraser;
  readonly gridFiles: GridFiles;
  readonly files: FileStore;
  readonly templates: TemplateStore;
  readonly years: AddedYears;
  readonly officeTime: OfficeTime;
  /** The office's. */
  readonly timeZone: string;
  readonly deliveries: Deliveries;
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
    log.info(seen, 'a project was seen to');
  };

  const entries = entryModel(connection);
  const readMarks = readMarkModel(connection);
  const roomDocs = roomModel(connection);
  const directory = directoryModels(connection);
  const notifications = new Notifications(connection);
  const templates = new TemplateStore(connection);
  const years = new AddedYears(connection);
  const { orgs, staff, products } = directory;
  const stored = [notifications.model, orgs, staff, products, templates.model, years.model];
  await createIndexes([entries, readMarks, roomDocs, ...stored]);
  const { calendarTimeZone: timeZone, opening, cutoff } = settings;
  const officeTime = new OfficeTime({
    years,
    hours: { timeZone, opening, cutoff },
    onYearAdded: (year) => log.info({ year }, 'a year was added to the calendar'),
  });
  await officeTime.load();
  const gridFiles = new GridFiles(fileModel(connection), fileChunks(connection));
  await gridFiles.createIndexes();

  const activity = new Activity({ rooms: roomDocs, dice, onError });
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
  const outbox = new Outbox({ rooms, appender, notifications, onError });
  const deliveries = new Deliveries({
    rooms,
    outbox,
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
    appender,
    outbox,
    eraser: new WordingEraser(entries, onError),
    gridFiles,
    files: new FileStore({ files: gridFiles, rooms, entries, pages, clock }),
    templates,
    years,
    officeTime,
    timeZone,
    deliveries,
    places,
    dispatcher,
    sweeps:
      parts.sweeps?.(connection, clock) ??
      createSweeps({
        rooms: roomDocs,
        deliveries,
        dispatcher,
        clock,
        stopping,
        onSeen,
        onError,
      }),
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

export async function createIndexes(
  models: readonly Pick<Model<unknown>, 'createIndexes' | 'createCollection'>[],
): Promise<void> {
  for (const model of models) {
    await model.createCollection();
    await model.createIndexes();
  }
}
