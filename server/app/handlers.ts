import { authCommands } from '../auth/auth-commands.ts';
import type { Tokens } from '../auth/tokens.ts';
import { calendarCommands } from '../calendar/calendar-commands.ts';
import { callCommands } from '../calls/call-commands.ts';
import { memberCommands } from '../conversation/member-commands.ts';
import { messageCommands } from '../conversation/message-commands.ts';
import { roomCommands } from '../conversation/room-commands.ts';
import { flowCommands } from '../delivery/flow-commands.ts';
import { flowReading } from '../delivery/flow-reading.ts';
import { projectCommands } from '../delivery/project-commands.ts';
import { directoryCommands } from '../directory/directory-commands.ts';
import { fileCommands } from '../files/file-commands.ts';
import type { FileLinks } from '../files/file-links.ts';
import type { Hub } from '../live/hub.ts';
import { phoneCommands } from '../numbers/phone-commands.ts';
import { deskCommands } from '../opportunities/desk-commands.ts';
import type { DeskNews } from '../opportunities/desk-news.ts';
import { opportunityCommands } from '../opportunities/opportunity-commands.ts';
import { proposalCommands } from '../opportunities/proposal-commands.ts';
import type { Handlers } from '../registry/call.ts';
import { templateCommands } from '../templates/template-commands.ts';
import { clockCommands } from '../time/clock-commands.ts';
import type { Context } from './context.ts';
import type { Standing } from './standing.ts';

/** What only a server that clients connect to has. */
export interface ServerParts extends Standing {
  hub: Hub;
  tokens: Tokens;
  links: FileLinks;
  deskNews: DeskNews;
}

/** The handler of every command. */
export function createHandlers(
  context: Context,
  { hub, inactive, tokens, revocations, barred, links, deskNews }: ServerParts,
): Handlers {
  const { rooms, lanes, activity, appender, directory, pages, marks, outbox, eraser, files, clock, wall } = context;
  const { deliveries, creation, dispatcher, places, sweeps } = context;
  const { opportunities, publications, grabs, desks, contactNumbers: numbers } = context;
  const { vault, readNumber, codes, calls, recordings } = context;
  const { templates, years, officeTime, timeZone } = context;
  const takeFiles = files.take.bind(files);
  return {
    ...roomCommands({ rooms, lanes, activity, appender, directory, pages, marks, hub, clock }),
    ...memberCommands({ rooms, directory, outbox }),
    ...deskNews.counting(messageCommands({ rooms, appender, pages, eraser, files, clock })),
    ...fileCommands({ files, links }),
    ...projectCommands({ rooms, creation, clock }),
    ...flowCommands({
      rooms,
      deliveries,
      dispatcher,
      places,
      directory,
      clock,
      timeZone,
      takeFiles,
    }),
    ...flowReading({ rooms, pages }),
    ...opportunityCommands({
      rooms,
      activity,
      lanes,
      pages,
      directory,
      opportunities,
      publications,
      grabs,
      numbers,
      clock,
    }),
    ...proposalCommands({ rooms, directory, opportunities, takeFiles, clock }),
    ...deskCommands({ desks }),
    ...callCommands({ rooms, directory, calls, recordings }),
    ...templateCommands({ templates }),
    ...calendarCommands({ years, officeTime, clock, onExtended: (cause) => sweeps.provisional(cause) }),
    ...directoryCommands({
      directory,
      inactive,
      templates,
      rooms: rooms.model,
      vault,
      readNumber,
      async onCapacity(org, cause) {
        await dispatcher.serve(
          [
            { for: 'provider', org },
            { for: 'staff', org },
          ],
          cause,
        );
      },
    }),
    ...phoneCommands({ codes }),
    ...authCommands({ tokens, revocations, barred, now: () => wall.now() }),
    ...clockCommands({ clock, wall, sweeps, timeZone }),
  };
}
