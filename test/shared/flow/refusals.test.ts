import { expect } from 'chai';
import type { NodeAction } from '../../../shared/contract/projects.ts';
import type { ErrorCode } from '../../../shared/contract/errors.ts';
import type { FlowActor, Refusal } from '../../../shared/model/flow/flow.ts';
import {
  admin,
  buyer,
  customTemplate,
  file,
  FlowBench,
  form,
  manager,
  manager2,
  operator,
  otherBuyer,
  rivalAdmin,
  specialist,
  specialist2,
  vendor,
} from './flow-bench.ts';

const pathsOf = ({ details }: Refusal): string[] => ('status' in details ? [] : details.map(({ path }) => path));

const portal: FlowActor = { id: 'portal', name: 'Portal', side: 'service', roles: [] };

interface Wrong {
  what: string;
  bench: () => FlowBench;
  by: FlowActor;
  action: NodeAction;
  more?: Parameters<FlowBench['tryAct']>[2];
  code: ErrorCode;
  faults?: string[];
}

const atDemand = () => FlowBench.of('basic');
const atDelivery = () => atDemand().act(buyer, 'submit');
const atFinish = () => atDelivery().act(admin, 'finish');
const atContract = () => FlowBench.of('contract').act(buyer, 'submit');
const atClaim = () => FlowBench.of('bespoke').act(buyer, 'submit');
const atStaff = () => atClaim().act(manager, 'claim').dispatch(specialist);
const done = () => atFinish().act(buyer, 'confirm');
const closed = () => atDelivery().do({ type: 'close', reason: 'Refunded' }, operator);
const paused = () => atDelivery().do({ type: 'pause' }, buyer);
const waiting = () => new FlowBench(customTemplate({ id: 'finish', type: 'finish', name: 'Finish' }));

const wrong: Wrong[] = [
  {
    what: 'no such node',
    bench: atDemand,
    by: buyer,
    action: 'submit',
    more: { nodeId: 'nowhere' },
    code: 'not_found',
  },
  {
    what: 'wrong side: the provider on the buyer’s node',
    bench: atDemand,
    by: admin,
    action: 'submit',
    code: 'forbidden',
  },
  {
    what: 'wrong side: the buyer on the provider’s node',
    bench: atDelivery,
    by: buyer,
    action: 'finish',
    code: 'forbidden',
  },
  { what: 'wrong side: the vendor', bench: atDelivery, by: vendor, action: 'finish', code: 'forbidden' },
  { what: 'wrong side: a portal', bench: atDelivery, by: portal, action: 'finish', code: 'forbidden' },
  { what: 'another company’s buyer', bench: atDemand, by: otherBuyer, action: 'submit', code: 'forbidden' },
  { what: 'another provider’s admin', bench: atDelivery, by: rivalAdmin, action: 'finish', code: 'forbidden' },
  {
    what: 'wrong person: staff on the admin’s node',
    bench: atDelivery,
    by: specialist,
    action: 'finish',
    code: 'forbidden',
  },
  {
    what: 'wrong person: who does not hold the role',
    bench: atStaff,
    by: specialist2,
    action: 'confirm',
    code: 'forbidden',
  },
  {
    what: 'wrong person: the admin while nobody is late',
    bench: atStaff,
    by: admin,
    action: 'confirm',
    code: 'forbidden',
  },
  { what: 'a claim without the role', bench: atClaim, by: specialist, action: 'claim', code: 'forbidden' },
  {
    what: 'wrong turn: a node that is not entered yet',
    bench: atDelivery,
    by: buyer,
    action: 'confirm',
    more: { nodeId: 'finish', visit: 1 },
    code: 'conflict',
  },
  {
    what: 'wrong turn: a node that is done',
    bench: atDelivery,
    by: buyer,
    action: 'submit',
    more: { nodeId: 'demand', visit: 1 },
    code: 'conflict',
  },
  {
    what: 'a stale visit',
    bench: () => atFinish().act(buyer, 'reject', { reason: 'No' }),
    by: admin,
    action: 'finish',
    more: { visit: 1 },
    code: 'conflict',
  },
  { what: 'a visit to come', bench: atDelivery, by: admin, action: 'finish', more: { visit: 2 }, code: 'conflict' },
  {
    what: 'the second of two claims',
    bench: atStaff,
    by: manager2,
    action: 'claim',
    more: { nodeId: 'claim', visit: 1 },
    code: 'conflict',
  },
  {
    what: 'another node’s action',
    bench: atDelivery,
    by: admin,
    action: 'confirm',
    code: 'invalid',
    faults: ['action'],
  },
  {
    what: 'an action on a node of the service',
    bench: waiting,
    by: operator,
    action: 'confirm',
    code: 'invalid',
    faults: ['action'],
  },
  {
    what: 'a rejection where none is possible',
    bench: atStaff,
    by: specialist,
    action: 'reject',
    more: { reason: 'No' },
    code: 'invalid',
    faults: ['action'],
  },
  {
    what: 'a rejection without a reason',
    bench: atFinish,
    by: buyer,
    action: 'reject',
    code: 'invalid',
    faults: ['reason'],
  },
  {
    what: 'a rejection with an empty reason',
    bench: atFinish,
    by: buyer,
    action: 'reject',
    more: { reason: '  ' },
    code: 'invalid',
    faults: ['reason'],
  },
  {
    what: 'a rejection with a long reason',
    bench: atFinish,
    by: buyer,
    action: 'reject',
    more: { reason: 'x'.repeat(1001) },
    code: 'invalid',
    faults: ['reason'],
  },
  {
    what: 'no form',
    bench: atDemand,
    by: buyer,
    action: 'submit',
    more: { form: undefined },
    code: 'invalid',
    faults: ['form.contactName', 'form.phone', 'form.email', 'form.address', 'form.details'],
  },
  {
    what: 'a bad form',
    bench: atDemand,
    by: buyer,
    action: 'submit',
    more: { form: { ...form, phone: 'call me', email: 'nobody', attachments: [1] } },
    code: 'invalid',
    faults: ['form.phone', 'form.email', 'form.attachments'],
  },
  { what: 'a missing upload', bench: atContract, by: admin, action: 'finish', code: 'invalid', faults: ['files'] },
  {
    what: 'an upload without files',
    bench: atContract,
    by: admin,
    action: 'upload',
    code: 'invalid',
    faults: ['files'],
  },
  {
    what: 'a file of another type',
    bench: atContract,
    by: admin,
    action: 'upload',
    more: { files: [file('contract.pdf.exe')] },
    code: 'unsupported_type',
    faults: ['files.0'],
  },
  {
    what: 'a file without a type',
    bench: atContract,
    by: admin,
    action: 'upload',
    more: { files: [file('a.pdf'), file('pdf')] },
    code: 'unsupported_type',
    faults: ['files.1'],
  },
  {
    what: 'a file over the limit',
    bench: atContract,
    by: admin,
    action: 'upload',
    more: { files: [file('a.pdf', 5 * 1024 * 1024 + 1)] },
    code: 'too_large',
    faults: ['files.0'],
  },
  { what: 'paused', bench: paused, by: admin, action: 'finish', code: 'conflict' },
  { what: 'paused, and not yours', bench: paused, by: buyer, action: 'finish', code: 'forbidden' },
  {
    what: 'completed',
    bench: done,
    by: buyer,
    action: 'confirm',
    more: { nodeId: 'finish', visit: 1 },
    code: 'read_only',
  },
  {
    what: 'closed',
    bench: closed,
    by: admin,
    action: 'finish',
    more: { nodeId: 'delivery', visit: 1 },
    code: 'read_only',
  },
  {
    what: 'closed, even for an operator',
    bench: closed,
    by: operator,
    action: 'finish',
    more: { nodeId: 'delivery', visit: 1 },
    code: 'read_only',
  },
];

describe('what is refused at a node (domain.md, section 4)', () => {
  for (const { what, bench: begin, by, action, more, code, faults } of wrong) {
    it(`${what}: ${code}, and nothing changes`, () => {
      const bench = begin();
      const before = bench.flow;
      const count = bench.entries.length;
      const result = bench.tryAct(by, action, more);
      if (result.ok) throw new Error('was accepted');
      expect(result.code).to.equal(code);
      expect(result.message).to.match(/\.$/);
      if (faults === undefined) {
        const { status, run, current } = before;
        expect(result.details).to.include({ status, run, current });
      } else {
        expect(pathsOf(result)).to.have.members(faults);
      }
      expect(bench.flow).to.equal(before);
      expect(bench.entries).to.have.length(count);
    });
  }
});
