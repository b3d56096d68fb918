/** Commands that MongoDB has and this engine does not: each is refused with the code that a standalone server or MongoDB uses. */
import { MongoError } from '../errors.ts';
import type { Command } from './command.ts';

function refused(names: readonly string[], refusal: () => MongoError): Command {
  return {
    names,
    writes: false,
    fields: ['*'],
    run: () => {
      throw refusal();
    },
  };
}

export const refusedCommands: readonly Command[] = [
  refused(
    ['commitTransaction', 'abortTransaction'],
    () => new MongoError('IllegalOperation', 'Transaction numbers are only allowed on a replica set member or mongos'),
  ),
  refused(
    ['replSetGetStatus', 'replSetGetConfig', 'replSetInitiate'],
    () => new MongoError('NoReplicationEnabled', 'not running with --replSet'),
  ),
  refused(
    [
      'mapReduce',
      'mapreduce',
      'bulkWrite',
      'createUser',
      'updateUser',
      'dropUser',
      'createRole',
      'usersInfo',
      'saslStart',
      'saslContinue',
      'authenticate',
      'shutdown',
      'configureFailPoint',
      'currentOp',
      'killOp',
      'profile',
      'top',
      'compact',
      'reIndex',
      'convertToCapped',
      'cloneCollectionAsCapped',
      'setParameter',
      'setFeatureCompatibilityVersion',
    ],
    () => new MongoError('CommandNotSupported', 'This command is not supported by the embedded database'),
  ),
];
