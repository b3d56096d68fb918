import { authCommands } from '../auth/auth-commands.ts';
import type { Tokens } from '../auth/tokens.ts';
import { calendarCommands } from '../calendar/calendar-commands.ts';
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
}

/** The handler of every command. */
export function createHandlers(
  context: Context,
  { hub, inactive, tokens, revocations, barred, links }: ServerParts,
): Handlers {
  const { rooms, activity, appender, directory, pages, marks, outbox, eraser, files, clock, wall } = context;
  const { deliveries, dispatcher, places, sweeps } = context;
  const { templates, years, officeTime, timeZone } = context;
  return {
    ...roomCommands({ rooms, activity, appender, directory, pages, marks, hub, clock }),
    ...memberCommands({ rooms, directory, outbox }),
    ...messageCommands({ rooms, appender, pages, eraser, files, clock }),
    ...fileCommands({ files, links }),
    ...projectCommands({
      rooms,
      outbox,
      directory,
      deliveries,
      dispatcher,
      publishedTemplate: (id) => templates.published(id),
      clock,
    }),
    ...flowCommands({
      rooms,
      deliveries,
      dispatcher,
      places,
      directory,
      clock,
      timeZone,
      takeFiles: files.take.bind(files),
    }),
    ...flowReading({ rooms, pages }),
    ...templateCommands({ templates }),
    ...calendarCommands({ years, officeTime, clock, onExtended: (cause) => sweeps.provisional(cause) }),
    ...directoryCommands({
      directory,
      inactive,
      templates,
      rooms: rooms.model,
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
    ...authCommands({ tokens, revocations, barred, now: () => wall.now() }),
    ...clockCommands({ clock, wall, sweeps, timeZone }),
  };
}
