import { expect } from 'chai';
import { audienceOf } from '../../../shared/model/flow/audience.ts';
import { messageWords } from '../../../shared/model/flow/message-presets.ts';
import { mayPost } from '../../../shared/model/flow/permissions.ts';
import {
  admin,
  buyer,
  FlowBench,
  manager,
  operator,
  postingTemplate,
  customTemplate,
  specialist,
  specialist2,
  vendor,
} from './flow-bench.ts';

describe('whom a notification is for', () => {
  const bench = FlowBench.of('bespoke').act(buyer, 'submit');
  const claimed = FlowBench.of('bespoke')
    .act(buyer, 'submit')
    .act(manager, 'claim')
    .dispatch(specialist)
    .act(specialist, 'confirm');

  it('is everybody with the role before a claim, and who holds it after', () => {
    expect(audienceOf(bench.flow, 'account_manager', 'claim')).to.deep.equal({
      side: 'provider',
      org: 'studio',
      role: 'account_manager',
    });
    expect(audienceOf(claimed.flow, 'account_manager', 'claim')).to.deep.equal({
      side: 'provider',
      org: 'studio',
      userIds: ['p-am'],
    });
  });
  it('is who works the node', () => {
    expect(audienceOf(claimed.flow, 'current_operator', 'implementation')).to.deep.include({ userIds: ['p-ds'] });
    expect(audienceOf(claimed.flow, 'current_operator', 'finish')).to.deep.equal({ side: 'buyer', org: 'shop' });
    expect(audienceOf(claimed.flow, 'current_operator', 'dispatch')).to.equal(null);
    const basic = FlowBench.of('basic');
    expect(audienceOf(basic.flow, 'current_operator', 'delivery')).to.deep.include({ role: 'provider_admin' });
  });
  it('is the vendor’s people, the platform, the buyer; and nobody of a provider before there is one', () => {
    expect(audienceOf(bench.flow, 'project_manager', 'claim')).to.deep.equal({
      side: 'vendor',
      org: 'maker',
      role: 'project_manager',
    });
    expect(audienceOf(bench.flow, 'operator', 'claim')).to.deep.equal({ side: 'operator' });
    expect(audienceOf(bench.flow, 'buyer', 'claim')).to.deep.equal({ side: 'buyer', org: 'shop' });
    const waiting = new FlowBench(customTemplate({ id: 'f', type: 'finish', name: 'F' }));
    expect(audienceOf(waiting.flow, 'provider_admin', 'f')).to.equal(null);
    expect(audienceOf(waiting.flow, 'provider', 'f')).to.equal(null);
    expect(audienceOf(bench.flow, 'provider', 'claim')).to.deep.equal({ side: 'provider', org: 'studio' });
    expect(audienceOf(bench.flow, 'vendor', 'claim')).to.deep.equal({ side: 'vendor', org: 'maker' });
  });
});

describe('the words of a notification', () => {
  const values = { project: 'Tea shop', node: 'Work', due: 'Tue 17:30' };
  it('are a preset’s in either language', () => {
    expect(messageWords('your_turn', values, 'en')).to.equal(
      'Project "Tea shop" has come to "Work": it is your turn. Due: Tue 17:30.',
    );
    expect(messageWords('timed_out', values, 'zh')).to.equal('项目“Tea shop”的“Work”已超时（应于Tue 17:30前完成）。');
    expect(messageWords('your_turn', { project: 'P', node: 'N' }, 'en')).to.include('Due: no limit.');
  });
  it('are a template’s own, filled in once', () => {
    expect(messageWords('Look at {node} of {project}, {who}', { ...values, node: '{project}' }, 'en')).to.equal(
      'Look at {project} of Tea shop, {who}',
    );
    expect(messageWords('constructor', values, 'en')).to.equal('constructor');
  });
});

describe('posting: current-operator (domain.md, section 2)', () => {
  const strict = () =>
    new FlowBench(
      postingTemplate(
        'current-operator',
        { id: 'd', type: 'dispatch_order', name: 'D', role: 'delivery_specialist' },
        { id: 'work', type: 'generic', name: 'Work', role: 'delivery_specialist' },
        { id: 'own', type: 'generic', name: 'Own', side: 'provider' },
        { id: 'finish', type: 'finish', name: 'Finish' },
      ),
    )
      .assign('studio')
      .dispatch(specialist);
  const writers = (bench: FlowBench): string[] =>
    [buyer, admin, specialist, specialist2, vendor, operator]
      .filter((one) => mayPost(bench.flow, one))
      .map(({ id }) => id);
  const others = ['b1', 'v1', 'op'];

  it('lets only who works the current node write for the provider; it says nothing of the other sides', () => {
    const bench = strict();
    expect(writers(bench)).to.have.members([...others, 'p-ds']);
    expect(writers(bench.act(specialist, 'finish'))).to.have.members([...others, 'p-admin']);
    expect(writers(bench.act(admin, 'finish'))).to.have.members(others);
  });
  it('is not the default', () => {
    expect(writers(FlowBench.of('basic'))).to.have.length(6);
  });
});
