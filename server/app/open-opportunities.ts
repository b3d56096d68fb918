import type { Connection } from 'mongoose';
import type { OpportunitySettings } from '../../shared/model/opportunity/opportunity.ts';
import { OFFER_MS } from '../../shared/contract/limits.ts';
import type { Clock } from '../clock.ts';
import type { ProjectCreation } from '../delivery/project-creation.ts';
import type { DirectoryModels } from '../directory/directory-store.ts';
import { ContactNumbers } from '../opportunities/contact-numbers.ts';
import { Desks } from '../opportunities/desks.ts';
import { Grabs } from '../opportunities/grabs.ts';
import { Opportunities } from '../opportunities/opportunities.ts';
import { Publications } from '../opportunities/publications.ts';
import type { Outbox } from '../rooms/outbox.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { Pages } from '../timeline/pages.ts';
import { createIndexes } from './create-indexes.ts';
import type { Numbers } from './open-numbers.ts';
import type { Settings } from './settings.ts';

/** What demands are worked on with. */
export interface OpportunityWork {
  readonly opportunities: Opportunities;
  readonly publications: Publications;
  readonly grabs: Grabs;
  readonly desks: Desks;
  readonly contactNumbers: ContactNumbers;
}

export type OpportunityWorkSettings = Pick<
  Settings,
  'calendarTimeZone' | 'demandPlaces' | 'followDays' | 'demandPhone'
>;

const DAY_MS = 86_400_000;

/** Builds it, and makes the indexes. */
export async function openOpportunities(parts: {
  connection: Connection;
  settings: OpportunityWorkSettings;
  rooms: RoomStore;
  outbox: Outbox;
  pages: Pages;
  directory: DirectoryModels;
  creation: ProjectCreation;
  numbers: Numbers;
  /** The service's time. */
  clock: Clock;
  /** The real time. */
  wall: Clock;
}): Promise<OpportunityWork> {
  const { connection, settings, rooms, outbox, pages, directory, creation, numbers, clock, wall } = parts;
  const timeZone = settings.calendarTimeZone;
  const ofDemands: OpportunitySettings = {
    places: settings.demandPlaces,
    offerMs: OFFER_MS,
    windowMs: settings.followDays * DAY_MS,
  };
  const opportunities = new Opportunities({ rooms, outbox, creation, clock });
  const contactNumbers = new ContactNumbers({ vault: numbers.vault, codes: numbers.codes, read: numbers.readNumber });
  const publications = new Publications({
    rooms,
    outbox,
    directory,
    opportunities,
    numbers: contactNumbers,
    settings: ofDemands,
    buyersVerify: settings.demandPhone === 'required',
  });
  const grabs = new Grabs({ connection, rooms: rooms.model, clock, wall, timeZone });
  const desks = new Desks({ connection, pages });
  await createIndexes([grabs.model, desks.model]);
  return { opportunities, publications, grabs, desks, contactNumbers };
}
