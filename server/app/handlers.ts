import { RoomError } from '../../shared/contract/errors.ts';
import { authCommands } from '../auth/auth-commands.ts';
import type { Tokens } from '../auth/tokens.ts';
import { calendarCommands } from '../calendar/calendar-commands.ts';
import { memberCommands } from '../conversation/member-commands.ts';
import { messageCommands } from '../conversation/message-commands.ts';
import { roomCommands } from '../conversation/room-commands.ts';
import { flowCommands, type TakeFiles } from '../delivery/flow-commands.ts';
import { projectCommands } from '../delivery/project-commands.ts';
import { directoryCommands } from '../directory/directory-commands.ts';
import type { InactivePeople } from '../directory/inactive-people.ts';
import type { Hub } from '../live/hub.ts';
import type { Handlers } from '../registry/call.ts';
import { templateCommands } from '../templates/template-commands.ts';
import { clockCommands } from '../time/clock-commands.ts';
import type { Context } from './context.ts';

/** What only a server that clients connect to has. */
export interface ServerParts {
  hub: Hub;
  inactive: InactivePeople;
  tokens: Tokens;
}

/** The handler of every command. */
export function createHandlers(context: Context, { hub, inactive, tokens }: ServerParts): Handlers {
  const { rooms, activity, appender, directory, pages, marks, outbox, eraser, clock, wall } = context;
  const { deliveries, dispatcher, places, sweeps } = context;
  const { templates, years, officeTime, timeZone } = context;
  return {
    ...roomCommands({ rooms, activity, appender, directory, pages, marks, hub, clock }),
    ...memberCommands({ rooms, directory, outbox }),
    ...messageCommands({ rooms, appender, pages, eraser, clock }),
    ...projectCommands({
      rooms,
      outbox,
      directory,
      deliveries,
      dispatcher,
      publishedTemplate: (id) => templates.published(id),
      clock,
    }),
    ...flowCommands({ rooms, deliveries, dispatcher, places, directory, pages, clock, timeZone, takeFiles }),
    ...templateCommands({ templates }),
    ...calendarCommands({ years, officeTime, clock }),
    ...directoryCommands({
      directory,
      inactive,
      templates,
      rooms: rooms.model,
      onCapacity(org) {
        void dispatcher.serve([
          { for: 'provider', org },
          { for: 'staff', org },
        ]);
      },
    }),
    ...authCommands({ tokens }),
    ...clockCommands({ clock, wall, sweeps, timeZone }),
  };
}

const takeFiles: TakeFiles = (_caller, _room, _stream, ids) => {
  const reason = 'there is no such file in this room';
  const details = ids.map((id) => ({ path: 'files', reason: `${reason}: ${id}` }));
  return Promise.reject(new RoomError('invalid', `files: ${reason}`, { details }));
};
