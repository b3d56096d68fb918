import { expect } from 'chai';
import { NODE_FILES_MAX } from '../../../shared/contract/limits.ts';
import { allowedActions } from '../../../shared/model/flow/permissions.ts';
import { admin, buyer, customTemplate, file, FlowBench, form, manager2, operator, specialist } from './flow-bench.ts';

const atDelivery = () => FlowBench.of('basic').act(buyer, 'submit');
const atClaim = () => FlowBench.of('bespoke').act(buyer, 'submit');

describe('acting on a node (domain.md, section 4)', () => {
  it('counts files of this visit only', () => {
    const bench = new FlowBench(
      customTemplate(
        { id: 'work', type: 'generic', name: 'Work', side: 'provider', needsUpload: true },
        { id: 'finish', type: 'finish', name: 'Finish', rejectable: true },
      ),
    ).assign('studio');
    bench
      .act(admin, 'upload', { files: [file()] })
      .act(admin, 'finish')
      .act(buyer, 'reject', { reason: 'No' });
    expect(bench.place).to.equal('work/2');
    expect(bench.node.files).to.deep.equal([]);
    expect(bench.tryAct(admin, 'finish')).to.include({ ok: false, code: 'invalid' });
    bench.act(admin, 'finish', { files: [file('second.pdf')] });
    expect(bench.place).to.equal('finish/2');
  });

  it('adds a file once to a visit, and no more than a project can carry', () => {
    const bench = atDelivery().act(admin, 'upload', { files: [file('one.pdf')] });
    const { flow } = bench;
    // An answer that was lost is asked for again.
    bench.act(admin, 'upload', { files: [file('one.pdf')] });
    expect(bench.flow).to.deep.equal(flow);
    for (let n = 1; n < NODE_FILES_MAX; n++) bench.act(admin, 'upload', { files: [file(`${n}.pdf`)] });
    expect(bench.node.files).to.have.length(NODE_FILES_MAX);
    expect(bench.tryAct(admin, 'upload', { files: [file('more.pdf')] })).to.include({ ok: false, code: 'invalid' });
    expect(bench.tryAct(admin, 'finish', { files: [file('more.pdf')] })).to.include({ ok: false, code: 'invalid' });
    bench.act(admin, 'finish', { files: [file('one.pdf')] });
    expect(bench.place).to.equal('finish/1');
  });

  it('takes files up to the node’s limit, of its types in whatever case', () => {
    const bench = FlowBench.of('contract').act(buyer, 'submit');
    bench.act(admin, 'upload', { files: [file('CONTRACT.PDF', 5 * 1024 * 1024)] });
    expect(bench.node.files).to.have.length(1);
  });

  it('takes files by media type where the template says so', () => {
    const bench = new FlowBench(
      customTemplate(
        {
          id: 'work',
          type: 'generic',
          name: 'Work',
          side: 'provider',
          upload: { types: ['application/pdf'], maxBytes: 9 },
        },
        { id: 'finish', type: 'finish', name: 'Finish' },
      ),
    ).assign('studio');
    bench.act(admin, 'upload', { files: [file('scan', 9)] });
    const image = { ...file('scan.pdf', 9), type: 'image/png' };
    expect(bench.tryAct(admin, 'upload', { files: [image] })).to.include({ ok: false, code: 'unsupported_type' });
  });

  it('gives the form to be kept, and writes none of it into the log', () => {
    const bench = FlowBench.of('basic').act(buyer, 'submit', {
      form: { ...form, details: '  A shop  ', attachments: ['f1'] },
    });
    expect(bench.last.form).to.deep.equal({
      nodeId: 'demand',
      visit: 1,
      values: { ...form, details: 'A shop', attachments: ['f1'] },
    });
    const log = JSON.stringify([bench.entries, bench.notifications, bench.flow]);
    for (const secret of [form.phone, form.email, form.address, form.contactName]) expect(log).to.not.include(secret);
  });

  it('repeats nothing of a form that does not fit, whatever its fields are called', () => {
    const bench = FlowBench.of('basic');
    const hostile: unknown = JSON.parse('{"phone":"SECRET","__proto__":{"x":1},"SECRET field":1,"constructor":2}');
    const result = bench.tryAct(buyer, 'submit', { form: hostile });
    expect(result).to.include({ ok: false, code: 'invalid' });
    expect(JSON.stringify(result)).to.include('does not have');
    expect(JSON.stringify(result)).to.not.include('SECRET');
    const inherited: unknown = { ...form, constructor: 'x' };
    expect(bench.tryAct(buyer, 'submit', { form: inherited })).to.include({ ok: false, code: 'invalid' });
  });

  it('names who worked a node, and who acted for somebody', () => {
    const bench = atDelivery().act(operator, 'finish').act(operator, 'confirm');
    const bodies = bench.entries.map(({ body, actor }) => ({ ...body, actor: actor.id }));
    expect(
      bodies
        .filter(({ event }) => event === 'node.done')
        .map((body) => [body.actor, 'onBehalfOf' in body ? body.onBehalfOf : null]),
    ).to.deep.equal([
      ['b1', null],
      ['op', 'provider'],
      ['op', 'buyer'],
    ]);
    expect(bench.flow.nodes.map(({ operator }) => operator?.userId)).to.deep.equal([
      undefined,
      'b1',
      undefined,
      undefined,
    ]);
  });

  it('lets the provider’s admin finish for a late operator, who stays the operator, and says so', () => {
    const bench = new FlowBench(
      customTemplate(
        { id: 'd', type: 'dispatch_order', name: 'D', role: 'delivery_specialist' },
        { id: 'work', type: 'generic', name: 'Work', role: 'delivery_specialist', timeoutDays: 1 },
        { id: 'finish', type: 'finish', name: 'Finish' },
      ),
    )
      .assign('studio')
      .dispatch(specialist);
    expect(allowedActions(bench.flow, admin, bench.now)).to.deep.equal([]);
    bench.now = Date.parse(bench.node.dueAt ?? '');
    // Late from the instant on, whether a sweep came by or not.
    expect(allowedActions(bench.flow, admin, bench.now).map(({ action }) => action)).to.deep.equal([
      'upload',
      'finish',
    ]);
    bench.act(admin, 'finish');
    expect(bench.entries.find(({ body }) => body.event === 'node.done')?.body).to.include({ late: true });
    expect(bench.flow.nodes[2]?.operator).to.deep.equal({ userId: 'p-ds', name: 'Specialist' });
  });

  it('lets the admin confirm for a late operator, and not reject', () => {
    const bench = new FlowBench(
      customTemplate(
        { id: 'd', type: 'dispatch_order', name: 'D', role: 'delivery_specialist' },
        { id: 'work', type: 'generic', name: 'Work', role: 'delivery_specialist' },
        { id: 'check', type: 'confirm', name: 'C', role: 'delivery_specialist', rejectable: true, timeoutDays: 1 },
        { id: 'finish', type: 'finish', name: 'Finish' },
      ),
    )
      .assign('studio')
      .dispatch(specialist)
      .act(specialist, 'finish');
    const offered = (by: typeof admin) => allowedActions(bench.flow, by, bench.now).map(({ action }) => action);
    bench.until('2026-11-17 17:30');
    expect([offered(admin), offered(specialist)]).to.deep.equal([['confirm'], ['confirm', 'reject']]);
  });

  it('gives the claim’s role and department to who claims', () => {
    const bench = atClaim().act(manager2, 'claim');
    expect(bench.flow.crew).to.deep.equal([{ role: 'account_manager', userId: 'p-am2', name: 'Manager Two' }]);
    expect(bench.flow.department).to.equal('south');
    expect(bench.last.wants).to.include({ what: 'staff', role: 'delivery_specialist', departmentFirst: 'south' });
  });

  it('passes a claim for the platform without making it staff; the admin then works what nobody holds', () => {
    const bench = new FlowBench(
      customTemplate(
        { id: 'claim', type: 'claim_order', name: 'Claim', role: 'designer' },
        { id: 'work', type: 'generic', name: 'Work', role: 'designer' },
        { id: 'finish', type: 'finish', name: 'Finish' },
      ),
    )
      .assign('studio')
      .act(operator, 'claim');
    expect(bench.flow.crew).to.deep.equal([]);
    bench.act(admin, 'finish');
    expect(bench.place).to.equal('finish/1');
  });

  it('asks the first step anew where a rejection has nowhere to go back to', () => {
    const bench = new FlowBench(
      customTemplate(
        { id: 'check', type: 'confirm', name: 'Check', rejectable: true },
        { id: 'finish', type: 'finish', name: 'Finish' },
      ),
    ).assign('studio');
    bench.act(buyer, 'reject', { reason: 'No' });
    expect(bench.place).to.equal('check/2');
  });

  it('walks into and out of containers, and rejects across their edges', () => {
    const bench = new FlowBench(
      customTemplate(
        {
          id: 'box',
          type: 'container',
          name: 'Box',
          children: [{ id: 'a', type: 'generic', name: 'A', side: 'provider' }],
        },
        {
          id: 'two',
          type: 'container',
          name: 'Two',
          children: [{ id: 'b', type: 'confirm', name: 'B', rejectable: true }],
        },
        { id: 'finish', type: 'finish', name: 'Finish', rejectable: true },
      ),
    ).assign('studio');
    bench.act(admin, 'finish').act(buyer, 'reject', { reason: 'No' }).act(admin, 'finish').act(buyer, 'confirm');
    expect(bench.place).to.equal('finish/1');
    bench.act(buyer, 'reject', { reason: 'No' });
    expect(bench.place).to.equal('b/3');
    expect(bench.node.within).to.deep.equal({ id: 'two', name: 'Two' });
  });

  it('labels the actions in both languages, with a template’s own words first', () => {
    const bench = new FlowBench(
      customTemplate({
        id: 'finish',
        type: 'finish',
        name: 'Finish',
        rejectable: true,
        labels: { confirm: 'Take it' },
      }),
    ).assign('studio');
    const said = (language: 'zh' | 'en') =>
      allowedActions(bench.flow, buyer, bench.now, language).map(({ label }) => label);
    expect(said('en')).to.deep.equal(['Take it', 'Reject']);
    expect(said('zh')).to.deep.equal(['Take it', '驳回']);
  });
});
