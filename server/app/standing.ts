import { endedBefore } from '../auth/tokens.ts';
import { Revocations, revocationModel } from '../auth/revocations.ts';
import { InactivePeople } from '../directory/inactive-people.ts';
import type { Hub } from '../live/hub.ts';
import type { Barred } from '../registry/admit.ts';
import type { Figures } from '../telemetry/figures.ts';
import type { Context } from './context.ts';
import { createIndexes } from './create-indexes.ts';
import type { Settings } from './settings.ts';

/** Who has no access although their token is valid: people whom the directory calls inactive, and revoked tokens. */
export interface Standing {
  readonly inactive: InactivePeople;
  readonly revocations: Revocations;
  readonly barred: Barred;
}

const INACTIVE = 'This account is not active any more.';
const REVOKED = 'This token was revoked: get a new one.';

/** Reads who has no access; from then on, who newly loses it is disconnected as soon as this server learns of it. */
export async function createStanding(
  { connection, directory, wall }: Pick<Context, 'connection' | 'directory' | 'wall'>,
  hub: Hub,
  settings: Pick<Settings, 'jwtMaxDays'>,
  { cuts }: Pick<Figures, 'cuts'>,
): Promise<Standing> {
  const inactive = new InactivePeople(directory.staff, (userId) =>
    cuts.add('account_inactive', hub.expel(userId, INACTIVE)),
  );
  const revocations = new Revocations(revocationModel(connection), (userId) =>
    cuts.add(
      'token_revoked',
      hub.end(userId, (caller) => revocations.refuses(caller)),
    ),
  );
  await createIndexes([revocations.model]);
  await inactive.load();
  await revocations.load(endedBefore(settings, wall.now()));
  return {
    inactive,
    revocations,
    barred(caller) {
      if (inactive.has(caller.userId)) return INACTIVE;
      return revocations.refuses(caller) ? REVOKED : undefined;
    },
  };
}
