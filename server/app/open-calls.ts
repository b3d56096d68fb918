import type { Connection } from 'mongoose';
import type { Clock } from '../clock.ts';
import { axbLineModel } from '../calls/bridges/axb-lines.ts';
import { openBridge, type StandIn } from '../calls/bridges/open-bridge.ts';
import { CallDays } from '../calls/call-days.ts';
import { CallNumbers } from '../calls/call-numbers.ts';
import { CallStore, callModel } from '../calls/call-store.ts';
import { Calls, type CallsParts } from '../calls/calls.ts';
import { RecordingRetention } from '../calls/recording-retention.ts';
import { recordingModel, Recordings } from '../calls/recordings.ts';
import type { DirectoryModels } from '../directory/directory-store.ts';
import type { FileStore } from '../files/file-store.ts';
import type { Log } from '../telemetry/log.ts';
import { createIndexes } from './create-indexes.ts';
import type { Numbers } from './open-numbers.ts';
import type { Settings } from './settings.ts';

export type CallWorkSettings = Pick<Settings, 'calls' | 'calendarTimeZone'>;

/** What is done with calls. */
export interface CallWork {
  readonly calls: Calls;
  /** Undefined where nothing joins phones. */
  readonly recordings: Recordings | undefined;
}

const DAY_MS = 86_400_000;

/** Builds what calls are worked on with, over the bridge that the settings choose, and makes the indexes. It starts nothing. */
export async function openCalls(
  parts: Pick<CallsParts, 'rooms' | 'appender' | 'keepRecord' | 'stopping' | 'onError'> & {
    connection: Connection;
    settings: CallWorkSettings;
    directory: DirectoryModels;
    numbers: Numbers;
    files: FileStore;
    /** In the place of the real carrier. */
    standIn: StandIn | undefined;
    /** The service's time. */
    clock: Clock;
    /** The real time. */
    wall: Clock;
    log: Log;
  },
): Promise<CallWork & { retention: RecordingRetention }> {
  const { connection, settings, directory, numbers, files, standIn, clock, wall, log, ...rest } = parts;
  const { bridge: chosen, recordingDays, ...rules } = settings.calls;
  const timeZone = settings.calendarTimeZone;
  const store = new CallStore(callModel(connection));
  const days = new CallDays({ connection, limit: rules.rules.dailyLimit, clock, wall, timeZone });
  const lines = axbLineModel(connection);
  const recorded = recordingModel(connection);
  await createIndexes([store.model, days.model, lines, recorded]);
  if (chosen === undefined) log.warn('calls are refused: there is no CALL_BRIDGE that joins phones');
  const { vault, readNumber } = numbers;
  const tell: Calls['told'] = (event) => calls.told(event);
  const bridge = chosen === undefined ? undefined : openBridge(chosen, { clock, wall, vault, lines, tell, standIn });
  const recordings =
    bridge === undefined
      ? undefined
      : new Recordings({
          model: recorded,
          bridge,
          files,
          vault,
          clock,
          stopping: rest.stopping,
          onLost: (error, about) => log.warn({ ...about, err: error }, 'a recording was given up'),
        });
  const retention = new RecordingRetention({
    model: recorded,
    files,
    keptMs: recordingDays * DAY_MS,
    clock,
    stopping: rest.stopping,
    onRemoved: (removed) => log.info({ recordings: removed }, 'recordings were removed: CALL_RECORDING_DAYS are over'),
  });
  const calls: Calls = new Calls({
    ...rest,
    onGivenUp: (error, about) => log.warn({ ...about, err: error }, 'what a call has left to be done was given up'),
    store,
    days,
    numbers: new CallNumbers({ rooms: rest.rooms, directory }),
    bridge,
    settings: rules,
    vault,
    readNumber,
    clock,
    wall,
    timeZone,
    async onRecording({ id: callId, roomId }, recording, cause) {
      if (chosen?.record === true) await recordings?.want({ callId, recording }, { roomId, cause });
    },
  });
  return { calls, recordings, retention };
}
