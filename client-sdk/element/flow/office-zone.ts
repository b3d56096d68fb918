import type { Client } from '../../index.ts';
import { OFFICE_TIME_ZONE } from './due-words.ts';

const asked = new WeakMap<Client, Promise<string>>();

/** The time zone in which the office counts its working days: asked for once, as it does not change while a service runs. */
export function officeZone(client: Client): Promise<string> {
  const year = new Date().getFullYear();
  const known =
    asked.get(client) ??
    client.call('calendar.get', { from: year, to: year }).then(
      ({ calendar }) => calendar.timeZone,
      () => {
        asked.delete(client);
        return OFFICE_TIME_ZONE;
      },
    );
  asked.set(client, known);
  return known;
}
