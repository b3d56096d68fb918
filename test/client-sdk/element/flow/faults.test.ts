import { expect } from 'chai';
import {
  fieldFaults,
  faultsOf,
  faultWords,
  refusalWords,
  sizeWords,
} from '../../../../client-sdk/element/flow/faults.ts';
import { en } from '../../../../client-sdk/element/language/en.ts';
import { zhCn } from '../../../../client-sdk/element/language/zh-cn.ts';
import { RoomError } from '../../../../shared/contract/errors.ts';
import { readDemandForm } from '../../../../shared/model/flow/demand-form.ts';

describe('faults of a form', () => {
  it('stand at their fields, one each, in the words of the reader', () => {
    const error = new RoomError('invalid', 'no', {
      details: [
        { path: 'form.phone', reason: 'must be a phone number' },
        { path: 'form.phone', reason: 'is required' },
        { path: ['files', 0], reason: 'must be at most 5242880 bytes' },
        { path: 'reason', reason: 'is required' },
        'odd',
        { path: 3 },
      ],
    });
    const faults = fieldFaults(faultsOf(error), zhCn);
    expect([...faults]).to.deep.equal([
      ['phone', '请填写正确的电话号码。'],
      ['files', '单个文件不能超过 5 MB。'],
      ['reason', '此项必填。'],
    ]);
    expect(faultsOf(new RoomError('conflict', 'late', { details: { status: 'paused' } }))).to.deep.equal([]);
  });

  it('have words of their own for every reason that the demand form can give', () => {
    const read = readDemandForm({
      contactName: 'x'.repeat(1000),
      phone: '1',
      email: 'nowhere',
      details: ' ',
      attachments: [],
    });
    const said = 'faults' in read ? read.faults.map(({ reason }) => faultWords(reason, en)) : [];
    expect(said).to.deep.equal([
      'At most 200 characters.',
      'This must be a phone number.',
      'This must be a mail address.',
      'This is required.',
      'This is required.',
    ]);
    expect(faultWords('must be one of pdf, png', en)).to.equal('Files must be one of: pdf, png.');
    expect(faultWords('must be left out: callers are rung at kept numbers only', en)).to.equal(
      en.calls.refused.keptOnly,
    );
    expect(faultWords('something of a later version', en)).to.equal('This does not fit.');
  });

  it('say of a lost race that it was lost, and of a broken connection what is known', () => {
    expect(refusalWords(new RoomError('conflict', 'x'), en)).to.include('somebody else was first');
    expect(refusalWords(new RoomError('unavailable', 'There is no connection; nothing was done'), en)).to.include(
      'nothing was sent',
    );
    expect(refusalWords(new RoomError('unavailable', 'No answer in time'), en)).to.include('may have been done');
    expect(refusalWords(new RoomError('rate_limited', 'x'), en)).to.equal(en.errors.rate_limited);
  });

  it('write sizes as people read them', () => {
    expect([0, 900, 1024, 1_830_000, 20 * 1024 ** 2].map(sizeWords)).to.deep.equal([
      '0 B',
      '900 B',
      '1 KB',
      '1.7 MB',
      '20 MB',
    ]);
  });
});
