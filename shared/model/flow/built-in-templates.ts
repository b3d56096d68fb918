import type { Role } from '../../contract/primitives.ts';
import type { Notify, Template, TemplateNode } from '../../contract/templates.ts';
import type { MessagePreset } from './message-presets.ts';

interface Words {
  zh: string;
  en: string;
}
type Settings = Partial<Omit<TemplateNode, 'id' | 'type' | 'name' | 'labels'>> & { confirm?: Words; finish?: Words };

const tell = (to: Notify['to'], when: Notify['when'], message: MessagePreset): Notify => ({ to, when, message });

const FINISH: Words = { zh: '完成', en: 'Finish' };
const CONFIRM: Words = { zh: '确认', en: 'Confirm' };
const REJECT: Words = { zh: '驳回', en: 'Reject' };
const ACCEPT: Words = { zh: '验收通过', en: 'Accept' };

const BUYERS_TURN = [tell('buyer', 'entered', 'please_confirm'), tell('buyer', 'timed_out', 'timed_out')];
const PROVIDERS_TURN = [
  tell('current_operator', 'entered', 'your_turn'),
  tell('current_operator', 'timed_out', 'timed_out'),
  tell('provider_admin', 'timed_out', 'timed_out'),
];

const assign: TemplateNode = {
  id: 'assign',
  type: 'assign_provider',
  name: 'Assign Provider',
  side: 'system',
  labels: { title: { zh: '分配服务商', en: 'Assign Provider' } },
  notify: [],
};

const demand: TemplateNode = {
  id: 'demand',
  type: 'submit_demand',
  name: 'Submit Demand',
  side: 'buyer',
  labels: {
    title: { zh: '提交需求', en: 'Submit Demand' },
    submit: { zh: '提交需求', en: 'Submit demand' },
    view: { zh: '查看需求', en: 'View demand' },
  },
  notify: [tell('buyer', 'entered', 'your_turn'), tell('provider_admin', 'entered', 'node_entered')],
};

/** A provider's piece of work. */
function work(id: string, title: Words, { finish = FINISH, ...settings }: Settings = {}): TemplateNode {
  return {
    id,
    type: 'generic',
    name: title.en,
    side: 'provider',
    role: 'provider_admin',
    ...settings,
    labels: {
      title,
      upload: { zh: '上传文件', en: 'Upload' },
      view: { zh: '查看', en: 'View' },
      finish,
    },
    notify: PROVIDERS_TURN,
  };
}

/** A step that the buyer confirms or rejects with a reason. */
function acceptance(
  type: 'confirm' | 'finish',
  id: string,
  title: Words,
  { confirm = CONFIRM, ...settings }: Settings = {},
): TemplateNode {
  return {
    id,
    type,
    name: title.en,
    side: 'buyer',
    rejectable: true,
    ...settings,
    labels: { title, confirm, reject: REJECT },
    notify: BUYERS_TURN,
  };
}

/** Brings in staff of a role. */
function dispatch(role: Role, rule: 'provider_first' | 'department_first'): TemplateNode {
  return {
    id: 'dispatch',
    type: 'dispatch_order',
    name: 'Dispatch',
    side: 'system',
    role,
    rule,
    labels: { title: { zh: '分配订单', en: 'Dispatch' } },
    notify: [],
  };
}

const DELIVERY: Words = { zh: '项目交付', en: 'Project Delivery' };
const CONFIRM_DELIVERY: Words = { zh: '确认交付', en: 'Confirm Delivery' };
const A_FORTNIGHT = { timeoutDays: 14, autoAdvance: true } as const;
const MEBIBYTE = 1024 * 1024;

const builtIn = (id: string, name: string, nodes: TemplateNode[]): Template => ({
  id,
  name,
  status: 'published',
  builtIn: true,
  posting: 'any-staff',
  nodes: [assign, demand, ...nodes],
});

/** The public templates that come with the service (domain.md, section 4). */
export const builtInTemplates: readonly Template[] = [
  builtIn('basic', 'Basic delivery', [
    work('delivery', DELIVERY),
    acceptance('finish', 'finish', CONFIRM_DELIVERY, A_FORTNIGHT),
  ]),
  builtIn('double-check', 'Double check', [
    work('delivery', DELIVERY),
    acceptance('confirm', 'confirm', CONFIRM_DELIVERY, A_FORTNIGHT),
    acceptance(
      'finish',
      'finish',
      { zh: '确认质保', en: 'Confirm Warranty' },
      { timeoutFrom: 'warranty', autoAdvance: true },
    ),
  ]),
  builtIn('contract', 'Signing a contract', [
    work(
      'contract',
      { zh: '上传合同', en: 'Upload Contract' },
      {
        needsUpload: true,
        upload: { types: ['doc', 'docx', 'xlsx', 'ppt', 'pptx', 'pdf', 'png', 'zip', '7z'], maxBytes: 5 * MEBIBYTE },
      },
    ),
    work('delivery', DELIVERY),
    acceptance('finish', 'finish', CONFIRM_DELIVERY, A_FORTNIGHT),
  ]),
  builtIn('step-by-step', 'Step by step', [
    work('design', { zh: '功能设计', en: 'Functional Design' }),
    acceptance('confirm', 'confirm-design', { zh: '确认功能设计', en: 'Confirm Functional Design' }),
    work('ued', { zh: '用户体验设计', en: 'User Experience Design' }),
    acceptance('confirm', 'confirm-ued', { zh: '确认用户体验设计', en: 'Confirm UED' }),
    work('development', { zh: '开发测试', en: 'Development and Testing' }),
    acceptance('confirm', 'inspection', { zh: '检查验收', en: 'Inspection and Acceptance' }, { confirm: ACCEPT }),
    acceptance('finish', 'finish', CONFIRM_DELIVERY, A_FORTNIGHT),
  ]),
  builtIn('simplest', 'Simplest', [
    dispatch('delivery_specialist', 'provider_first'),
    work(
      'deliverable',
      { zh: '提交交付件', en: 'Submit Deliverable' },
      { role: 'delivery_specialist', needsUpload: true, finish: { zh: '提交', en: 'Submit' } },
    ),
    acceptance('finish', 'finish', { zh: '确认完成', en: 'Confirm' }, A_FORTNIGHT),
  ]),
  builtIn('bespoke', 'Bespoke order', [
    {
      id: 'claim',
      type: 'claim_order',
      name: 'Claim',
      side: 'provider',
      role: 'account_manager',
      labels: { title: { zh: '认领订单', en: 'Claim' }, claim: { zh: '认领', en: 'Claim' } },
      notify: [tell('account_manager', 'entered', 'node_entered'), tell('provider_admin', 'entered', 'node_entered')],
    },
    dispatch('delivery_specialist', 'department_first'),
    {
      id: 'confirm-demand',
      type: 'confirm',
      name: 'Confirm Demand',
      side: 'provider',
      role: 'delivery_specialist',
      labels: { title: { zh: '确认需求', en: 'Confirm Demand' }, confirm: CONFIRM },
      notify: PROVIDERS_TURN,
    },
    work('implementation', { zh: '实施', en: 'Implementation' }, { role: 'delivery_specialist' }),
    acceptance('finish', 'finish', CONFIRM_DELIVERY, A_FORTNIGHT),
  ]),
];

export function builtInTemplate(id: string): Template | undefined {
  return builtInTemplates.find((template) => template.id === id);
}
