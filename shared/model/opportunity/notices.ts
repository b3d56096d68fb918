import type { Language } from '../flow/template-steps.ts';

/**
 * What somebody is told beside the facts. `{demand}` is the title; `{provider}` stands only in what the buyer or the operators read, since no provider
 * is to learn another's name.
 */
const NOTICES = {
  // To a provider's admins.
  offered: {
    zh: '平台为贵公司分配了商机“{demand}”，请在期限内接受或拒绝。',
    en: 'The demand "{demand}" is offered to your company: accept or decline it before the offer expires.',
  },
  offer_lapsed: {
    zh: '商机“{demand}”未在期限内答复，已失效。',
    en: 'The offer of "{demand}" has expired without an answer from your company.',
  },
  window_lapsed: {
    zh: '商机“{demand}”在跟进期限内没有沟通小记，跟进已结束。',
    en: 'Your company left no communication record for "{demand}" in time: it follows the demand no more.',
  },
  chosen: {
    zh: '商机“{demand}”已成交，客户选择了贵公司的方案。',
    en: 'The buyer has paid your company’s proposal for "{demand}".',
  },
  not_chosen: {
    zh: '商机“{demand}”已结束，贵公司未被选中。',
    en: 'The demand "{demand}" is closed; your company was not chosen.',
  },
  demand_revoked: { zh: '客户撤销了商机“{demand}”。', en: 'The buyer has revoked the demand "{demand}".' },
  demand_closed: { zh: '平台关闭了商机“{demand}”。', en: 'The platform has closed the demand "{demand}".' },
  // To the buyer.
  provider_follows: {
    zh: '{provider} 开始跟进您的需求“{demand}”。',
    en: '{provider} now follows your demand "{demand}".',
  },
  provider_left: {
    zh: '{provider} 不再跟进您的需求“{demand}”，平台将为您另寻服务商。',
    en: '{provider} no longer follows your demand "{demand}"; the platform looks for another provider.',
  },
  proposal_sent: {
    zh: '{provider} 为您的需求“{demand}”发送了方案。',
    en: '{provider} has sent a proposal for your demand "{demand}".',
  },
  proposal_withdrawn: {
    zh: '{provider} 撤回了需求“{demand}”的一份方案。',
    en: '{provider} has withdrawn a proposal for your demand "{demand}".',
  },
  deal_made: {
    zh: '需求“{demand}”已成交，由 {provider} 交付。',
    en: 'Your demand "{demand}" is a deal: {provider} delivers it.',
  },
  closed_for_buyer: { zh: '平台关闭了您的需求“{demand}”。', en: 'The platform has closed your demand "{demand}".' },
  // To the operators: somebody has paid, and there is no deal.
  payment_refused: {
    zh: '商机“{demand}”有一笔付款未能成交，请核实并处理退款：{payment}。',
    en: 'A payment for "{demand}" made no deal: see to the refund of {payment}.',
  },
  // And for whom each of these is a demand that needs another provider.
  offer_rejected: { zh: '{provider} 拒绝了商机“{demand}”。', en: '{provider} has declined the demand "{demand}".' },
  offer_expired: {
    zh: '{provider} 未在期限内答复商机“{demand}”。',
    en: '{provider} has not answered the offer of "{demand}" in time.',
  },
  window_expired: {
    zh: '{provider} 在跟进期限内没有为商机“{demand}”留下沟通小记。',
    en: '{provider} has left no communication record for "{demand}" in time.',
  },
  service_terminated: {
    zh: '{provider} 终止了商机“{demand}”的服务。',
    en: '{provider} has terminated its service for "{demand}".',
  },
  // Of a desk: to the operators, and to the provider's admins.
  desk_question: {
    zh: '{provider} 就商机“{demand}”向平台咨询。',
    en: '{provider} asks the operators about the demand "{demand}".',
  },
  desk_answer: {
    zh: '平台已答复贵公司关于商机“{demand}”的咨询。',
    en: 'The operators have answered your company about the demand "{demand}".',
  },
} as const satisfies Record<string, Record<Language, string>>;

export type OpportunityNotice = keyof typeof NOTICES;

/** The words of a notice in both languages. What fills them is never read as a placeholder itself. */
export function noticeWords(
  what: OpportunityNotice,
  values: { readonly demand: string; readonly provider?: string; readonly payment?: string },
): Record<Language, string> {
  const fill = (words: string): string =>
    words.replaceAll(
      /\{(demand|provider|payment)\}/gu,
      (_all, key: 'demand' | 'provider' | 'payment') => values[key] ?? '',
    );
  const { zh, en } = NOTICES[what];
  return { zh: fill(zh), en: fill(en) };
}
