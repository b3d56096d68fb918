import { aggregateCommand } from './aggregate.ts';
import { collectionCommands } from './collections.ts';
import type { Command } from './command.ts';
import { countCommand, distinctCommand } from './count-distinct.ts';
import { databaseCommands } from './databases.ts';
import { deleteCommand } from './delete.ts';
import { explainCommand } from './explain.ts';
import { findAndModifyCommand } from './find-and-modify.ts';
import { findCommands } from './find.ts';
import { handshakeCommands } from './handshake.ts';
import { indexCommands } from './indexes.ts';
import { insertCommand } from './insert.ts';
import { refusedCommands } from './refused.ts';
import { updateCommand } from './update.ts';

/** Every command by each of its names. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [
    ...handshakeCommands,
    ...findCommands,
    insertCommand,
    updateCommand,
    deleteCommand,
    findAndModifyCommand,
    aggregateCommand,
    countCommand,
    distinctCommand,
    explainCommand,
    ...collectionCommands,
    ...indexCommands,
    ...databaseCommands,
    ...refusedCommands,
  ].flatMap((command) => command.names.map((name) => [name, command] as const)),
);
