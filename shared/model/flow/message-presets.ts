import type { Language } from './template-steps.ts';

/** What a notification's words are filled with. */
export interface MessageValues {
  readonly project: string;
  readonly node: string;
  /** As it is to be read, in the reader's language. */
  readonly due?: string;
}

/** The messages that templates choose from; `{project}`, `{node}` and `{due}` are filled in. */
export const MESSAGE_PRESETS = {
  your_turn: {
    zh: '项目“{project}”已进入“{node}”，轮到您处理。期限：{due}。',
    en: 'Project "{project}" has come to "{node}": it is your turn. Due: {due}.',
  },
  node_entered: {
    zh: '项目“{project}”已进入“{node}”。',
    en: 'Project "{project}" has come to "{node}".',
  },
  please_confirm: {
    zh: '项目“{project}”的“{node}”待您确认。期限：{due}，到期后按流程设置处理。',
    en: 'Project "{project}" waits for you at "{node}". Due: {due}; after that it goes on as its flow says.',
  },
  due_soon: {
    zh: '项目“{project}”的“{node}”即将到期：{due}。',
    en: 'Project "{project}": "{node}" is due soon, at {due}.',
  },
  timed_out: {
    zh: '项目“{project}”的“{node}”已超时（应于{due}前完成）。',
    en: 'Project "{project}": "{node}" is overdue since {due}.',
  },
  provisional_due: {
    zh: '项目“{project}”的“{node}”到期时间落在尚无节假日数据的年份，暂按{due}计算，请补充日历。',
    en: 'Project "{project}": "{node}" is due in a year whose holidays are not known; {due} is provisional. Please extend the calendar.',
  },
} as const satisfies Record<string, Record<Language, string>>;

export type MessagePreset = keyof typeof MESSAGE_PRESETS;

const NO_DUE: Record<Language, string> = { zh: '不限时', en: 'no limit' };

/** The words of a notification in a language: a preset's, or a template's own. */
export function messageWords(message: string, values: MessageValues, language: Language): string {
  const words = Object.hasOwn(MESSAGE_PRESETS, message) ? MESSAGE_PRESETS[message as MessagePreset][language] : message;
  // In one pass, so that a project called "{due}" stays what it is.
  return words.replaceAll(
    /\{(project|node|due)\}/g,
    (_all, key: keyof MessageValues) => values[key] ?? NO_DUE[language],
  );
}
