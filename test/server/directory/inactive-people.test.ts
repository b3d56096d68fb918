import { expect } from 'chai';
import mongoose from 'mongoose';
import { directoryModels } from '../../../server/directory/directory-store.ts';
import { InactivePeople } from '../../../server/directory/inactive-people.ts';

describe('InactivePeople', () => {
  const learning = () => {
    const told: string[] = [];
    const { staff } = directoryModels(mongoose.createConnection());
    return { told, people: new InactivePeople(staff, (userId) => told.push(userId)) };
  };

  it('passes over what is older than what it knows, also of somebody who is active again', () => {
    const { told, people } = learning();
    people.learn({ _id: 'a', active: false, version: 2 });
    people.learn({ _id: 'a', active: true, version: 3 });
    people.learn({ _id: 'a', active: false, version: 2 });
    expect([people.has('a'), told]).to.deep.equal([false, ['a']]);
    people.learn({ _id: 'a', active: false, version: 4 });
    people.learn({ _id: 'a', active: true, version: 3 });
    expect([people.has('a'), told]).to.deep.equal([true, ['a', 'a']]);
  });

  it('tells once of somebody who stays inactive', () => {
    const { told, people } = learning();
    for (const version of [1, 2, 2]) people.learn({ _id: 'a', active: false, version });
    expect(told).to.deep.equal(['a']);
  });
});
