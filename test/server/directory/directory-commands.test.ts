import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { directoryCommands } from '../../../server/directory/directory-commands.ts';
import { directoryModels } from '../../../server/directory/directory-store.ts';
import { InactivePeople } from '../../../server/directory/inactive-people.ts';
import type { Call } from '../../../server/registry/call.ts';
import { roomModel } from '../../../server/rooms/room-model.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { TemplateStore } from '../../../server/templates/template-store.ts';
import type { CommandArgs } from '../../../shared/contract/registry.ts';
import { testNumbers } from '../../support/vault.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const call: Call = {
  caller: { userId: 'portal', name: 'Portal', side: 'service', roles: [], expiresAt: Number.MAX_SAFE_INTEGER },
  log: createLog('silent'),
  correlationId: 'c',
};
const staff: CommandArgs<'staff.put'> = {
  userId: 's',
  org: 'studio',
  name: 'S',
  roles: ['designer'],
  maxLoad: 3,
  accepting: true,
  active: true,
};

describe('the directory tells of capacity', () => {
  let database: TestDatabase;
  let storage: Storage;
  let told: string[];
  let commands: ReturnType<typeof directoryCommands>;

  beforeEach(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    const { connection } = storage;
    const directory = directoryModels(connection);
    told = [];
    commands = directoryCommands({
      directory,
      inactive: new InactivePeople(directory.staff, () => undefined),
      templates: new TemplateStore(connection),
      rooms: roomModel(connection),
      ...(await testNumbers(connection)),
      onCapacity(org) {
        told.push(org);
        return Promise.resolve();
      },
    });
    for (const orgId of ['studio', 'rivals', 'maker']) await commands['org.put']({ orgId, name: orgId }, call);
  });
  afterEach(async () => {
    await storage?.stop();
    await database?.drop();
  });

  /** What a command tells. */
  async function tells(work: Promise<unknown>): Promise<string[]> {
    told.length = 0;
    await work;
    return [...told];
  }

  it('when people come, accept, come back or take more, and not when a portal says the same again', async () => {
    const put = (more: Partial<typeof staff> = {}) => tells(commands['staff.put']({ ...staff, ...more }, call));
    expect(await put()).to.deep.equal(['studio']);
    expect(await put()).to.deep.equal([]);
    expect(await put({ active: false })).to.deep.equal([]);
    expect(await put()).to.deep.equal(['studio']);
    const update = (change: Omit<CommandArgs<'staff.update'>, 'userId'>) =>
      tells(commands['staff.update']({ userId: 's', ...change }, call));
    expect(await update({ accepting: false })).to.deep.equal([]);
    expect(await update({ accepting: true })).to.deep.equal(['studio']);
    expect(await update({ accepting: true })).to.deep.equal([]);
    expect(await update({ leave: { from: '2026-12-01', to: '2026-12-02' } })).to.deep.equal([]);
    expect(await update({ leave: null })).to.deep.equal(['studio']);
    expect(await update({ maxLoad: 4 })).to.deep.equal(['studio']);
    expect(await update({ maxLoad: 2, tags: ['t'] })).to.deep.equal([]);
  });

  it('when a product gets a provider, or one may take more', async () => {
    const put = (...providers: [org: string, maxLoad: number][]) =>
      tells(
        commands['product.put'](
          {
            productId: 'p',
            name: 'P',
            vendorOrg: 'maker',
            templateId: 'basic',
            providers: providers.map(([org, maxLoad]) => ({ org, maxLoad, weight: 1 })),
          },
          call,
        ),
      );
    expect(await put()).to.deep.equal([]);
    expect(await put(['studio', 1])).to.deep.equal(['studio']);
    expect(await put(['studio', 1], ['rivals', 2])).to.deep.equal(['rivals']);
    expect(await put(['studio', 2], ['rivals', 1])).to.deep.equal(['studio']);
    expect(await put(['rivals', 1])).to.deep.equal([]);
  });
});
