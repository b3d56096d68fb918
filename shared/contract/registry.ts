import type { z } from 'zod';
import { authCommands } from './auth.ts';
import { calendarCommands } from './calendar.ts';
import { callCommands } from './calls.ts';
import { clockCommands } from './clock.ts';
import { deskCommands } from './desk.ts';
import { directoryCommands } from './directory.ts';
import { fileCommands } from './files.ts';
import { flowCommands } from './flow.ts';
import { messageCommands } from './messages.ts';
import { phoneCommands } from './phone.ts';
import { opportunityCommands } from './opportunities.ts';
import { projectCommands } from './projects.ts';
import { proposalCommands } from './proposals.ts';
import { roomCommands } from './rooms.ts';
import { templateCommands } from './templates.ts';

/** Every command of the contract by its wire name: the one place from which transports, documents and SDK types follow. */
export const commands = {
  ...roomCommands,
  ...messageCommands,
  ...fileCommands,
  ...projectCommands,
  ...flowCommands,
  ...opportunityCommands,
  ...proposalCommands,
  ...deskCommands,
  ...callCommands,
  ...templateCommands,
  ...calendarCommands,
  ...directoryCommands,
  ...phoneCommands,
  ...authCommands,
  ...clockCommands,
} as const;

export type CommandName = keyof typeof commands;
/** What a caller sends: fields with a default may be left out. */
export type CommandInput<Name extends CommandName> = z.input<(typeof commands)[Name]['input']>;
/** What a handler gets: validated, defaults filled in. */
export type CommandArgs<Name extends CommandName> = z.output<(typeof commands)[Name]['input']>;
export type CommandOutput<Name extends CommandName> = z.output<(typeof commands)[Name]['output']>;

export const commandNames = Object.keys(commands) as CommandName[];

/** Says whether a name that came from outside is a command's. */
export function isCommandName(candidate: string): candidate is CommandName {
  return Object.hasOwn(commands, candidate);
}
