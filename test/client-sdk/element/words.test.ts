import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { builtInTemplates } from '../../../shared/model/flow/built-in-templates.ts';
import { ERROR_CODES } from '../../../shared/contract/errors.ts';
import { nodeStatus, projectStatus, queuedReason } from '../../../shared/contract/projects.ts';
import {
  engagementOrigin,
  engagementStatus,
  opportunityAction,
  opportunityKind,
  opportunityStatus,
  passedReason,
  recordStage,
  rejectReason,
  terminateReason,
} from '../../../shared/contract/opportunities.ts';
import { proposalStatus } from '../../../shared/contract/proposals.ts';
import { role, side } from '../../../shared/contract/primitives.ts';
import { receiver } from '../../../shared/contract/templates.ts';
import { FLOW_EVENT_KINDS } from '../../../shared/model/flow/flow-fact.ts';
import { OPPORTUNITY_EVENT_KINDS } from '../../../shared/model/opportunity/opportunity-fact.ts';
import { isEcho } from '../../../client-sdk/element/opportunity/opportunity-line.ts';
import { eventLine } from '../../../client-sdk/element/event-line.ts';
import { en } from '../../../client-sdk/element/language/en.ts';
import { wordOf } from '../../../client-sdk/element/language/words.ts';
import { zhCn } from '../../../client-sdk/element/language/zh-cn.ts';
import { initialsOf } from '../../../client-sdk/element/theme.ts';
import { event } from './support/entries.ts';

/** Every name by which a table of words is looked up, as a path. */
function namesIn(table: object, path = ''): string[] {
  return Object.entries(table).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? namesIn(value as object, `${path}${name}.`) : [`${path}${name}`],
  );
}

describe('words', () => {
  it('has each word in both languages', () => {
    const names = (words: typeof en) => namesIn(words).filter((name) => !/^(nodeNames|delivery\.labels)\./.test(name));
    expect(names(zhCn)).to.have.members(names(en));
  });

  for (const words of [en, zhCn]) {
    it(`names in ${words.tag} every side, role, status, reason and error of the contract`, () => {
      expect(words.sides).to.have.all.keys(side.options);
      expect(words.roles).to.have.all.keys(role.options);
      expect(words.projectStatus).to.have.all.keys(projectStatus.options);
      expect(words.nodeStatus).to.have.all.keys(nodeStatus.options);
      expect(words.queued).to.have.all.keys(queuedReason.options);
      expect(words.errors).to.have.all.keys(Object.keys(ERROR_CODES));
    });

    it(`names in ${words.tag} every status, origin, reason, stage and action of a demand`, () => {
      const { opportunity } = words;
      expect(opportunity.kinds).to.have.all.keys(opportunityKind.options);
      expect(opportunity.status).to.have.all.keys(opportunityStatus.options);
      expect(opportunity.engagementStatus).to.have.all.keys(engagementStatus.options);
      expect(opportunity.origins).to.have.all.keys(engagementOrigin.options);
      expect(opportunity.rejectReasons).to.have.all.keys(rejectReason.options);
      expect(opportunity.terminateReasons).to.have.all.keys(terminateReason.options);
      expect(opportunity.passedReasons).to.have.all.keys(passedReason.options);
      expect(opportunity.stages).to.have.all.keys(recordStage.options);
      expect(opportunity.proposalStatus).to.have.all.keys(proposalStatus.options);
      expect(opportunity.actions).to.have.all.keys(opportunityAction.options);
    });
  }

  it('knows the nodes of the built-in templates in Chinese', () => {
    const names = new Set(builtInTemplates.flatMap(({ nodes }) => nodes.map(({ name }) => name)));
    expect([...names].filter((name) => !Object.hasOwn(zhCn.nodeNames, name))).to.deep.equal([]);
  });

  it('has no Chinese outside its own file, and none of the other in it', () => {
    const source = (file: string) =>
      readFileSync(new URL(`../../../client-sdk/element/language/${file}`, import.meta.url), 'utf8');
    for (const part of ['', '-flow', '-opportunity', '-market', '-call']) {
      expect(source(`en${part}.ts`), part).to.not.match(/\p{Script=Han}/u);
      expect(source(`zh-cn${part}.ts`), part).to.match(/\p{Script=Han}/u);
    }
  });

  it('shows a name that came over the wire as it is when it has no word, also one that objects have', () => {
    expect(wordOf(en.roles, 'chief')).to.equal('chief');
    expect(wordOf(en.roles, 'constructor')).to.equal('constructor');
  });
});

describe('eventLine', () => {
  const entered = event(1, 'node.entered', { node: { id: 'demand', name: 'Submit Demand' } });

  it('reads as a sentence in each language', () => {
    expect(eventLine(entered, en)).to.equal('Step entered: Submit Demand');
    expect(eventLine(entered, zhCn)).to.equal('进入步骤：提交需求');
    expect(eventLine(event(1, 'project.created', { orderId: 'A-1' }), en)).to.include('A-1');
    expect(eventLine(event(1, 'provider.assigned', { provider: { name: 'Kite' } }), en)).to.include('Kite');
    expect(eventLine(event(1, 'member.added', { member: { name: 'Lin' } }), zhCn)).to.equal('System 添加了 Lin');
  });

  it('has words in each language for every fact of a flow, and for what goes with it', () => {
    const events = [
      ...Object.keys(FLOW_EVENT_KINDS),
      'notification',
      'notes.handed_over',
      'member.added',
      'member.changed',
    ];
    for (const words of [en, zhCn]) {
      for (const name of events) {
        expect(words.delivery.events, name).to.have.property(name);
        const line = eventLine(
          event(1, name, { node: { name: 'Confirm' }, words: { zh: '某事', en: 'Something' } }),
          words,
        );
        expect(line, name).to.not.be.empty.and.not.match(/undefined|NaN|\[object/);
      }
    }
  });

  it('has words in each language for every fact of a demand', () => {
    for (const words of [en, zhCn]) {
      for (const name of Object.keys(OPPORTUNITY_EVENT_KINDS)) {
        expect(words.opportunity.events, name).to.have.property(name);
        expect(eventLine(event(1, name, {}), words), name).to.not.match(/undefined|NaN|\[object/);
      }
      expect(Object.keys(words.opportunity.events)).to.have.members(Object.keys(OPPORTUNITY_EVENT_KINDS));
    }
  });

  it('tells what became of a demand', () => {
    const said = (name: string, body: Record<string, unknown>) =>
      [en, zhCn].map((words) => eventLine(event(1, name, body), words));
    const provider = { org: 'kite', name: 'Kite' };
    expect(said('engagement.began', { provider, origin: 'grabbed' })).to.deep.equal([
      'Kite took the demand from the plaza',
      'Kite 从商机广场抢单',
    ]);
    expect(said('engagement.ended', { status: 'rejected', reason: 'budget_too_low' })).to.deep.equal([
      'The provider is out: declined, Budget too low',
      '服务商已退出：已拒绝，预算过低',
    ]);
    expect(said('engagement.ended', { status: 'expired', reason: 'unanswered' })[1]).to.include('未在期限内答复');
    expect(said('opportunity.closed', { reason: 'Asked twice' })[0]).to.equal(
      'The platform closed the demand: Asked twice',
    );
    const proposal = { name: 'Standard', total: '39600.00', currency: 'CNY' };
    expect(said('proposal.sent', { proposal })).to.deep.equal([
      'System sent the proposal "Standard": ¥39,600',
      'System 发送了方案“Standard”：¥39,600',
    ]);
    expect(said('record.added', { connected: true, stage: 'price', text: 'Fifty is fine.' })).to.deep.equal([
      'System: reached, discussing the price. Fifty is fine.',
      'System：已联系上，讨论价格。Fifty is fine.',
    ]);
    expect(said('engagement.began', { provider, origin: 'won in a lottery' })[0]).to.equal('Kite');
  });

  it('leaves out of a timeline what a fact beside it tells, and nothing else', () => {
    const notice = (what: string) => ({ ...event(1, 'notification', { what }), kind: 'notice' as const });
    expect(isEcho(notice('proposal_sent'))).to.equal(true);
    expect(isEcho(notice('offered'))).to.equal(false);
    expect(isEcho(notice('toString'))).to.equal(false);
    // Where it is the last of a room, it is told as the fact is: its own words are for the buyer alone.
    expect([en, zhCn].map((words) => eventLine(notice('proposal_sent'), words))).to.deep.equal([
      'A proposal was sent',
      '服务商发送了方案',
    ]);
    const offered = event(1, 'notification', { what: 'offered', words: { zh: '请接受', en: 'Please accept' } });
    expect(eventLine({ ...offered, stream: 'desk:kite' }, en)).to.equal('For the provider: Please accept');
    expect(isEcho(event(1, 'proposal.sent', { what: 'proposal_sent' }))).to.equal(false);
  });

  it('tells who, to whom, why and in whose place', () => {
    const at = { node: { id: 'finish', name: 'Confirm Delivery' }, visit: 1 };
    const said = (name: string, body: Record<string, unknown>) =>
      [en, zhCn].map((words) => eventLine(event(1, name, body), words));
    expect(said('node.rejected', { ...at, reason: 'Old logo', onBehalfOf: 'buyer' })).to.deep.equal([
      'System rejected Confirm Delivery for the buyer: Old logo',
      'System 驳回了“确认交付”（代客户操作）：Old logo',
    ]);
    expect(said('node.done', { ...at, action: 'confirm', auto: true })).to.deep.equal([
      'Confirm Delivery: its time was over, and the flow went on by itself',
      '确认交付：已到期，自动进入下一步',
    ]);
    expect(said('node.done', { ...at, action: 'finish', late: true })[0]).to.include('in place of a late operator');
    expect(
      said('operator.changed', {
        ...at,
        from: { role: 'designer', name: 'Lin' },
        to: { role: 'designer', name: 'Wu' },
        remark: 'ill',
      }),
    ).to.deep.equal([
      'System changed the operator (designer) from Lin to Wu: ill',
      'System 将操作人（设计师）由 Lin 更换为 Wu：ill',
    ]);
    expect(
      said('provider.changed', { from: { name: 'Kite' }, to: { name: 'Fox' }, remark: 'slow', run: 2 })[0],
    ).to.equal('System changed the provider from Kite to Fox: slow. The flow starts again as run 2.');
    const lin = { userId: 'lin', name: 'Lin', role: 'account_manager' };
    expect(said('order.claimed', { ...at, operator: lin })[0]).to.equal(
      'System gave the order to Lin (account manager)',
    );
    expect(said('order.claimed', { ...at, operator: { ...lin, userId: 'system' } })[0]).to.equal(
      'System claimed the order',
    );
    expect(said('project.queued', { ...at, reason: 'providers_full' })[0]).to.equal(
      'Queued at Confirm Delivery: all providers are full',
    );
    expect(said('file.added', { ...at, files: [{ id: 'f', name: 'a.pdf', size: 1, type: 'x' }, 'odd'] })[0]).to.equal(
      'System added 1 file to Confirm Delivery',
    );
    expect(said('notification', { to: 'buyer', words: { zh: '轮到您', en: 'Your turn' } })).to.deep.equal([
      'For the buyer: Your turn',
      '通知客户：轮到您',
    ]);
    for (const to of receiver.options) expect(said('notification', { to })[1], to).to.match(/^通知\p{Script=Han}+：$/u);
    expect(said('notification', { words: { zh: '轮到您', en: 'Your turn' } })).to.deep.equal(['Your turn', '轮到您']);
  });

  it('shows an event of a later version by its name', () => {
    expect(eventLine(event(1, 'moon.rose'), en)).to.equal('System: moon.rose');
    expect(eventLine(event(1, 'toString'), en)).to.equal('System: toString');
    expect(eventLine(event(1, 'node.entered', { node: 'odd' }), en)).to.equal('Step entered: ');
  });
});

describe('initialsOf', () => {
  for (const [name, initials] of [
    ['Wang Fang', 'WF'],
    ['Anna Maria de Souza', 'AS'],
    ['lin', 'L'],
    ['王小芳', '小芳'],
    ['Lin 林', '林'],
    ['😀 Zoë', '😀Z'],
    ['', ''],
  ] as const) {
    it(`makes "${initials}" of "${name}"`, () => {
      expect(initialsOf(name)).to.equal(initials);
    });
  }
});
