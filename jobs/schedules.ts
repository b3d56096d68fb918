import type { Agenda } from 'agenda';
import type { mongo } from 'mongoose';
import { isDuplicateKey } from '../server/storage/duplicate-key.ts';
import type { Job } from './job.ts';

interface Scheduled extends mongo.Document {
  name: string;
  type: 'single';
  repeatInterval: string;
  repeatTimezone: string | null;
}

/**
 * Stores when each job has its turns. A job is stored once, whatever number of servers start at once: Agenda's upsert alone does not see to that. Afterwards it is
 * written only when its definition has changed, and not by Agenda, which would take away the lock of a run that is under way.
 */
export async function storeSchedules(
  agenda: Agenda,
  collection: mongo.Collection,
  jobs: readonly Job[],
  timeZone: string,
): Promise<void> {
  await collection.createIndex(
    { name: 1 },
    { name: 'single', unique: true, partialFilterExpression: { type: 'single' } },
  );
  const stored = await collection
    .find<Scheduled>({ name: { $in: jobs.map(({ name }) => name) }, type: 'single' })
    .toArray();
  for (const { name, schedule } of jobs) {
    const known = stored.find((one) => one.name === name);
    if (known === undefined) {
      await agenda.every(schedule, name, undefined, { timezone: timeZone }).catch((error: unknown) => {
        if (!isDuplicateKey(error)) throw error;
      });
    } else if (known.repeatInterval !== schedule || known.repeatTimezone !== timeZone) {
      const { nextRunAt } = agenda.create(name).repeatEvery(schedule, { timezone: timeZone }).attrs;
      await collection.updateOne(
        { _id: known['_id'], name },
        { $set: { repeatInterval: schedule, repeatTimezone: timeZone, nextRunAt } },
      );
    }
  }
}
